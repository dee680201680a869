"""Back-pressure at a door: so much is under way at once, a few of each tenant wait, the rest is refused.

What waits with a large body has not been read: its bytes stand in the sockets' buffers, which are bounded,
and not in ours. Tenants share what there is (see `pgstore.shares`): one that asks for much waits for itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Counter, Gauge

from pgstore.shares import Shares
from serving.problems import Problem

__all__ = ["TOO_BUSY", "Admission"]

TOO_BUSY = "too_busy"
"""The code of a request that was refused since too many are under way."""

_REFUSED = Counter("meantime_requests_refused", "Requests refused since too much was under way", ("kind",))
_UNDER_WAY = Gauge(
    "meantime_requests_under_way", "Size of all requests that are under way, by kind", ("kind",)
)


class Admission:
    """Admits requests of a kind while their sizes add up to no more than `capacity`.

    waiting: how many of a tenant may wait; patience_s: for how long at most.
    """

    def __init__(self, kind: str, *, capacity: int, waiting: int, patience_s: float) -> None:
        self._shares = Shares(capacity)
        self._waiting = waiting
        self._patience_s = patience_s
        self._refused, self._under_way = _REFUSED.labels(kind), _UNDER_WAY.labels(kind)

    @asynccontextmanager
    async def admit(self, tenant_id: str, size: int = 1) -> AsyncIterator[None]:
        """Hold room for a request while the block runs; raises a too_many Problem where there is none."""
        if self._shares.waiting(tenant_id) >= self._waiting:
            raise self._refusal()
        try:
            await self._shares.take(tenant_id, size, patience_s=self._patience_s)
        except TimeoutError:
            raise self._refusal() from None
        self._under_way.inc(size)
        try:
            yield
        finally:
            self._under_way.dec(size)
            self._shares.give(tenant_id, size)

    def _refusal(self) -> Problem:
        self._refused.inc()
        return Problem("too many requests are under way: try again", code=TOO_BUSY, kind="too_many")
