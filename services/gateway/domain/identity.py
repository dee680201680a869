"""Identity providers: what a bearer token of OpenID Connect must say, and who asks by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.domain.errors import CredentialInvalidError
from gateway.domain.tenant import TENANT_ID, TenantId
from serving.context import SCOPES

__all__ = ["Identity", "IdentityProvider", "identity_of"]


class IdentityProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Whose tokens are believed.

    issuer, audience: what `iss` and `aud` must be. jwks_url: where its public keys are. tenant_claim: the
    claim that names the tenant. scopes_claim: the one that lists what may be done, as a list or parted by
    spaces; what is no scope of ours is passed over.
    """

    issuer: str
    audience: str
    jwks_url: str
    tenant_claim: str = "tenant"
    scopes_claim: str = "scope"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks by a token: the tenant, the subject as audits name it, what may be done, and until when."""

    tenant_id: TenantId
    subject: str
    scopes: frozenset[str]
    expires_at: datetime | None = None


def identity_of(claims: Mapping[str, Any], provider: IdentityProvider) -> Identity:
    """Read who asks from claims that were verified; raises CredentialInvalidError where they do not tell."""
    tenant_id, subject = claims.get(provider.tenant_claim), claims.get("sub")
    if not isinstance(tenant_id, str) or not TENANT_ID.fullmatch(tenant_id):
        raise CredentialInvalidError(f"the token's claim {provider.tenant_claim!r} names no tenant")
    if not isinstance(subject, str) or not subject:
        raise CredentialInvalidError("the token's claim 'sub' names no subject")
    scopes = scopes_of(claims.get(provider.scopes_claim))
    return Identity(
        tenant_id=TenantId(tenant_id),
        subject=f"user:{subject}",
        scopes=scopes,
        expires_at=instant_of(claims.get("exp")),
    )


def instant_of(claim: object) -> datetime | None:
    """Return the instant that a claim names in seconds; None where there is no such instant."""
    try:
        return datetime.fromtimestamp(claim, UTC) if isinstance(claim, int | float) else None
    except (ValueError, OverflowError, OSError):
        return None


def scopes_of(claim: object) -> frozenset[str]:
    """Return those of our scopes that a claim lists."""
    listed = claim.split() if isinstance(claim, str) else claim
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(scope for scope in listed if isinstance(scope, str)) & SCOPES
