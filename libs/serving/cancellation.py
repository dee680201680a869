"""Cancellation that a library swallows is raised all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["heeding_cancellation"]


@contextmanager
def heeding_cancellation() -> Iterator[None]:
    """Raise CancelledError at the end of the block if the task was cancelled in it, whatever became of that.

    For libraries that await `asyncio.wait_for`, which on Python 3.11 loses a cancellation that comes in the
    turn in which the wait is over; redis-py sends each command so.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError
