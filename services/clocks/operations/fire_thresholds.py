"""Fire what is due, over all tenants, until nothing is; each once, whoever else fires beside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from clocks.storage.firing import FIRST_INSTANT, Fired, fire_due, next_due_us
from pgstore.database import Database

__all__ = ["BATCH", "fire", "microseconds_until_due"]

BATCH = 1_000


async def fire(database: Database, *, low: datetime = FIRST_INSTANT, limit: int = BATCH) -> Sequence[Fired]:
    """Fire one batch: one statement, one transaction.

    low: a mark below which nothing is due, so that the scan need not pass what was fired and is not
    vacuumed yet.
    """
    async with database.connection() as connection:
        return await fire_due(connection, limit=limit, low=low)


async def microseconds_until_due(database: Database, *, low: datetime = FIRST_INSTANT) -> int | None:
    """Say when the next threshold comes, by the database's clock, which is the one that counts."""
    async with database.connection() as connection:
        return await next_due_us(connection, low=low)
