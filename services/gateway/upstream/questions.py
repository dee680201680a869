"""Questions that rows ask their Calendars: those asked at once go through the door together."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from calendars.contract import (
    AskCalendarDeadline,
    AskCalendarElapsed,
    AskCalendarState,
    Calendars,
    DeadlineAnswer,
    DeadlineQuestion,
    ElapsedAnswer,
    ElapsedQuestion,
    StateAnswer,
    StateQuestion,
)
from serving.context import RequestContext
from serving.problems import Problem, describe

__all__ = ["Questions"]

Q = TypeVar("Q")
A = TypeVar("A")

MAX_BATCH = 1_000
PLACE = re.compile(r"questions\[\d+\]\.?")


class Questions:
    """One request's questions; the same question is asked once."""

    def __init__(self, calendars: Calendars, context: RequestContext) -> None:
        async def ask_states(asked: Sequence[StateQuestion]) -> Sequence[StateAnswer]:
            request = AskCalendarState(questions=tuple(asked))
            return (await calendars.ask_calendar_state(context, request)).answers

        async def ask_elapsed(asked: Sequence[ElapsedQuestion]) -> Sequence[ElapsedAnswer]:
            request = AskCalendarElapsed(questions=tuple(asked))
            return (await calendars.ask_calendar_elapsed(context, request)).answers

        async def ask_deadlines(asked: Sequence[DeadlineQuestion]) -> Sequence[DeadlineAnswer]:
            request = AskCalendarDeadline(questions=tuple(asked))
            return (await calendars.ask_calendar_deadline(context, request)).answers

        self.state = gathered(ask_states)
        self.elapsed = gathered(ask_elapsed)
        self.deadline = gathered(ask_deadlines)


def gathered(ask: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> DataLoader[Q, A]:
    """Make a loader of answers; what is wrong with one question refuses those asked with it."""

    async def load(asked: list[Q]) -> list[A]:
        try:
            return list(await ask(asked))
        except Exception as error:
            raise without_place(error) from error

    return DataLoader(load_fn=load, max_batch_size=MAX_BATCH)


def without_place(error: Exception) -> Exception:
    """Leave the question's place in the batch out of a refusal: the caller wrote no batch."""
    problem = describe(error)
    if problem is None:
        return error
    return Problem(
        PLACE.sub("", problem.detail, count=1),
        code=problem.code,
        kind=problem.kind,
        field=PLACE.sub("", problem.field or "", count=1) or None,
    )
