"""Read a tenant's messages by position, for those who follow them."""

from __future__ import annotations

from gateway.domain.message import Message
from gateway.domain.tenant import TenantId
from gateway.storage import messages
from pgstore.database import Database

__all__ = ["read_last_position", "read_messages"]


async def read_messages(database: Database, tenant_id: TenantId, *, after: int, limit: int) -> list[Message]:
    """Read at most `limit` messages after a position, in order."""
    async with database.transaction(tenant_id, read_only=True) as connection:
        return await messages.read_messages(connection, tenant_id, after=after, limit=limit)


async def read_last_position(database: Database, tenant_id: TenantId) -> int:
    """Read where a tenant's messages end now; 0: there are none."""
    async with database.transaction(tenant_id, read_only=True) as connection:
        return await messages.read_last_position(connection, tenant_id)
