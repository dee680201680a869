"""Tenants and API keys from the command line, through the gateway's own operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from gateway.domain.errors import GatewayError, TenantExistsError
from gateway.operations.create_api_key import create_api_key
from gateway.operations.create_tenant import create_tenant
from gateway.operations.verify_credential import verify_credential
from pgstore.database import Database
from serving.context import SCOPES

__all__ = ["ensure_demo_token", "issue_token"]

_CREATED_BY = "meantime"


async def issue_token(
    database_url: str, *, tenant_id: str, scopes: Iterable[str], name: str, now: datetime
) -> str:
    """Make a tenant if there is none of that id, and a key for it; raises GatewayError, PgstoreError."""
    async with _gateway_database(database_url) as database:
        return await _issue(database, tenant_id=tenant_id, scopes=scopes, name=name, now=now)


async def ensure_demo_token(
    database_url: str, tenant_id: str, last_token: str | None, *, now: datetime
) -> str:
    """Answer the last run's token if it still opens, else one of a new key with all scopes."""
    async with _gateway_database(database_url) as database:
        if last_token and await _opens(database, last_token, now):
            return last_token
        return await _issue(database, tenant_id=tenant_id, scopes=SCOPES, name="meantime up", now=now)


async def _issue(
    database: Database, *, tenant_id: str, scopes: Iterable[str], name: str, now: datetime
) -> str:
    with suppress(TenantExistsError):
        await create_tenant(database, tenant_id=tenant_id, name=tenant_id, now=now)
    issued = await create_api_key(
        database, tenant_id=tenant_id, name=name, scopes=scopes, created_by=_CREATED_BY, now=now
    )
    return issued.token


async def _opens(database: Database, token: str, now: datetime) -> bool:
    try:
        await verify_credential(database, authorization=f"Bearer {token}", request_id="meantime-up", now=now)
    except GatewayError:
        return False
    return True


@asynccontextmanager
async def _gateway_database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, schema="gateway", max_size=1, application="meantime-cli")
    try:
        yield database
    finally:
        await database.close()
