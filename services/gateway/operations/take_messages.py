"""Follow a service's feed: keep its messages, owe them to webhooks, and move on, in one transaction."""

from __future__ import annotations

import structlog

from gateway.domain.tenant import TenantId
from gateway.storage import messages
from pgstore.database import Database
from pgstore.errors import CursorAheadError
from pgstore.feed import Feed, forget_cursor, read_cursor

__all__ = ["PAGE", "Taken", "take_messages"]

PAGE = 500

Taken = tuple[int, list[TenantId]]
"""How many messages were read, and whose are new."""

log = structlog.get_logger("take_messages")


async def take_messages(database: Database, feed: Feed, *, source: str, limit: int = PAGE) -> Taken:
    """Take a page of the feed of the service `source`; raises what reading it raises.

    After a crash, or where two workers follow at the same time, messages come again and are known by id.
    """
    async with database.connection() as connection:
        after = await read_cursor(connection, source)
    try:
        page = await feed.read(after, limit)
    except Exception as error:
        if getattr(error, "code", None) != CursorAheadError.code:
            raise
        log.warning(
            "the feed is not the one that was followed: following it again from its start", feed=source
        )
        async with database.connection() as connection:
            await forget_cursor(connection, source)
        return 0, []
    if not page.messages:
        return 0, []
    async with database.connection() as connection:
        tenants = await messages.take_messages(
            connection, page.messages, source=source, feed_name=source, cursor=page.cursor
        )
    return len(page.messages), tenants
