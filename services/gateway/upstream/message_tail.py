"""Follows the messages of those tenants that somebody subscribes to, once for all who do.

Each subscriber is a place in its tenant's messages and nothing else. While it keeps up, it reads what the
tail holds in memory; one that is new, resumes, or fell behind reads from the database. So a slow subscriber
costs no memory, and nothing is skipped or repeated.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from gateway.domain.message import Message
from gateway.domain.tenant import TenantId
from gateway.operations.read_messages import check_place, read_last_position, read_messages
from gateway.upstream.lag import observe_lag
from pgstore.database import Database
from serving.guarded_redis import GuardedRedis
from serving.loops import Loop
from serving.nudges import Nudges, feed_channel

__all__ = ["MessageTail"]

PAGE = 200
HELD = 1_000
LOOK_S = 0.25
LOOK_NUDGED_S = 1.0
IDLE_S = 10.0

_log = structlog.get_logger("tail")


class TenantLog:
    """A tenant's latest messages: all of those after `covered_from` up to `covered_to` are held."""

    def __init__(self, position: int) -> None:
        self.covered_from = self.covered_to = position
        self.followers = 0
        self.news = asyncio.Event()
        self._held: deque[Message] = deque()

    def extend(self, found: list[Message]) -> None:
        """Add what follows, let the oldest go, and tell those who wait."""
        if not found:
            return
        self._held.extend(found)
        self.covered_to = found[-1].position
        while len(self._held) > HELD:
            self.covered_from = self._held.popleft().position
        self.news.set()
        self.news = asyncio.Event()

    def after(self, position: int) -> list[Message] | None:
        """Return at most a page of what is held after a position; None where that may not be all."""
        if position < self.covered_from:
            return None
        behind = []
        for message in reversed(self._held):
            if message.position <= position:
                break
            behind.append(message)
        return behind[::-1][:PAGE]


class MessageTail:
    """Lets any number follow any number of tenants; runs while `running` does."""

    def __init__(
        self, database: Database, redis: GuardedRedis | None, *, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._now = now
        self._nudges = Nudges(redis)
        self._loop = Loop("tail")
        self._logs: dict[TenantId, TenantLog] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look for news for as long as the block runs."""
        tasks = [asyncio.create_task(self._loop.run(self._look)), asyncio.create_task(self._listen())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def follow(self, tenant_id: TenantId, after: int | None) -> AsyncGenerator[list[Message], None]:
        """Iterate over a tenant's messages after a position (None: from now on), in order, some at a time.

        Raises CursorExpiredError.
        """
        if after is not None:
            await check_place(self._database, tenant_id, after)
        position = await read_last_position(self._database, tenant_id) if after is None else after
        log = self._logs.get(tenant_id)
        if log is None:
            end = await read_last_position(self._database, tenant_id)
            log = self._logs.setdefault(tenant_id, TenantLog(end))
        log.followers += 1
        self._loop.wake()
        try:
            while True:
                news = log.news
                found = log.after(position)
                if found is None:
                    found = await read_messages(self._database, tenant_id, after=position, limit=PAGE)
                if found:
                    position = found[-1].position
                    yield found
                else:
                    await news.wait()
        finally:
            log.followers -= 1
            if not log.followers and self._logs.get(tenant_id) is log:
                del self._logs[tenant_id]

    async def check(self) -> None:
        """Raise when news has not been looked for in half a minute."""
        await self._loop.check()

    def followers(self, tenant_id: str) -> int:
        """Count those who follow a tenant's messages now."""
        log = self._logs.get(TenantId(tenant_id))
        return log.followers if log else 0

    async def _look(self) -> float:
        """Read what is new for each tenant that is followed; answer how many seconds to wait."""
        more = False
        for tenant_id, log in list(self._logs.items()):
            try:
                found = await read_messages(self._database, tenant_id, after=log.covered_to, limit=PAGE)
            except Exception:  # noqa: BLE001 - whatever it is, it is this tenant's
                await self._database.ping()  # that it is away is everybody's trouble
                _log.exception("messages not read", tenant=tenant_id)
                continue
            log.extend(found)
            observe_lag("subscriptions", found, self._now())
            more = more or len(found) == PAGE
        if not self._logs:
            return IDLE_S
        return 0.0 if more else LOOK_NUDGED_S if self._nudges.heard else LOOK_S

    async def _listen(self) -> None:
        async for _channel in self._nudges.listen(feed_channel("gateway")):
            self._loop.wake()
