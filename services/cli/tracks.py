"""Every service's migrations, gathered: what one database must hold for all of them to run on it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

__all__ = ["SERVICES", "migrate_all"]

SERVICES = ("gateway", "calendars", "clocks", "credits")


async def migrate_all(database_url: str) -> None:
    """Apply every migration that the database lacks."""
    from pgstore.migrations import migrate

    await migrate(database_url, tracks())


def tracks() -> list[Any]:
    found = []
    for service in SERVICES:
        storage = importlib.import_module(f"{service}.storage")
        if hasattr(storage, "TRACK"):
            found.append(storage.TRACK)
    return found
