"""Make a tenant."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.errors import TenantExistsError
from gateway.domain.tenant import Tenant, parse_tenant_id
from gateway.storage import tenants
from pgstore.database import Database

__all__ = ["create_tenant"]


async def create_tenant(database: Database, *, tenant_id: str, name: str, now: datetime) -> Tenant:
    """Make a tenant; raises TenantIdInvalidError, TenantExistsError."""
    checked = parse_tenant_id(tenant_id)
    async with database.transaction(checked) as connection:
        if not await tenants.insert_tenant(connection, tenant_id=checked, name=name, now=now):
            raise TenantExistsError(f"there is a tenant {checked!r} already", field="tenant_id")
    return Tenant(tenant_id=checked, name=name, created_at=now)
