"""Turn the credential of a request into who asks: the tenant comes from here and from nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.domain.api_key import KEY_PREFIX, ApiKey, PresentedKey, parse_key
from gateway.domain.errors import CredentialInvalidError, CredentialMissingError
from gateway.operations.verify_token import Trust, verify_token
from gateway.storage import api_keys
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["Opened", "open_credential", "verify_credential"]

TOUCH_EVERY = timedelta(minutes=1)


class Opened(NamedTuple):
    """Who asks, and until when the credential is good; None: until it is revoked."""

    context: RequestContext
    expires_at: datetime | None


async def verify_credential(
    database: Database,
    *,
    authorization: str | None,
    request_id: str,
    now: datetime,
    trust: Trust | None = None,
) -> RequestContext:
    """Read who asks by a credential; raises as `open_credential` does."""
    opened = await open_credential(
        database, authorization=authorization, request_id=request_id, now=now, trust=trust
    )
    return opened.context


async def open_credential(
    database: Database,
    *,
    authorization: str | None,
    request_id: str,
    now: datetime,
    trust: Trust | None = None,
) -> Opened:
    """Read the `Authorization` header: an API key, or a token of the identity provider that is trusted.

    Raises CredentialMissingError, CredentialInvalidError; IdentityUnavailableError for a token.

    A key of a tenant that does not exist, a wrong secret, a revoked and an expired key get the same answer,
    so that nothing can be learned by trying.
    """
    bearer = read_bearer(authorization)
    if trust is not None and not bearer.startswith(KEY_PREFIX):
        identity = await verify_token(database, token=bearer, trust=trust, now=now)
        context = RequestContext(
            tenant_id=identity.tenant_id,
            subject=identity.subject,
            scopes=identity.scopes,
            request_id=request_id,
        )
        return Opened(context, identity.expires_at)
    key = await find_key(database, parse_key(bearer), now)
    context = RequestContext(
        tenant_id=key.tenant_id,
        subject=f"key:{key.key_id}",
        scopes=frozenset(key.scopes),
        request_id=request_id,
    )
    return Opened(context, key.expires_at)


def read_bearer(authorization: str | None) -> str:
    """Return what follows `Bearer`."""
    if not authorization:
        raise CredentialMissingError("send an API key: `Authorization: Bearer mt_<tenant>_<secret>`")
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise CredentialMissingError("the Authorization header must read `Bearer mt_<tenant>_<secret>`")
    return value.strip()


async def find_key(database: Database, presented: PresentedKey, now: datetime) -> ApiKey:
    """Read the presented key, at each request anew, so that a revocation holds at once.

    Its use is noted at most once a minute.
    """
    async with database.connection() as connection:
        key = await api_keys.read_api_key_by_hash(connection, presented.tenant_id, presented.secret_hash)
    if key is None or not key.opens(now):
        raise CredentialInvalidError("the API key is not known, was revoked, or has expired")
    if key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY:
        async with database.transaction(key.tenant_id) as connection:
            await api_keys.touch_api_key(connection, key.tenant_id, key.key_id, now)
    return key
