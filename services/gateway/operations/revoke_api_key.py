"""Close an API key for good."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.api_key import ApiKey, ApiKeyId
from gateway.domain.errors import KeyUnknownError
from gateway.domain.tenant import parse_tenant_id
from gateway.storage import api_keys
from pgstore.database import Database

__all__ = ["revoke_api_key"]


async def revoke_api_key(database: Database, *, tenant_id: str, key_id: str, now: datetime) -> ApiKey:
    """Revoke a key from now on; revoking it again changes nothing. Raises KeyUnknownError."""
    checked = parse_tenant_id(tenant_id)
    async with database.transaction(checked) as connection:
        key = await api_keys.revoke_api_key(connection, checked, ApiKeyId(key_id), now)
    if key is None:
        raise KeyUnknownError(f"tenant {checked!r} has no key {key_id[:80]!r}", field="key_id")
    return key
