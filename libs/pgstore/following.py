"""Following another service's feed: at least once, in order, from where we were when we last stopped."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from pgstore.database import Database
from pgstore.errors import CursorAheadError
from pgstore.feed import Feed, FeedMessage, FeedPage, forget_cursor, read_cursor, save_cursor

__all__ = ["Handle", "follow_once"]

Handle = Callable[[str, Sequence[FeedMessage]], Awaitable[None]]
"""Takes a tenant and its messages of a page, in order; has its effects in transactions of its own."""

_LOG = logging.getLogger(__name__)


async def follow_once(database: Database, feed: Feed, *, name: str, handle: Handle, limit: int = 200) -> int:
    """Read a page, hand it over tenant by tenant, save the cursor; returns the number of messages.

    After an error, or a crash before the cursor is saved, the same messages come again: `handle` must be
    idempotent by message id. If it raises, the feed waits: nothing is passed over. `name` is the feed's.
    """
    async with database.connection() as connection:
        after = await read_cursor(connection, name)
    try:
        page = await feed.read(after, limit)
    except Exception as error:
        if getattr(error, "code", None) != CursorAheadError.code:
            raise
        await _begin_again(database, name)
        return 0
    for tenant_id, messages in _by_tenant(page).items():
        await handle(tenant_id, messages)
    if page.messages:
        async with database.connection() as connection:
            await save_cursor(connection, name, page.cursor)
    return len(page.messages)


async def _begin_again(database: Database, name: str) -> None:
    """Forget a cursor from another life of the source, one restored into another server for instance."""
    _LOG.warning("feed %s is not the one that was followed: following it again from its start", name)
    async with database.connection() as connection:
        await forget_cursor(connection, name)


def _by_tenant(page: FeedPage) -> dict[str, list[FeedMessage]]:
    groups: dict[str, list[FeedMessage]] = {}
    for message in page.messages:
        groups.setdefault(message.tenant_id, []).append(message)
    return groups
