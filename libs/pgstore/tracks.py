"""Tracks: the numbered SQL files that bring one schema up to date."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from pgstore.errors import MigrationsInvalidError
from pgstore.roles import check_identifier

__all__ = ["Migration", "Track", "shared_track"]

_FILE_NAME = re.compile(r"(\d{4})_([a-z][a-z0-9_]*)\.sql")


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One file: `number` is its place in the track, from 1, `checksum` the SHA-256 of its text."""

    track: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file's text, line ends made equal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.track} {self.number:04}_{self.name}"


@dataclass(frozen=True, kw_only=True)
class Track:
    """A schema and the package whose folder `migrations/` brings it up to date.

    name: what the database knows the track by; by default the schema's name.
    """

    schema: str
    package: str
    name: str = ""

    def __post_init__(self) -> None:
        check_identifier(self.schema)
        object.__setattr__(self, "name", self.name or self.schema)

    def migrations(self) -> tuple[Migration, ...]:
        """Read the files in order; raises MigrationsInvalidError unless they count 0001, 0002 and so on."""
        folder = files(self.package) / "migrations"
        names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
        found = []
        for place, name in enumerate(names, start=1):
            match = _FILE_NAME.fullmatch(name)
            if match is None or int(match[1]) != place:
                raise MigrationsInvalidError(
                    f"{self.package}: expected migrations/{place:04}_name.sql, found {name}"
                )
            sql = (folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")
            found.append(Migration(track=self.name, number=place, name=match[2], sql=sql))
        return tuple(found)


def shared_track(schema: str) -> Track:
    """Make the track that gives a service's schema its outbox, feed cursors and idempotency records."""
    return Track(schema=schema, package="pgstore.shared", name=f"{schema}.shared")
