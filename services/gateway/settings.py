"""What the gateway reads from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from gateway.domain.identity import IdentityProvider
from serving.environment import SettingError, check_secret, read_number, read_url, read_url_or_none
from serving.outgoing import Network, parse_networks

__all__ = ["Delivery", "Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """How messages reach those outside.

    webhook_key: seals webhooks' secrets. networks: of our own, that webhooks may be in. redis_url: where
    streams are, and nudges; None: no streams, and news is looked for more often. stream_length: entries that
    a tenant's stream keeps, about. keep: for how long messages can be read again.
    """

    webhook_key: str = field(repr=False)
    networks: tuple[Network, ...] = ()
    redis_url: str | None = field(default=None, repr=False)
    stream_length: int = 10_000
    keep: timedelta = timedelta(days=14)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read REDIS_URL and MEANTIME_WEBHOOK_KEY, _WEBHOOK_NETWORKS, _STREAM_LENGTH, _MESSAGE_DAYS.

        Without a key of their own, secrets are sealed with MEANTIME_INTERNAL_SECRET. Raises SettingError.
        """
        named = "MEANTIME_WEBHOOK_KEY" if environ.get("MEANTIME_WEBHOOK_KEY") else "MEANTIME_INTERNAL_SECRET"
        days = read_number(environ, "MEANTIME_MESSAGE_DAYS", default=14, least=4, most=400)
        return cls(
            webhook_key=check_secret(environ.get(named, ""), named),
            networks=read_networks(environ, "MEANTIME_WEBHOOK_NETWORKS"),
            redis_url=read_url_or_none(environ, "REDIS_URL", schemes=("redis", "rediss", "unix")),
            stream_length=read_number(
                environ, "MEANTIME_STREAM_LENGTH", default=10_000, least=100, most=10_000_000
            ),
            keep=timedelta(days=days),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where tenants and keys are kept, how messages go out, whose tokens are believed (None: nobody's)."""

    database_url: str = field(repr=False)
    delivery: Delivery
    identity_provider: IdentityProvider | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read DATABASE_URL, MEANTIME_OIDC_* and what Delivery reads; raises SettingError."""
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=("postgresql", "postgres")),
            delivery=Delivery.from_environment(environ),
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


def read_networks(environ: Mapping[str, str], variable: str) -> tuple[Network, ...]:
    """Read networks parted by commas, such as 127.0.0.0/8,fd00::/8; raises SettingError."""
    try:
        return parse_networks(environ.get(variable, ""))
    except ValueError as error:
        raise SettingError(variable, f"must list networks such as 10.1.0.0/16: {error}") from error
