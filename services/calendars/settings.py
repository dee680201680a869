"""What the calendars service is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from serving.environment import SettingError, read_secret, read_url, read_url_or_none
from serving.outgoing import Network, parse_networks

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where PostgreSQL and Redis are, and the secret that services share.

    redis_url: None where there is no Redis: everything is right, only slower.
    feed_networks: of one's own, which ICS feeds may be in; by default only the public internet is asked.
    """

    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    internal_secret: str = field(repr=False)
    feed_networks: tuple[Network, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read DATABASE_URL, REDIS_URL, MEANTIME_INTERNAL_SECRET and CALENDARS_FEED_NETWORKS.

        Raises SettingError.
        """
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=("postgresql", "postgres")),
            redis_url=read_url_or_none(environ, "REDIS_URL", schemes=("redis", "rediss", "unix")),
            internal_secret=read_secret(environ),
            feed_networks=read_networks(environ),
        )


def read_networks(environ: Mapping[str, str]) -> tuple[Network, ...]:
    """Read CALENDARS_FEED_NETWORKS, such as `10.1.0.0/16, fd00::/8`. Raises SettingError."""
    try:
        return parse_networks(environ.get("CALENDARS_FEED_NETWORKS", ""))
    except ValueError as error:
        raise SettingError("CALENDARS_FEED_NETWORKS", f"is no list of networks: {error}") from error
