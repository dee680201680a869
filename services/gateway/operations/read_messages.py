"""Read a tenant's messages by position, for those who follow them."""

from __future__ import annotations

from gateway.domain.errors import CursorExpiredError
from gateway.domain.message import Message
from gateway.domain.tenant import TenantId
from gateway.storage import messages
from pgstore.database import Database

__all__ = ["check_place", "read_last_position", "read_messages"]


async def read_messages(database: Database, tenant_id: TenantId, *, after: int, limit: int) -> list[Message]:
    """Read at most `limit` messages after a position, in order."""
    async with database.transaction(tenant_id, read_only=True) as connection:
        return await messages.read_messages(connection, tenant_id, after=after, limit=limit)


async def check_place(database: Database, tenant_id: TenantId, after: int) -> None:
    """Raise CursorExpiredError where messages after a position were forgotten already, or may have been."""
    async with database.transaction(tenant_id, read_only=True) as connection:
        if after < await messages.read_forgotten(connection):
            raise CursorExpiredError(
                "messages after this cursor are kept no longer: read how things stand, then follow anew",
                field="after",
            )


async def read_last_position(database: Database, tenant_id: TenantId) -> int:
    """Read where a tenant's messages end now; 0: there are none."""
    async with database.transaction(tenant_id, read_only=True) as connection:
        return await messages.read_last_position(connection, tenant_id)
