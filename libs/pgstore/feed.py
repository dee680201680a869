"""The feed: the outbox read in an order that skips nothing, and how far each follower has come."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any, Protocol

import msgspec

from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row
from pgstore.database import Database
from pgstore.errors import CursorAheadError, CursorInvalidError

__all__ = [
    "START",
    "DatabaseFeed",
    "Feed",
    "FeedCursor",
    "FeedMessage",
    "FeedPage",
    "forget_cursor",
    "parse_cursor",
    "read",
    "read_cursor",
    "save_cursor",
]

_SQL = load_blocks("pgstore", "feed.sql")
_CURSOR = re.compile(r"(\d{1,20})-(\d{1,19})", re.ASCII)
_MAX_TXID = 2**64 - 1
_MAX_POSITION = 2**63 - 1


class FeedCursor(msgspec.Struct, frozen=True, order=True):
    """A place in a feed: everything up to and with (txid, position) was read. `str` is its wire form."""

    txid: int
    position: int

    def __str__(self) -> str:
        return f"{self.txid}-{self.position}"


START = FeedCursor(0, 0)
"""Before the first message of every feed."""


class FeedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as followers get it; may come more than once, under the same id."""

    id: uuid.UUID
    tenant_id: str
    type: str
    subject: str
    payload: dict[str, Any]
    created_at: datetime


class FeedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Messages in order, and the cursor after the last of them (the one asked with, if there are none)."""

    messages: tuple[FeedMessage, ...]
    cursor: FeedCursor


class Feed(Protocol):
    """Where a follower reads: a database in process, or another service by HTTP."""

    async def read(self, after: FeedCursor | None, limit: int) -> FeedPage:
        """Read at most `limit` messages after a cursor; None: from the start. Raises CursorAheadError."""
        ...


class DatabaseFeed:
    """The Feed of a database in the same process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, after: FeedCursor | None, limit: int) -> FeedPage:
        """Read at most `limit` messages after a cursor; raises CursorAheadError."""
        async with self._database.connection() as connection:
            return await read(connection, after, limit)


def parse_cursor(text: str) -> FeedCursor:
    """Read the wire form `txid-position`; raises CursorInvalidError."""
    match = _CURSOR.fullmatch(text)
    if match is None or int(match[1]) > _MAX_TXID or int(match[2]) > _MAX_POSITION:
        raise CursorInvalidError("a feed's cursor looks like 12345-67", field="after")
    return FeedCursor(int(match[1]), int(match[2]))


async def read(connection: Connection, after: FeedCursor | None, limit: int) -> FeedPage:
    """Read at most `limit` messages of all tenants after a cursor, on a connection without a tenant.

    A message is shown once nothing can still commit before it: a long transaction that has written anything,
    anywhere on the server, delays the feed, and never makes it skip. Raises CursorAheadError.
    """
    start = after or START
    rows = await connection.fetch(_SQL["read"], start.txid, start.position, limit)
    if not rows:
        if await connection.fetchval(_SQL["is_ahead"], start.txid):
            raise CursorAheadError(
                f"the cursor {start} is past all that this database has written", field="after"
            )
        return FeedPage(messages=(), cursor=start)
    last = FeedCursor(rows[-1]["txid"], rows[-1]["position"])
    return FeedPage(messages=tuple(_message(row) for row in rows), cursor=last)


async def read_cursor(connection: Connection, feed_name: str) -> FeedCursor | None:
    """Read how far this service has followed a feed; None: not begun."""
    row = await connection.fetchrow(_SQL["read_cursor"], feed_name)
    return FeedCursor(row["txid"], row["position"]) if row else None


async def save_cursor(connection: Connection, feed_name: str, cursor: FeedCursor) -> None:
    """Remember how far this service has followed a feed, after its effects; never moves back."""
    await connection.execute(_SQL["save_cursor"], feed_name, cursor.txid, cursor.position)


async def forget_cursor(connection: Connection, feed_name: str) -> None:
    """Follow a feed again from its start, after CursorAheadError."""
    await connection.execute(_SQL["forget_cursor"], feed_name)


def _message(row: Row) -> FeedMessage:
    return FeedMessage(
        id=uuid.UUID(bytes=row["message_id"].bytes),  # asyncpg's own subclass is not what msgspec encodes
        tenant_id=row["tenant_id"],
        type=row["type"],
        subject=row["subject"],
        payload=row["payload"],
        created_at=row["created_at"],
    )
