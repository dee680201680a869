"""Each thing is read once in a request, however many rows name it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Once"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """Remembers the reads of one request: rows that name the same key share one read and its outcome."""

    def __init__(self, read: Callable[[K], Awaitable[V]]) -> None:
        self._read = read
        self._reads: dict[K, asyncio.Future[V]] = {}

    async def get(self, key: K) -> V:
        """Read the thing of that key, or wait for the read that is under way; raises what the read raises."""
        if key not in self._reads:
            self._reads[key] = asyncio.ensure_future(self._call(key))
        return await self._reads[key]

    async def _call(self, key: K) -> V:
        return await self._read(key)
