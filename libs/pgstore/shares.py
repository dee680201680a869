"""Shares: how tenants divide what there is little of, so that one that asks for much leaves room for others.

The rule: a tenant holds no more than is left free for all others. Alone it gets a half; beside it the next
one gets a quarter, and so on, so there is something left for whoever comes. Nothing has to be configured.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Shares"]


class Shares:
    """Deals out `capacity` to tenants, in order of arrival within one, in turns among those who wait."""

    def __init__(self, capacity: int) -> None:
        self._free = self._capacity = capacity
        self._held: Counter[str] = Counter()
        self._queues: dict[str, deque[tuple[int, asyncio.Future[None]]]] = {}

    @asynccontextmanager
    async def hold(self, tenant_id: str) -> AsyncIterator[None]:
        """Hold a place while the block runs, once it is this tenant's turn."""
        await self.take(tenant_id)
        try:
            yield
        finally:
            self.give(tenant_id)

    async def take(self, tenant_id: str, size: int = 1, *, patience_s: float | None = None) -> None:
        """Take so much once it is this tenant's turn; of more than there is, all. Raises TimeoutError."""
        size = min(size, self._capacity)
        if not self._queues and self._fits(tenant_id, size):
            self._hand(tenant_id, size)
            return
        async with asyncio.timeout(patience_s):
            await self._wait(tenant_id, size)

    def give(self, tenant_id: str, size: int = 1) -> None:
        """Give back what was taken, and let in those whose turn it is."""
        size = min(size, self._capacity)
        self._free += size
        self._held[tenant_id] -= size
        if not self._held[tenant_id]:
            del self._held[tenant_id]
        self._deal()

    def waiting(self, tenant_id: str) -> int:
        """Count those of a tenant who wait."""
        return len(self._queues.get(tenant_id, ()))

    async def _wait(self, tenant_id: str, size: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        place = (size, turn)
        self._queues.setdefault(tenant_id, deque()).append(place)
        self._deal()
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give(tenant_id, size)  # its turn came in the very moment in which it left
            else:
                self._leave(tenant_id, place)
            raise

    def _deal(self) -> None:
        """Let in those whose turn it is, one of each tenant after another."""
        while (tenant_id := self._next()) is not None:
            queue = self._queues.pop(tenant_id)
            size, turn = queue.popleft()
            if queue:
                self._queues[tenant_id] = queue  # at the end: the others come first
            if not turn.done():
                self._hand(tenant_id, size)
                turn.set_result(None)

    def _next(self) -> str | None:
        """Find the first tenant that may have what it waits for.

        Nobody overtakes a tenant that holds nothing and needs more than is free: else it might never have it.
        """
        for tenant_id, queue in self._queues.items():
            size, turn = queue[0]
            if turn.done() or self._fits(tenant_id, size):
                return tenant_id
            if not self._held[tenant_id]:
                return None
        return None

    def _fits(self, tenant_id: str, size: int) -> bool:
        return self._held[tenant_id] <= self._free - size

    def _hand(self, tenant_id: str, size: int) -> None:
        self._free -= size
        self._held[tenant_id] += size

    def _leave(self, tenant_id: str, place: tuple[int, asyncio.Future[None]]) -> None:
        """Take back a place in the queue, which may have been passed over meanwhile."""
        queue = self._queues.get(tenant_id)
        if queue is not None and place in queue:
            queue.remove(place)
            if not queue:
                del self._queues[tenant_id]
        self._deal()
