"""Read the tenant that asks."""

from __future__ import annotations

from gateway.domain.errors import TenantUnknownError
from gateway.domain.tenant import Tenant, parse_tenant_id
from gateway.storage import tenants
from pgstore.database import Database

__all__ = ["read_tenant"]


async def read_tenant(database: Database, *, tenant_id: str) -> Tenant:
    """Read a tenant's own record; raises TenantUnknownError."""
    checked = parse_tenant_id(tenant_id)
    async with database.transaction(checked) as connection:
        tenant = await tenants.read_tenant(connection, checked)
    if tenant is None:
        raise TenantUnknownError(f"there is no tenant {checked!r}")
    return tenant
