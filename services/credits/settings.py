"""What the credits service is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from serving.environment import read_secret, read_url

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where PostgreSQL is, and the secret that services share."""

    database_url: str = field(repr=False)
    internal_secret: str = field(repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read DATABASE_URL and MEANTIME_INTERNAL_SECRET. Raises SettingError, which names the variable."""
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=("postgresql", "postgres")),
            internal_secret=read_secret(environ),
        )
