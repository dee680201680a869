"""API keys in and out of their table."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.api_key import ApiKey, ApiKeyId
from gateway.domain.tenant import TenantId
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = ["insert_api_key", "read_api_key_by_hash", "revoke_api_key", "touch_api_key"]

SQL = load_blocks("gateway.storage", "api_keys.sql")


async def insert_api_key(connection: Connection, key: ApiKey, secret_hash: bytes) -> None:
    """Keep a new key."""
    await connection.execute(
        SQL["insert_api_key"],
        key.tenant_id,
        key.key_id,
        key.name,
        secret_hash,
        sorted(key.scopes),
        key.created_at,
        key.created_by,
        key.expires_at,
    )


async def read_api_key_by_hash(
    connection: Connection, tenant_id: TenantId, secret_hash: bytes
) -> ApiKey | None:
    """Read the key of a tenant with that secret's hash, on a connection without a tenant: one trip."""
    row = await connection.fetchrow(SQL["read_api_key_by_hash"], tenant_id, secret_hash)
    return None if row is None else key_from_row(row)


async def revoke_api_key(
    connection: Connection, tenant_id: TenantId, key_id: ApiKeyId, now: datetime
) -> ApiKey | None:
    """Close a key for good; None where there is no such key."""
    row = await connection.fetchrow(SQL["revoke_api_key"], tenant_id, key_id, now)
    return None if row is None else key_from_row(row)


async def touch_api_key(connection: Connection, tenant_id: TenantId, key_id: ApiKeyId, now: datetime) -> None:
    """Note that a key was used at `now`."""
    await connection.execute(SQL["touch_api_key"], tenant_id, key_id, now)


def key_from_row(row: Row) -> ApiKey:
    """Make the value of a row; the table's own checks hold its scopes to those that exist."""
    return ApiKey(**{**dict(row.items()), "scopes": frozenset(row["scopes"])})
