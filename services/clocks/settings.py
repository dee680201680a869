"""What the clocks service and its worker are told by their environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from serving.environment import read_secret, read_url, read_url_or_none

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where PostgreSQL and Redis are, and the secret that services share.

    redis_url: None where there is no Redis: everything is right, only looked for more often.
    """

    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    internal_secret: str = field(repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read DATABASE_URL, REDIS_URL, MEANTIME_INTERNAL_SECRET. Raises SettingError."""
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=("postgresql", "postgres")),
            redis_url=read_url_or_none(environ, "REDIS_URL", schemes=("redis", "rediss", "unix")),
            internal_secret=read_secret(environ),
        )
