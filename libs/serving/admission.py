"""Back-pressure at a door: so much of large requests is taken in at once, a few wait, the rest is refused.

What waits has not been read: its bytes stand in the sockets' buffers, which are bounded, and not in ours.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import Counter, Gauge

from serving.problems import Problem

__all__ = ["TOO_BUSY", "Admission"]

TOO_BUSY = "too_busy"
"""The code of a request that was refused since too many are under way."""

_REFUSED = Counter("meantime_requests_refused", "Large requests refused since too much was under way")
_UNDER_WAY = Gauge("meantime_request_bytes", "Bytes of large requests that are under way")


class Admission:
    """Admits requests in order of arrival while their sizes add up to no more than `capacity_bytes`.

    waiting: how many may wait; patience_s: for how long at most.
    """

    def __init__(self, *, capacity_bytes: int, waiting: int, patience_s: float) -> None:
        self._free_bytes = self._capacity_bytes = capacity_bytes
        self._waiting = waiting
        self._patience_s = patience_s
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def admit(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold room for a request while the block runs; raises a too_many Problem where there is none."""
        size_bytes = min(size_bytes, self._capacity_bytes)
        await self._take(size_bytes)
        _UNDER_WAY.inc(size_bytes)
        try:
            yield
        finally:
            _UNDER_WAY.dec(size_bytes)
            self._give(size_bytes)

    async def _take(self, size_bytes: int) -> None:
        if not self._queue and size_bytes <= self._free_bytes:
            self._free_bytes -= size_bytes
            return
        if len(self._queue) >= self._waiting:
            raise _refusal()
        turn = asyncio.get_running_loop().create_future()
        self._queue.append((size_bytes, turn))
        try:
            async with asyncio.timeout(self._patience_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._give(size_bytes)  # its turn came in the very moment in which it left
            else:
                with suppress(ValueError):  # or it was passed over meanwhile
                    self._queue.remove((size_bytes, turn))
                self._give(0)
            if isinstance(error, TimeoutError):
                raise _refusal() from None
            raise

    def _give(self, size_bytes: int) -> None:
        """Take room back, and admit those whose turn it is."""
        self._free_bytes += size_bytes
        while self._queue and self._queue[0][0] <= self._free_bytes:
            taken_bytes, turn = self._queue.popleft()
            if turn.cancelled():
                continue
            self._free_bytes -= taken_bytes
            turn.set_result(None)


def _refusal() -> Problem:
    _REFUSED.inc()
    return Problem("too many large requests are under way: try again", code=TOO_BUSY, kind="too_many")
