"""Zones on the command line."""

from __future__ import annotations

from typing import overload

from businesstime import ZoneUnknownError, zone
from cli.errors import OptionError

__all__ = ["read_zone"]


@overload
def read_zone(name: str, option: str) -> str: ...
@overload
def read_zone(name: None, option: str) -> None: ...
def read_zone(name: str | None, option: str) -> str | None:
    """Take the name of a zone, if one is given. Raises OptionError, which names the option."""
    try:
        if name is not None:
            zone(name)
    except ZoneUnknownError as error:
        raise OptionError(f"{option}: {error.reason}", field=option) from None
    return name
