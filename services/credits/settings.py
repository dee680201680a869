"""What the credits service reads from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from serving.environment import read_number, read_secret, read_url

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the service finds what it stands on.

    database_url: PostgreSQL, where the schema `credits` lives. internal_secret: signs the tokens between
    services. max_connections: the pool's largest size.
    """

    database_url: str
    internal_secret: str
    max_connections: int = 8

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read DATABASE_URL, MEANTIME_INTERNAL_SECRET and MEANTIME_DB_CONNECTIONS; raises SettingError."""
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=("postgresql", "postgres")),
            internal_secret=read_secret(environ),
            max_connections=read_number(environ, "MEANTIME_DB_CONNECTIONS", default=8, least=1, most=200),
        )
