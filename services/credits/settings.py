"""What the credits service is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from serving.environment import read_secret, read_url, read_url_or_none

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where PostgreSQL is, the secret that services share, and Redis for nudges (None: followers poll)."""

    database_url: str = field(repr=False)
    internal_secret: str = field(repr=False)
    redis_url: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read DATABASE_URL, MEANTIME_INTERNAL_SECRET and REDIS_URL. Raises SettingError."""
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=("postgresql", "postgres")),
            internal_secret=read_secret(environ),
            redis_url=read_url_or_none(environ, "REDIS_URL", schemes=("redis", "rediss", "unix")),
        )
