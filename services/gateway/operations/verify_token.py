"""Believe a bearer token of OpenID Connect, or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from gateway.domain.errors import CredentialInvalidError
from gateway.domain.identity import Identity, IdentityProvider, identity_of
from gateway.storage.tenants import read_tenant
from pgstore.database import Database

__all__ = ["ReadKeys", "Trust", "verify_token"]

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384"]
"""Signatures by a key that only the provider holds; nothing that a public key could forge."""

LEEWAY_S = 30
MAX_CHARACTERS = 16_000

ReadKeys = Callable[[bool], Awaitable[KeySet]]
"""Takes whether a key was missing from what it answered before."""


class Trust(NamedTuple):
    """An identity provider, and how its public keys are read."""

    provider: IdentityProvider
    read_keys: ReadKeys


async def verify_token(database: Database, *, token: str, trust: Trust, now: datetime) -> Identity:
    """Verify a token's signature, times, issuer and audience, and that its tenant exists.

    Raises CredentialInvalidError, and what reading the keys raises.
    """
    if len(token) > MAX_CHARACTERS:
        raise CredentialInvalidError("the token is too long")
    claims = await decode(token, trust.read_keys)
    check_claims(claims, trust.provider, now)
    identity = identity_of(claims, trust.provider)
    async with database.transaction(identity.tenant_id) as connection:
        if await read_tenant(connection, identity.tenant_id) is None:
            raise CredentialInvalidError("the token's tenant is not known here")
    return identity


async def decode(token: str, read_keys: ReadKeys) -> dict[str, Any]:
    """Return a token's claims if its signature holds; a key that is not known is looked for once more."""
    for missing in (False, True):
        keys = await read_keys(missing)
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except InvalidKeyIdError:
            continue
        except (JoseError, ValueError) as error:
            raise CredentialInvalidError("the token is malformed, or its signature does not hold") from error
    raise CredentialInvalidError("the token is signed with a key that its provider does not publish")


def check_claims(claims: dict[str, Any], provider: IdentityProvider, now: datetime) -> None:
    """Raise CredentialInvalidError unless the token is the provider's, for us, and of this time."""
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.audience},
        exp={"essential": True},
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise CredentialInvalidError("the token has expired, or is not one for this API") from error
