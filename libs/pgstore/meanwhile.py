"""Work while PostgreSQL works: a statement is on its way, and this process has a core of its own.

A transaction's statements go one after the other, each when the one before is answered. What is to be
computed in between need not wait for an answer that it does not use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["meanwhile"]

Answer = TypeVar("Answer")
Result = TypeVar("Result")


async def meanwhile(
    statement: Coroutine[Any, Any, Answer], work: Callable[[], Result]
) -> tuple[Answer, Result]:
    """Send a statement, work while the server is at it, and wait for the answer: (answer, result).

    `work` does not wait for anything. What it raises is raised when the connection is free again.
    """
    sent = asyncio.ensure_future(statement)
    try:
        await asyncio.sleep(0)  # the statement is written to the transport's buffer
        await asyncio.sleep(0)  # which a loop such as uvloop sends at the end of its turn
        result = work()
    except BaseException:
        sent.cancel()
        await asyncio.gather(sent, return_exceptions=True)
        raise
    return await sent, result
