"""Questions about time and their answers, as they cross the door: one Calendar or many at once.

Instants are aware, answered in UTC; open time is in microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = [
    "AskCalendarDeadline",
    "AskCalendarElapsed",
    "AskCalendarState",
    "AskCalendarWindow",
    "CalendarDeadlines",
    "CalendarElapsed",
    "CalendarStates",
    "CalendarWindows",
    "DeadlineAnswer",
    "DeadlineQuestion",
    "ElapsedAnswer",
    "ElapsedQuestion",
    "OpenInterval",
    "Reason",
    "StateAnswer",
    "StateQuestion",
    "WindowAnswer",
    "WindowQuestion",
    "WindowSegment",
]

Reason = Literal["weekly_hours", "season", "holiday", "special_hours"]
"""What decided whether a piece of time is open: the rule of its date."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StateQuestion:
    """Whether it is open at an instant (None: now), and when it opens and closes next."""

    key: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StateAnswer:
    """A Calendar at an instant.

    reason, name: what decided, and the name of the season or holiday, if it has one.
    next_open: the first open instant at or after `at`, so `at` itself while open; None: never again.
    next_close: the first closing after `at`; None: never again.
    """

    key: str
    version: int
    at: datetime
    is_open: bool
    reason: Reason
    name: str | None
    next_open: datetime | None
    next_close: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ElapsedQuestion:
    """How much open time lies in [start, end); negative when they are the other way round."""

    key: str
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ElapsedAnswer:
    """Open time in microseconds, and the business days after the date of start up to that of end."""

    key: str
    version: int
    elapsed_us: int
    business_days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadlineQuestion:
    """When a duration of open time (`4h`, `90m`, `PT4H`) or business days (`2bd`) has passed since start."""

    key: str
    start: datetime
    duration: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadlineAnswer:
    """The earliest such instant; for a negative duration, the latest instant before start."""

    key: str
    version: int
    deadline: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowQuestion:
    """When it is open in [start, end), and why."""

    key: str
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenInterval:
    """Open time [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowSegment:
    """A piece [start, end) that is open or closed throughout, for one reason."""

    start: datetime
    end: datetime
    is_open: bool
    reason: Reason
    name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowAnswer:
    """A window of time, cut at its ends.

    open_us: open time in it. intervals: the open ones, apart from one another. segments: open and closed,
    without a gap, neighbours differing in openness or reason.
    """

    key: str
    version: int
    open_us: int
    intervals: tuple[OpenInterval, ...]
    segments: tuple[WindowSegment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AskCalendarState:
    """At most 1,000 questions whether it is open. known_at, here and below: as recorded then (None: now)."""

    questions: tuple[StateQuestion, ...]
    known_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AskCalendarElapsed:
    """How much open time is there: at most 1,000 questions."""

    questions: tuple[ElapsedQuestion, ...]
    known_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AskCalendarDeadline:
    """When has it passed: at most 1,000 questions."""

    questions: tuple[DeadlineQuestion, ...]
    known_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AskCalendarWindow:
    """When is it open, and why: at most 50 questions, each of at most 1,100 days."""

    questions: tuple[WindowQuestion, ...]
    known_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarStates:
    """One answer for each question, in that order; so in all of these."""

    answers: tuple[StateAnswer, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarElapsed:
    """Sums of open time."""

    answers: tuple[ElapsedAnswer, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarDeadlines:
    """Instants at which durations have passed."""

    answers: tuple[DeadlineAnswer, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarWindows:
    """Windows of time taken apart."""

    answers: tuple[WindowAnswer, ...]
