"""Owe messages that were taken to webhooks, a portion of one tenant's after another's.

So a tenant with many webhooks and a flood of messages is served in its turn, and nobody else's wait for it.
"""

from __future__ import annotations

from gateway.storage import deliveries
from pgstore.database import Database

__all__ = ["BATCH", "owe_messages"]

BATCH = 2_000
"""About how many deliveries one portion makes."""


async def owe_messages(database: Database) -> bool:
    """Owe a portion, of the tenant that has waited longest; returns whether there was one."""
    async with database.connection() as connection:
        return await deliveries.owe_messages(connection, batch=BATCH)
