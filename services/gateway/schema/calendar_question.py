"""Questions about time: date maths over one Calendar or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import strawberry

from calendars import contract
from gateway.domain.errors import LimitExceededError
from gateway.schema.declare import input_type, object_type
from gateway.schema.info import Info
from gateway.schema.scalars import Long

__all__ = [
    "CalendarDeadline",
    "CalendarElapsed",
    "CalendarState",
    "CalendarWindow",
    "OpenInterval",
    "ask_deadlines",
    "ask_elapsed",
    "ask_states",
    "ask_windows",
]

MAX_PIECES = 20_000
"""How many intervals and segments one answer may hold; three years of two windows a day are some 8,000."""


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


async def ask_states(
    info: Info, questions: list[CalendarStateQuestion], known_at: datetime | None = None
) -> Sequence[contract.StateAnswer]:
    """Whether Calendars are open, why, and what comes next: at most 1,000 questions, answered in order.

    knownAt: as the Calendars were recorded at that instant; null: now. One bad question refuses all.
    """
    session = info.context
    asked = contract.AskCalendarState(
        questions=tuple(contract.StateQuestion(key=it.key, at=it.at) for it in questions), known_at=known_at
    )
    found = await session.calendars.ask_calendar_state(session.context, asked)
    return found.answers


async def ask_elapsed(
    info: Info, questions: list[CalendarElapsedQuestion], known_at: datetime | None = None
) -> Sequence[contract.ElapsedAnswer]:
    """How much open time lies between two instants: at most 1,000 questions, answered in order."""
    session = info.context
    asked = contract.AskCalendarElapsed(
        questions=tuple(contract.ElapsedQuestion(key=it.key, start=it.start, end=it.end) for it in questions),
        known_at=known_at,
    )
    found = await session.calendars.ask_calendar_elapsed(session.context, asked)
    return found.answers


async def ask_deadlines(
    info: Info, questions: list[CalendarDeadlineQuestion], known_at: datetime | None = None
) -> Sequence[contract.DeadlineAnswer]:
    """When durations have passed: at most 1,000 questions, answered in order."""
    session = info.context
    asked = contract.AskCalendarDeadline(
        questions=tuple(
            contract.DeadlineQuestion(key=it.key, start=it.start, duration=it.duration) for it in questions
        ),
        known_at=known_at,
    )
    found = await session.calendars.ask_calendar_deadline(session.context, asked)
    return found.answers


async def ask_windows(
    info: Info, questions: list[CalendarWindowQuestion], known_at: datetime | None = None
) -> Sequence[contract.WindowAnswer]:
    """When Calendars are open in a window of time, and why: at most 50 questions, answered in order."""
    session = info.context
    asked = contract.AskCalendarWindow(
        questions=tuple(contract.WindowQuestion(key=it.key, start=it.start, end=it.end) for it in questions),
        known_at=known_at,
    )
    found = await session.calendars.ask_calendar_window(session.context, asked)
    check_pieces(found.answers)
    return found.answers


def check_pieces(answers: Sequence[contract.WindowAnswer]) -> None:
    """Raise LimitExceededError where an answer would hold up all others only by being written."""
    pieces = sum(len(answer.intervals) + len(answer.segments) for answer in answers)
    if pieces > MAX_PIECES:
        raise LimitExceededError(limit="number of intervals and segments", allowed=MAX_PIECES, found=pieces)
