"""Messages in and out of their table, which is one log of all services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from gateway.domain.message import Message
from gateway.domain.tenant import TenantId
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row
from pgstore.database import Database
from pgstore.feed import FeedCursor, FeedMessage

__all__ = [
    "hold_outlet",
    "move_outlet",
    "prune_messages",
    "read_all_messages",
    "read_forgotten",
    "read_last_position",
    "read_messages",
    "take_messages",
]

SQL = load_blocks("gateway.storage", "messages.sql")


async def take_messages(
    connection: Connection,
    messages: Sequence[FeedMessage],
    *,
    source: str,
    feed_name: str,
    cursor: FeedCursor,
) -> list[TenantId]:
    """Keep what is new, have it owed to webhooks, move the cursor; all or nothing. Returns whose are new."""
    rows = await connection.fetch(
        SQL["take"],
        source,
        [message.id for message in messages],
        [message.tenant_id for message in messages],
        [message.type for message in messages],
        [message.subject for message in messages],
        [message.payload for message in messages],
        [message.created_at for message in messages],
        feed_name,
        cursor.seen,
        cursor.reading,
        cursor.position,
    )
    return [TenantId(row["tenant_id"]) for row in rows]


async def read_messages(
    connection: Connection, tenant_id: TenantId, *, after: int, limit: int
) -> list[Message]:
    """Read a tenant's messages after a position, in order."""
    rows = await connection.fetch(SQL["read_after"], tenant_id, after, limit)
    return [message_from_row(row) for row in rows]


async def read_last_position(connection: Connection, tenant_id: TenantId) -> int:
    """Read where a tenant's messages end; 0: there are none."""
    position: int = await connection.fetchval(SQL["last_position"], tenant_id)
    return position


async def read_all_messages(connection: Connection, *, after: int, limit: int) -> list[Message]:
    """Read the messages of all tenants after a position, in order, on a connection without a tenant."""
    rows = await connection.fetch(SQL["read_all_after"], after, limit)
    return [message_from_row(row) for row in rows]


@asynccontextmanager
async def hold_outlet(database: Database, outlet: str) -> AsyncIterator[tuple[Connection, int | None]]:
    """Hold an outlet for the block; gives how far it was served, or None where another worker holds it.

    A worker that dies lets go of it. What `move_outlet` says counts once the block has ended well.
    """
    async with database.connection() as connection:
        await connection.execute("BEGIN")
        try:
            yield connection, await connection.fetchval(SQL["lock_outlet"], outlet)
        except BaseException:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")


async def move_outlet(connection: Connection, outlet: str, position: int) -> None:
    """Remember how far an outlet was served."""
    await connection.execute(SQL["move_outlet"], outlet, position)


async def read_forgotten(connection: Connection) -> int:
    """Read up to which position messages were forgotten, of all tenants; 0: none was."""
    position: int = await connection.fetchval(SQL["forgotten"])
    return position


async def prune_messages(connection: Connection, *, keep: timedelta, limit: int, for_streams: bool) -> int:
    """Forget at most `limit` of the messages taken longer ago than `keep`; returns how many.

    for_streams: what the streams have not taken yet stays.
    """
    pruned: int = await connection.fetchval(SQL["prune"], keep, limit, for_streams)
    return pruned


def message_from_row(row: Row) -> Message:
    """Make the value of a row."""
    return Message(**{name: row[name] for name in Message.__struct_fields__})
