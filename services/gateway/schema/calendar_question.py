"""Questions about time, and answers to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from gateway.schema.declare import input_type, object_type
from gateway.schema.scalars import Long

__all__ = [
    "CalendarDeadline",
    "CalendarDeadlineQuestion",
    "CalendarElapsed",
    "CalendarElapsedQuestion",
    "CalendarState",
    "CalendarStateQuestion",
    "CalendarWindow",
    "CalendarWindowQuestion",
    "OpenReason",
]


@strawberry.enum(
    name="OpenReason",
    description=(
        "What decided whether a piece of time is open. SPECIAL_HOURS go before HOLIDAY, that before SEASON, "
        "and that before WEEKLY_HOURS."
    ),
)
class OpenReason(StrEnum):
    """What decided whether a piece of time is open."""

    WEEKLY_HOURS = "weekly_hours"
    SEASON = "season"
    HOLIDAY = "holiday"
    SPECIAL_HOURS = "special_hours"


@input_type
class CalendarStateQuestion:
    """Whether a Calendar is open at an instant.

    key: the Calendar's.
    at: null: now.
    """

    key: str
    at: datetime | None = None


@input_type
class CalendarElapsedQuestion:
    """How much open time lies in [start, end); negative when they are the other way round.

    key: the Calendar's.
    """

    key: str
    start: datetime
    end: datetime


@input_type
class CalendarDeadlineQuestion:
    """When a duration has passed since `start`.

    key: the Calendar's.
    duration: of open time (`4h`, `90m`, `PT4H`) or in business days (`2bd`); a negative one goes back.
    """

    key: str
    start: datetime
    duration: str


@input_type
class CalendarWindowQuestion:
    """When a Calendar is open in [start, end), and why; at most 1,100 days.

    key: the Calendar's.
    """

    key: str
    start: datetime
    end: datetime


@object_type
class CalendarState:
    """A Calendar at an instant.

    version: of the Calendar that answered; so in all answers.
    reason: what decided.
    name: of the season or holiday that decided, if it has one.
    next_open: the first open instant at or after `at`, so `at` itself while open; null: never again.
    next_close: the first closing after `at`; null: never again.
    """

    key: str
    version: int
    at: datetime
    is_open: bool
    reason: OpenReason
    name: str | None
    next_open: datetime | None
    next_close: datetime | None


@object_type
class CalendarElapsed:
    """Open time between two instants.

    elapsed_us: in microseconds; negative when the end is before the start.
    business_days: those after the date of the start, up to that of the end.
    """

    key: str
    version: int
    elapsed_us: Long
    business_days: int


@object_type
class CalendarDeadline:
    """When a duration has passed.

    deadline: the earliest such instant; for a negative duration, the latest one before the start.
    """

    key: str
    version: int
    deadline: datetime


@object_type
class OpenInterval:
    """Open time [start, end)."""

    start: datetime
    end: datetime


@object_type
class WindowSegment:
    """A piece [start, end) of a window that is open or closed throughout, for one reason.

    reason: what decided.
    name: of the season or holiday that decided, if it has one.
    """

    start: datetime
    end: datetime
    is_open: bool
    reason: OpenReason
    name: str | None


@object_type
class CalendarWindow:
    """A window of time taken apart, cut at its ends.

    open_us: the open time in it, in microseconds.
    intervals: the open ones, apart from one another.
    segments: open and closed, without a gap; neighbours differ in openness or reason.
    """

    key: str
    version: int
    open_us: Long
    intervals: list[OpenInterval]
    segments: list[WindowSegment]
