"""A worker in a process of its own that kills itself at a chosen point.

Arguments: the URLs of PostgreSQL and Redis, a point of POINTS or `never`, and at which passage of it to die.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, NoReturn

from calendars.app import open_calendars
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_worker
from clocks.operations import fire_thresholds, fold_subjects, refold_subjects
from clocks.settings import Settings
from pgstore import following

__all__ = ["NEVER", "POINTS", "SECRET"]

SECRET = "a secret of tests, longer than 32 characters"  # noqa: S105 - guards nothing
NEVER = "never"

Call = Callable[..., Awaitable[Any]]


def die() -> NoReturn:
    """End as by kill -9: no handler, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def before(call: Call, passage: int) -> Call:
    """Die before the call."""

    async def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal passage
        passage -= 1
        if passage == 0:
            die()
        return await call(*arguments, **named)

    return dying


def during(call: Call, passage: int) -> Call:
    """Die while the database is at it: the statement is sent, its answer not awaited."""

    async def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal passage
        passage -= 1
        if passage == 0:
            asyncio.get_running_loop().call_later(0.002, die)
        return await call(*arguments, **named)

    return dying


def after(call: Call, passage: int) -> Call:
    """Die after the call, with its effect."""

    async def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal passage
        answer = await call(*arguments, **named)
        if answer:
            passage -= 1
            if passage == 0:
                die()
        return answer

    return dying


POINTS: dict[str, tuple[object, str, Callable[[Call, int], Call]]] = {
    "before firing": (fire_thresholds, "fire", before),
    "during firing": (fire_thresholds, "fire_due", during),
    "after firing": (fire_thresholds, "fire", after),
    "in a refold, before it writes": (fold_subjects, "save_cycles", before),
    "in a refold, before its messages": (fold_subjects, "tell", before),
    "in a refold, before it moves on": (refold_subjects, "advance_refold", before),
    "after a refold": (refold_subjects, "refold", after),
    "following, before the cursor": (following, "save_cursor", before),
}
"""Where a worker may die, by name: the module and name of a call, and how."""


async def work(database_url: str, redis_url: str, point: str, passage: int) -> None:
    """Run a worker until it dies or is told to end."""
    if point != NEVER:
        module, name, how = POINTS[point]
        setattr(module, name, how(getattr(module, name), passage))
    fields: dict[str, Any] = {"database_url": database_url, "redis_url": redis_url, "internal_secret": SECRET}
    async with AsyncExitStack() as stack:
        calendars = await stack.enter_async_context(open_calendars(CalendarsSettings(**fields)))
        worker = await stack.enter_async_context(
            open_worker(Settings(**fields), calendars=calendars, feed=calendars.feed)
        )
        await worker.run()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
