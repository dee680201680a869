"""The feed: the outbox read in an order that skips nothing, and how far each follower has come."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol

import msgspec

from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row
from pgstore.database import Database
from pgstore.errors import CursorAheadError, CursorExpiredError, CursorInvalidError

__all__ = [
    "START",
    "DatabaseFeed",
    "Feed",
    "FeedCursor",
    "FeedMessage",
    "FeedPage",
    "followed_by",
    "forget_cursor",
    "message_of",
    "parse_cursor",
    "read",
    "read_cursor",
    "save_cursor",
]

_SQL = load_blocks("pgstore", "feed.sql")
_SNAPSHOT = r"\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19})*)?"
_CURSOR = re.compile(rf"({_SNAPSHOT})(?:/({_SNAPSHOT})/(\d{{1,18}}))?", re.ASCII)
_MAX_TXID = 2**63 - 1
_TXIDS_OF_EPOCH = 2**32  # the first of which is none
_MAX_CURSOR_LENGTH = 32_768  # a thousand transactions at the same time, twice


class FeedCursor(msgspec.Struct, frozen=True):
    """A place in a feed; `str` is its wire form, and what it says is the feed's own business.

    seen: a snapshot of PostgreSQL; all that could be seen in it was read. reading: the snapshot that is being
    read, in portions, if one is; position: up to where.
    """

    seen: str
    reading: str | None = None
    position: int = 0

    def __str__(self) -> str:
        return self.seen if self.reading is None else f"{self.seen}/{self.reading}/{self.position}"


START = FeedCursor("1:1:")
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
    """Messages in order, and the cursor to go on from. No messages: there are no more for now."""

    messages: tuple[FeedMessage, ...]
    cursor: FeedCursor


class Feed(Protocol):
    """Where a follower reads: a database in process, or another service by HTTP."""

    async def read(self, after: FeedCursor | None, limit: int) -> FeedPage:
        """Read at most `limit` messages after a cursor; None: from the first that is kept.

        Raises CursorAheadError, CursorExpiredError.
        """
        ...


class DatabaseFeed:
    """The Feed of a database in the same process.

    follower: who reads; messages that it has not seen are kept for it. None: nothing is kept for the reader.
    """

    def __init__(self, database: Database, *, follower: str | None = None) -> None:
        self._database = database
        self._follower = follower
        self._noted: str | None = None

    async def read(self, after: FeedCursor | None, limit: int) -> FeedPage:
        """Read at most `limit` messages after a cursor; raises CursorAheadError, CursorExpiredError."""
        async with self._database.connection() as connection:
            page = await read(connection, after, limit)
            await self._note(connection, (after or START).seen)
        return page

    def followed_by(self, follower: str) -> DatabaseFeed:
        """Return the same feed for a follower of that name."""
        return DatabaseFeed(self._database, follower=follower)

    async def _note(self, connection: Connection, seen: str) -> None:
        """Note how far the follower has come; it has saved the cursor that it asks with."""
        if self._follower is not None and seen != self._noted:
            await connection.execute(_SQL["note_follower"], self._follower, seen)
            self._noted = seen


def followed_by(feed: Feed, follower: str) -> Feed:
    """Return a feed as a follower of that name reads it."""
    return feed.followed_by(follower) if isinstance(feed, DatabaseFeed) else feed


def parse_cursor(text: str) -> FeedCursor:
    """Read the wire form of a cursor; raises CursorInvalidError."""
    match = _CURSOR.fullmatch(text) if len(text) <= _MAX_CURSOR_LENGTH else None
    if match is None or not all(_is_snapshot(part) for part in match.groups()[:2] if part):
        raise CursorInvalidError("this is no cursor that a feed gave", field="after")
    return FeedCursor(match[1], match[2], int(match[3] or 0))


async def read(connection: Connection, after: FeedCursor | None, limit: int) -> FeedPage:
    """Read at most `limit` messages of all tenants after a cursor, on a connection without a tenant.

    Each message comes once its transaction has committed, and what is written in knowledge of another (under
    a lock that the other's writer held, for instance) comes after it. Raises CursorAheadError,
    CursorExpiredError.
    """
    cursor = after or START
    now = await connection.fetchrow(_SQL["look"], cursor.reading or cursor.seen, cursor.seen)
    if now is None or now["is_ahead"]:
        raise CursorAheadError("the cursor is of a time that this database has not seen", field="after")
    if now["is_expired"] and cursor.seen != START.seen:
        raise CursorExpiredError(
            "the cursor is too old: messages after it are kept no longer. Follow anew from the first that is"
            " kept, and ask the service itself for what was missed",
            field="after",
        )
    if cursor.reading is not None:
        page = await _read_portion(connection, cursor, cursor.reading, limit)
        if page.messages:
            return page
        cursor = page.cursor
    if not now["is_durable"]:
        # What was rolled back leaves no trace in a crash before that, and its id is given out again.
        await connection.execute(_SQL["flush"])
    return await _read_portion(connection, cursor, now["snapshot"], limit)


async def _read_portion(connection: Connection, cursor: FeedCursor, reading: str, limit: int) -> FeedPage:
    """Read on in what can be seen in a snapshot; a portion that is not full was the last."""
    rows = await connection.fetch(_SQL["read"], cursor.seen, reading, cursor.position, limit)
    ends = len(rows) < limit
    after = FeedCursor(reading) if ends else FeedCursor(cursor.seen, reading, rows[-1]["position"])
    return FeedPage(messages=tuple(message_of(row) for row in rows), cursor=after)


async def read_cursor(connection: Connection, feed_name: str) -> FeedCursor | None:
    """Read how far this service has followed a feed; None: not begun."""
    row = await connection.fetchrow(_SQL["read_cursor"], feed_name)
    return FeedCursor(row["seen"], row["reading"], row["position"]) if row else None


async def save_cursor(connection: Connection, feed_name: str, cursor: FeedCursor) -> None:
    """Remember how far this service has followed a feed, after the effects; one behind moves nothing back."""
    await connection.execute(_SQL["save_cursor"], feed_name, cursor.seen, cursor.reading, cursor.position)


async def forget_cursor(connection: Connection, feed_name: str) -> None:
    """Follow a feed again from its start, after CursorAheadError."""
    await connection.execute(_SQL["forget_cursor"], feed_name)


def _is_snapshot(text: str) -> bool:
    """Say whether PostgreSQL would take the text for a snapshot: xmin:xmax:running, in order."""
    lowest, highest, running = text.split(":")
    between = [int(one) for one in running.split(",") if one]
    ordered = all(one < other for one, other in pairwise(between))
    inside = all(int(lowest) <= one < int(highest) for one in between)
    valid = all(int(one) % _TXIDS_OF_EPOCH for one in (lowest, highest))
    return valid and int(lowest) <= int(highest) <= _MAX_TXID and ordered and inside


def message_of(row: Row) -> FeedMessage:
    """Make the value of a row."""
    return FeedMessage(
        id=uuid.UUID(bytes=row["message_id"].bytes),  # asyncpg's own subclass is not what msgspec encodes
        tenant_id=row["tenant_id"],
        type=row["type"],
        subject=row["subject"],
        payload=row["payload"],
        created_at=row["created_at"],
    )
