"""Feeds of closures in PostgreSQL. Every call runs in its caller's transaction."""

from __future__ import annotations

from datetime import datetime

from calendars.domain.closure_feed import ClosureFeed
from calendars.domain.document import CalendarKey
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["add_feed", "count_open", "find_calendar", "list_feeds", "revoke_feed"]

_SQL = load_blocks("calendars.storage", "closure_feeds.sql")
_MAX_LISTED = 1_000


async def add_feed(connection: Connection, tenant_id: str, feed: ClosureFeed, secret_digest: bytes) -> None:
    """Add a feed under its secret's digest."""
    await connection.execute(
        _SQL["insert_feed"],
        tenant_id,
        feed.feed_id,
        feed.key,
        secret_digest,
        feed.created_at,
        feed.created_by,
    )


async def count_open(connection: Connection, tenant_id: str, key: CalendarKey) -> int:
    """Count a Calendar's open feeds."""
    count: int = await connection.fetchval(_SQL["count_open"], tenant_id, key)
    return count


async def list_feeds(connection: Connection, tenant_id: str, key: CalendarKey) -> tuple[ClosureFeed, ...]:
    """List a Calendar's feeds, newest first, a thousand at most."""
    rows = await connection.fetch(_SQL["list_feeds"], tenant_id, key, _MAX_LISTED)
    return tuple(ClosureFeed(**dict(row.items())) for row in rows)


async def revoke_feed(
    connection: Connection, tenant_id: str, feed_id: str, *, by: str, now: datetime
) -> ClosureFeed | None:
    """End a feed and return it; None where there is none of that id."""
    row = await connection.fetchrow(_SQL["revoke_feed"], tenant_id, feed_id, now, by)
    return None if row is None else ClosureFeed(**dict(row.items()))


async def find_calendar(connection: Connection, tenant_id: str, secret_digest: bytes) -> CalendarKey | None:
    """Find the Calendar that a secret opens; None where it opens none."""
    key: CalendarKey | None = await connection.fetchval(_SQL["find_calendar"], tenant_id, secret_digest)
    return key
