"""Forget old messages, and give up what no webhook would take."""

from __future__ import annotations

from datetime import timedelta

from gateway.domain.retry import PATIENCE_S
from gateway.storage import deliveries, messages
from pgstore.database import Database

__all__ = ["BATCH", "expire_deliveries", "prune_messages", "read_backlog"]

BATCH = 2_000


async def prune_messages(database: Database, *, keep: timedelta, for_streams: bool) -> int:
    """Forget at most a batch of the messages taken longer ago than `keep`; returns how many.

    for_streams: there is a Redis, which may be away; what it has not taken yet stays.
    """
    async with database.connection() as connection:
        return await messages.prune_messages(connection, keep=keep, limit=BATCH, for_streams=for_streams)


async def expire_deliveries(database: Database) -> int:
    """Make dead letters of what was owed for longer than our patience; returns how many."""
    async with database.connection() as connection:
        return await deliveries.expire_deliveries(
            connection, patience=timedelta(seconds=PATIENCE_S), limit=BATCH
        )


async def read_backlog(database: Database) -> tuple[int, float]:
    """Read how many deliveries wait, and the age in seconds of the oldest that may be sent now."""
    async with database.connection() as connection:
        return await deliveries.read_backlog(connection)
