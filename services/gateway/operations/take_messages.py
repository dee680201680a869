"""Follow a service's feed: keep its messages, have them owed to webhooks, and move on, in one transaction."""

from __future__ import annotations

from gateway.domain.tenant import TenantId
from gateway.storage import messages
from pgstore.database import Database
from pgstore.feed import Feed
from pgstore.following import next_page

__all__ = ["PAGE", "Taken", "take_messages"]

PAGE = 500

Taken = tuple[int, list[TenantId]]
"""How many messages were read, and whose are new."""


async def take_messages(database: Database, feed: Feed, *, source: str, limit: int = PAGE) -> Taken:
    """Take a page of the feed of the service `source`; raises what reading it raises.

    After a crash, or where two workers follow at the same time, messages come again and are known by id.
    """
    page = await next_page(database, feed, name=source, limit=limit)
    if page is None or not page.messages:
        return 0, []
    async with database.connection() as connection:
        tenants = await messages.take_messages(
            connection, page.messages, source=source, feed_name=source, cursor=page.cursor
        )
    return len(page.messages), tenants
