"""What the gateway reads from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from serving.environment import read_secret, read_url, read_url_or_none

__all__ = ["Settings"]

DATABASE_SCHEMES = ("postgresql", "postgres")
DOOR_SCHEMES = ("http", "https")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of the gateway.

    database_url: where tenants and API keys are kept.
    internal_secret: signs the tokens between services.
    calendars_url, clocks_url, credits_url: where a service is; None: in this process.
    """

    database_url: str = field(repr=False)
    internal_secret: str = field(repr=False)
    calendars_url: str | None = None
    clocks_url: str | None = None
    credits_url: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read them; raises SettingError, which names the variable."""
        return cls(
            database_url=read_url(environ, "DATABASE_URL", schemes=DATABASE_SCHEMES),
            internal_secret=read_secret(environ),
            calendars_url=read_url_or_none(environ, "CALENDARS_URL", schemes=DOOR_SCHEMES),
            clocks_url=read_url_or_none(environ, "CLOCKS_URL", schemes=DOOR_SCHEMES),
            credits_url=read_url_or_none(environ, "CREDITS_URL", schemes=DOOR_SCHEMES),
        )
