"""What the gateway reads from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from gateway.domain.identity import IdentityProvider
from serving.environment import SettingError, read_url, read_url_or_none

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where tenants and API keys are kept, and whose tokens are believed besides (None: nobody's)."""

    database_url: str = field(repr=False)
    identity_provider: IdentityProvider | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read DATABASE_URL and MEANTIME_OIDC_*; raises SettingError, which names the variable."""
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=("postgresql", "postgres")),
            identity_provider=read_identity_provider(environ),
        )


def read_identity_provider(environ: Mapping[str, str]) -> IdentityProvider | None:
    """Read MEANTIME_OIDC_JWKS_URL, _ISSUER, _AUDIENCE, and the names of claims; None without the first."""
    jwks_url = read_url_or_none(environ, "MEANTIME_OIDC_JWKS_URL", schemes=("https", "http"))
    if jwks_url is None:
        return None
    return IdentityProvider(
        jwks_url=jwks_url,
        issuer=read_text(environ, "MEANTIME_OIDC_ISSUER"),
        audience=read_text(environ, "MEANTIME_OIDC_AUDIENCE"),
        tenant_claim=environ.get("MEANTIME_OIDC_TENANT_CLAIM") or "tenant",
        scopes_claim=environ.get("MEANTIME_OIDC_SCOPES_CLAIM") or "scope",
    )


def read_text(environ: Mapping[str, str], variable: str) -> str:
    """Read a variable that must be there beside MEANTIME_OIDC_JWKS_URL."""
    value = environ.get(variable, "").strip()
    if not value:
        raise SettingError(variable, "is not set, while MEANTIME_OIDC_JWKS_URL is")
    return value
