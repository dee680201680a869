"""API keys: `mt_<tenant>_<secret>`, shown once when made and kept only as a hash.

The secret is 256 random bits. So a plain SHA-256 is enough: there is no dictionary to try, and a slow hash
would only slow down each request. The tenant stands in the key so that it can be looked up under that
tenant's row-level security; the tenant named there is believed only once the secret is found among its
keys.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import NewType, cast

import msgspec

from gateway.domain.errors import CredentialInvalidError, KeyNameInvalidError, ScopeUnknownError
from gateway.domain.tenant import TENANT_ID, TenantId
from serving.context import SCOPES, Scope

__all__ = [
    "KEY_PREFIX",
    "ApiKey",
    "ApiKeyId",
    "PresentedKey",
    "check_key_name",
    "hash_secret",
    "parse_key",
    "parse_scopes",
    "write_key",
]

ApiKeyId = NewType("ApiKeyId", str)

KEY_PREFIX = "mt_"
SECRET_CHARACTERS = 64
MAX_NAME_CHARACTERS = 200

KEY = re.compile(rf"mt_({TENANT_ID.pattern})_([0-9a-f]{{{SECRET_CHARACTERS}}})")


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key.

    key_id: names it in audits and when revoking. name: for people. scopes: what it may do.
    expires_at, revoked_at: from then on it opens nothing; None: not (yet).
    last_used_at: to the minute; None: never.
    """

    tenant_id: TenantId
    key_id: ApiKeyId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def opens(self, now: datetime) -> bool:
        """Say whether the key is neither revoked nor expired at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class PresentedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as a caller shows it, not yet believed: the tenant it names, and the hash of its secret."""

    tenant_id: TenantId
    secret_hash: bytes


def write_key(tenant_id: TenantId, secret: str) -> str:
    """Return the key as it is given to its holder."""
    return f"mt_{tenant_id}_{secret}"


def parse_key(value: str) -> PresentedKey:
    """Take a presented key apart; raises CredentialInvalidError, without repeating it."""
    match = KEY.fullmatch(value)
    if match is None:
        raise CredentialInvalidError("the API key is malformed: it reads mt_<tenant>_<64 hexadecimal digits>")
    tenant_id, secret = match.groups()
    return PresentedKey(tenant_id=TenantId(tenant_id), secret_hash=hash_secret(secret))


def hash_secret(secret: str) -> bytes:
    """Return what is stored in place of a secret: its SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode("ascii")).digest()


def parse_scopes(values: Iterable[str]) -> frozenset[Scope]:
    """Check the scopes of a key to be made; raises ScopeUnknownError, naming those that exist."""
    scopes = frozenset(values)
    unknown = sorted(scopes - SCOPES)
    if unknown or not scopes:
        found = ", ".join(unknown) or "none"
        raise ScopeUnknownError(f"scopes: {found}; there are {', '.join(sorted(SCOPES))}", field="scopes")
    return cast("frozenset[Scope]", scopes)


def check_key_name(name: str) -> str:
    """Return a key's name if it is one; raises KeyNameInvalidError."""
    if not 1 <= len(name.strip()) <= MAX_NAME_CHARACTERS:
        raise KeyNameInvalidError(f"a key's name has 1 to {MAX_NAME_CHARACTERS} characters", field="name")
    return name.strip()
