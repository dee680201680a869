"""What tests follow: the messages of a tenant, and conditions that come true by and by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from calendars.service import CalendarsService
from clocks.app import open_worker
from clocks.settings import Settings
from pgstore.feed import Feed, FeedMessage

__all__ = ["eventually", "messages_of", "working"]

_PAUSE_S = 0.02
_TIMEOUT_S = 20


@asynccontextmanager
async def working(settings: Settings, calendars: CalendarsService) -> AsyncIterator[None]:
    """Run a worker for as long as the block runs."""
    async with open_worker(settings, calendars=calendars, feed=calendars.feed) as worker:
        running = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def messages_of(feed: Feed, tenant_id: str, *types: str) -> list[FeedMessage]:
    """Read a feed from its start and keep a tenant's messages, of some types if any are named."""
    found: list[FeedMessage] = []
    page = await feed.read(None, 1_000)
    while page.messages:
        found += [
            one for one in page.messages if one.tenant_id == tenant_id and (not types or one.type in types)
        ]
        page = await feed.read(page.cursor, 1_000)
    return found


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds; it must within 20 s."""
    async with asyncio.timeout(_TIMEOUT_S):
        while not await condition():  # noqa: ASYNC110 - what comes true is in other processes
            await asyncio.sleep(_PAUSE_S)
