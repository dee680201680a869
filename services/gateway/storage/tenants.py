"""Tenants in and out of their table."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.tenant import Tenant, TenantId
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["insert_tenant", "read_tenant"]

SQL = load_blocks("gateway.storage", "tenants.sql")


async def insert_tenant(connection: Connection, *, tenant_id: TenantId, name: str, now: datetime) -> bool:
    """Make a tenant; False where the id is taken."""
    row = await connection.fetchrow(SQL["insert_tenant"], tenant_id, name, now)
    return row is not None


async def read_tenant(connection: Connection, tenant_id: TenantId) -> Tenant | None:
    """Read the session's own tenant."""
    row = await connection.fetchrow(SQL["read_tenant"], tenant_id)
    return None if row is None else Tenant(**dict(row.items()))
