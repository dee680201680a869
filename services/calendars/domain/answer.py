"""Answers to questions about time, from a Timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from businesstime import (
    BusinessDays,
    BusinessTimeError,
    NeverClosesError,
    NeverOpensError,
    OutOfReachError,
    Timeline,
    from_us,
    parse_duration,
    to_us,
)
from calendars.domain.calendar import read_instant
from calendars.domain.errors import DeadlineUnreachableError, DurationInvalidError, WindowInvalidError
from calendars.domain.question import (
    DeadlineAnswer,
    DeadlineQuestion,
    ElapsedAnswer,
    ElapsedQuestion,
    OpenInterval,
    StateAnswer,
    WindowAnswer,
    WindowQuestion,
    WindowSegment,
)

__all__ = [
    "MAX_WINDOW",
    "deadline_for",
    "elapsed_in",
    "read_duration",
    "read_window",
    "state_at",
    "window_of",
]

MAX_WINDOW = timedelta(days=1_100)
"""The longest window taken apart: three years."""


def state_at(timeline: Timeline, *, key: str, version: int, at: datetime) -> StateAnswer:
    """Say whether it is open at an instant, why, and what comes next."""
    at_us = to_us(at)
    (segment,) = timeline.segments_us(at_us, at_us + 1)
    return StateAnswer(
        key=key,
        version=version,
        at=from_us(at_us),
        is_open=segment.is_open,
        reason=segment.kind,
        name=segment.name,
        next_open=_instant_or_none(timeline.next_open_us, at_us),
        next_close=_instant_or_none(timeline.next_close_us, at_us),
    )


def elapsed_in(timeline: Timeline, question: ElapsedQuestion, *, version: int) -> ElapsedAnswer:
    """Sum open time and business days between two instants."""
    start_us, end_us = to_us(question.start), to_us(question.end)
    return ElapsedAnswer(
        key=question.key,
        version=version,
        elapsed_us=timeline.elapsed_us(start_us, end_us),
        business_days=timeline.business_days_between_us(start_us, end_us),
    )


def deadline_for(
    timeline: Timeline, question: DeadlineQuestion, *, version: int, field: str
) -> DeadlineAnswer:
    """Find when a duration has passed. Raises DurationInvalidError, DeadlineUnreachableError."""
    duration = read_duration(question.duration, field=f"{field}.duration")
    try:
        deadline = timeline.deadline(question.start, duration)
    except (NeverOpensError, OutOfReachError) as error:
        raise DeadlineUnreachableError(
            f"{field}: calendar {question.key!r} is not open for so long in the years that are computed",
            field=field,
        ) from error
    return DeadlineAnswer(key=question.key, version=version, deadline=deadline)


def window_of(timeline: Timeline, question: WindowQuestion, *, version: int) -> WindowAnswer:
    """Take a window of time apart."""
    start_us, end_us = to_us(question.start), to_us(question.end)
    return WindowAnswer(
        key=question.key,
        version=version,
        open_us=timeline.elapsed_us(start_us, end_us),
        intervals=tuple(
            OpenInterval(start=from_us(interval.start_us), end=from_us(interval.end_us))
            for interval in timeline.open_intervals_us(start_us, end_us)
        ),
        segments=tuple(
            WindowSegment(
                start=from_us(segment.start_us),
                end=from_us(segment.end_us),
                is_open=segment.is_open,
                reason=segment.kind,
                name=segment.name,
            )
            for segment in timeline.segments_us(start_us, end_us)
        ),
    )


def read_duration(text: str, *, field: str) -> int | BusinessDays:
    """Read a duration. Raises DurationInvalidError."""
    try:
        return parse_duration(text)
    except BusinessTimeError as error:
        raise DurationInvalidError(f"{field}: {error.reason}", field=field) from error


def read_window(
    start: datetime, end: datetime, *, fields: tuple[str, str] = ("start", "end")
) -> tuple[datetime, datetime]:
    """Return the ends, in UTC, of a window that will be taken apart; `fields`: what they are called.

    Raises InstantNaiveError, InstantOutOfBoundsError, WindowInvalidError.
    """
    begins, ends = read_instant(start, field=fields[0]), read_instant(end, field=fields[1])
    if not timedelta(0) < ends - begins <= MAX_WINDOW:
        raise WindowInvalidError(
            f"{fields[1]}: a window ends after it starts, and {MAX_WINDOW.days} days later at most",
            field=fields[1],
        )
    return begins, ends


def _instant_or_none(find_us: Callable[[int], int], at_us: int) -> datetime | None:
    try:
        return from_us(find_us(at_us))
    except (NeverOpensError, NeverClosesError, OutOfReachError):
        return None
