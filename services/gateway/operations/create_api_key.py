"""Make an API key; the answer holds the only copy of its secret."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

import msgspec

from gateway.domain.api_key import ApiKey, ApiKeyId, check_key_name, hash_secret, parse_scopes, write_key
from gateway.domain.errors import TenantUnknownError
from gateway.domain.tenant import parse_tenant_id
from gateway.storage import api_keys, tenants
from pgstore.database import Database

__all__ = ["IssuedKey", "create_api_key"]

SECRET_BYTES = 32


class IssuedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key: what is kept of it, and the token to give to its holder, which is kept nowhere."""

    key: ApiKey
    token: str


async def create_api_key(
    database: Database,
    *,
    tenant_id: str,
    name: str,
    scopes: Iterable[str],
    created_by: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Make a key; raises TenantIdInvalidError, TenantUnknownError, ScopeUnknownError, KeyNameInvalidError."""
    secret = secrets.token_hex(SECRET_BYTES)
    key = ApiKey(
        tenant_id=parse_tenant_id(tenant_id),
        key_id=ApiKeyId(f"key_{secrets.token_hex(8)}"),
        name=check_key_name(name),
        scopes=parse_scopes(scopes),
        created_at=now,
        created_by=created_by,
        expires_at=expires_at,
    )
    async with database.transaction(key.tenant_id) as connection:
        if await tenants.read_tenant(connection, key.tenant_id) is None:
            raise TenantUnknownError(f"there is no tenant {key.tenant_id!r}", field="tenant_id")
        await api_keys.insert_api_key(connection, key, hash_secret(secret))
    return IssuedKey(key=key, token=write_key(key.tenant_id, secret))
