"""Every service's migrations, gathered: what a database must hold for the services that run on it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from pgstore.migrations import migrate
from pgstore.tracks import Migration, Track

__all__ = ["SERVICES", "migrate_all", "tracks_of"]

SERVICES = ("gateway", "calendars", "clocks", "credits")


async def migrate_all(
    database_url: str, services: Iterable[str] = SERVICES, *, wait_s: int = 60
) -> tuple[Migration, ...]:
    """Apply every migration that the database lacks, and answer which; raises as `migrate` does."""
    return await migrate(database_url, tracks_of(services), wait_s=wait_s)


def tracks_of(services: Iterable[str]) -> tuple[Track, ...]:
    """List the tracks of services: the schema of each is named for it."""
    tracks = (Track(schema=service, package=f"{service}.storage") for service in services)
    return tuple(track for track in tracks if (files(track.package) / "migrations").is_dir())
