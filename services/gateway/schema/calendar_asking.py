"""Asking Calendars about time: many at once, or one by one from the rows of a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calendars import contract
from gateway.domain.errors import LimitExceededError
from gateway.schema.calendar_question import (
    CalendarDeadlineQuestion,
    CalendarElapsedQuestion,
    CalendarStateQuestion,
    CalendarWindowQuestion,
)
from gateway.schema.info import Info

__all__ = [
    "ask_deadlines",
    "ask_elapsed",
    "ask_states",
    "ask_windows",
    "calendar_deadline",
    "calendar_elapsed",
    "calendar_state",
]

MAX_PIECES = 20_000
"""How many intervals and segments one answer may hold; three years of two windows a day are some 8,000."""


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


async def calendar_state(
    root: contract.CalendarRecord, info: Info, at: datetime | None = None
) -> contract.StateAnswer:
    """Whether it is open at an instant (null: now), why, and what comes next."""
    return await info.context.questions.state.load(contract.StateQuestion(key=root.key, at=at))


async def calendar_elapsed(
    root: contract.CalendarRecord, info: Info, start: datetime, end: datetime
) -> contract.ElapsedAnswer:
    """How much open time lies in [start, end)."""
    question = contract.ElapsedQuestion(key=root.key, start=start, end=end)
    return await info.context.questions.elapsed.load(question)


async def calendar_deadline(
    root: contract.CalendarRecord, info: Info, start: datetime, duration: str
) -> contract.DeadlineAnswer:
    """When a duration (`4h`, `-90m`, `PT4H`, `2bd`) has passed since `start`."""
    question = contract.DeadlineQuestion(key=root.key, start=start, duration=duration)
    return await info.context.questions.deadline.load(question)
