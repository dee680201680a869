"""Date maths as a service: questions about one Calendar or many at once, answered in the order asked."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from businesstime import BusinessDays, Timeline
from calendars.contract import (
    AskCalendarDeadline,
    AskCalendarElapsed,
    AskCalendarState,
    AskCalendarWindow,
    CalendarDeadlines,
    CalendarElapsed,
    CalendarStates,
    CalendarWindows,
)
from calendars.domain.answer import deadline_for, elapsed_in, read_duration, read_window, state_at, window_of
from calendars.domain.calendar import LATEST, read_instant
from calendars.domain.document import CalendarKey, read_key
from calendars.domain.errors import BatchTooLargeError
from calendars.operations.obtain_timelines import ObtainedTimeline, TimelineSource, obtain
from serving.context import RequestContext

__all__ = ["MAX_CALENDARS", "MAX_QUESTIONS", "MAX_WINDOWS", "deadline", "elapsed", "state", "window"]

MAX_QUESTIONS = 1_000
MAX_WINDOWS = 50
MAX_CALENDARS = 200
NEAR = timedelta(days=5 * 366)
"""How far from now a question may reach to be answered from the Timeline that all share."""
LONG_US = 366 * 86_400_000_000
LONG_DAYS = 366


class Question(Protocol):
    """Whatever is asked about one Calendar."""

    @property
    @abstractmethod
    def key(self) -> str:
        """The Calendar's key."""


QuestionT = TypeVar("QuestionT", bound=Question)
AnswerT = TypeVar("AnswerT")

Respond = Callable[[Timeline, QuestionT, int, str], AnswerT]
"""Answers one question: of a Timeline, the question, the Calendar's version, the question's field."""


async def state(context: RequestContext, request: AskCalendarState, source: TimelineSource) -> CalendarStates:
    """Say of each Calendar whether it is open, why, and what comes next."""
    fields = _fields(request.questions, MAX_QUESTIONS)
    instants = [
        source.now if question.at is None else read_instant(question.at, field=f"{field}.at")
        for field, question in fields.items()
    ]
    at = dict(zip(fields, instants, strict=True))
    answers = await _ask(
        context,
        fields,
        lambda line, question, version, field: state_at(
            line, key=question.key, version=version, at=at[field]
        ),
        source=source,
        known_at=request.known_at,
        reach=instants,
    )
    return CalendarStates(answers=answers)


async def elapsed(
    context: RequestContext, request: AskCalendarElapsed, source: TimelineSource
) -> CalendarElapsed:
    """Sum open time and business days between two instants of each Calendar."""
    fields = _fields(request.questions, MAX_QUESTIONS)
    reach = [
        read_instant(at, field=f"{field}.{name}")
        for field, question in fields.items()
        for name, at in (("start", question.start), ("end", question.end))
    ]
    answers = await _ask(
        context,
        fields,
        lambda line, question, version, _: elapsed_in(line, question, version=version),
        source=source,
        known_at=request.known_at,
        reach=reach,
    )
    return CalendarElapsed(answers=answers)


async def deadline(
    context: RequestContext, request: AskCalendarDeadline, source: TimelineSource
) -> CalendarDeadlines:
    """Find when a duration has passed in each Calendar."""
    fields = _fields(request.questions, MAX_QUESTIONS)
    reach = [read_instant(question.start, field=f"{field}.start") for field, question in fields.items()]
    durations = [
        read_duration(question.duration, field=f"{field}.duration") for field, question in fields.items()
    ]
    if any(_is_long(duration) for duration in durations):
        reach.append(LATEST)
    answers = await _ask(
        context,
        fields,
        lambda line, question, version, field: deadline_for(line, question, version=version, field=field),
        source=source,
        known_at=request.known_at,
        reach=reach,
    )
    return CalendarDeadlines(answers=answers)


async def window(
    context: RequestContext, request: AskCalendarWindow, source: TimelineSource
) -> CalendarWindows:
    """Take a window of time apart for each Calendar."""
    fields = _fields(request.questions, MAX_WINDOWS)
    for field, question in fields.items():
        read_window(question.start, question.end, fields=(f"{field}.start", f"{field}.end"))
    answers = await _ask(
        context,
        fields,
        lambda line, question, version, _: window_of(line, question, version=version),
        source=source,
        known_at=request.known_at,
        reach=[at for question in fields.values() for at in (question.start, question.end)],
    )
    return CalendarWindows(answers=answers)


async def _ask(
    context: RequestContext,
    fields: Mapping[str, QuestionT],
    respond: Respond[QuestionT, AnswerT],
    *,
    source: TimelineSource,
    known_at: datetime | None,
    reach: Sequence[datetime],
) -> tuple[AnswerT, ...]:
    """Answer questions of one kind; what is wrong with one refuses all, with its field.

    reach: the instants that the questions touch. Where one lies far from now, all are answered from copies,
    beside the event loop: one tenant's year 2099 neither grows what all share nor holds up the others.
    """
    known = None if known_at is None else read_instant(known_at, field="known_at")
    obtained = await obtain(context, _asked(fields), source, known=known)

    def respond_all(lines: Mapping[str, Timeline]) -> tuple[AnswerT, ...]:
        return tuple(
            respond(lines[question.key], question, obtained[CalendarKey(question.key)].version, field)
            for field, question in fields.items()
        )

    if all(abs(at - source.now) <= NEAR for at in reach):
        return respond_all({key: found.compiled.timeline for key, found in obtained.items()})
    return await asyncio.to_thread(lambda: respond_all(_copies(obtained)))


def _fields(questions: Sequence[QuestionT], most: int) -> dict[str, QuestionT]:
    """Give each question the field of the request in which it stands. Raises BatchTooLargeError."""
    if len(questions) > most:
        raise BatchTooLargeError(f"questions: holds {len(questions)}, {most} at most", field="questions")
    return {f"questions[{index}]": question for index, question in enumerate(questions)}


def _asked(fields: Mapping[str, Question]) -> dict[CalendarKey, str]:
    """List the Calendars asked about, each with the field that names it first."""
    asked: dict[CalendarKey, str] = {}
    for field, question in fields.items():
        asked.setdefault(read_key(question.key, field=f"{field}.key"), f"{field}.key")
    if len(asked) > MAX_CALENDARS:
        raise BatchTooLargeError(
            f"questions: name {len(asked)} calendars, {MAX_CALENDARS} at most", field="questions"
        )
    return asked


def _copies(obtained: Mapping[CalendarKey, ObtainedTimeline]) -> dict[str, Timeline]:
    return {key: Timeline.from_bytes(found.compiled.blob) for key, found in obtained.items()}


def _is_long(duration: int | BusinessDays) -> bool:
    if isinstance(duration, BusinessDays):
        return abs(duration.days) > LONG_DAYS
    return abs(duration) > LONG_US
