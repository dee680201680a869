"""Instants on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from cli.errors import OptionError

__all__ = ["read_instant"]

FIRST_YEAR, LAST_YEAR = 1970, 2099


def read_instant(text: str, option: str) -> datetime:
    """Read an RFC 3339 instant, in UTC. Raises OptionError, which names the option."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise OptionError(
            f"{option}: {text!r} is no RFC 3339 instant, such as 2026-03-01T09:00:00Z", field=option
        ) from None
    if instant.tzinfo is None:
        raise OptionError(f"{option}: {text!r} has no offset; write Z for UTC", field=option)
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise OptionError(f"{option}: {text!r} lies outside of {FIRST_YEAR} to {LAST_YEAR}", field=option)
    return instant.astimezone(UTC)
