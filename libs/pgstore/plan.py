"""What is left to apply, decided from the files and the record: pure, so each refusal is a plain test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pgstore.errors import DatabaseNewerError, MigrationChangedError, MigrationsInvalidError
from pgstore.tracks import Migration, Track, shared_track

__all__ = ["Applied", "left_to_apply", "with_shared"]


@dataclass(frozen=True, kw_only=True)
class Applied:
    """A row of the record: which migration was applied, and its checksum then."""

    number: int
    name: str
    checksum: str


def with_shared(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """Put before each schema's first track the shared one that its own may build on."""
    both = (one for track in tracks for one in (shared_track(track.schema), track))
    return tuple(dict.fromkeys(both))


def left_to_apply(track: Track, applied: Mapping[int, Applied]) -> tuple[Migration, ...]:
    """List a track's migrations that the record lacks, in order.

    Raises DatabaseNewerError, MigrationChangedError, MigrationsInvalidError.
    """
    known = {migration.number: migration for migration in track.migrations()}
    unknown = sorted(applied.keys() - known.keys())
    if unknown:
        newest = applied[unknown[-1]]
        raise DatabaseNewerError(
            f"the database has migration {track.name} {newest.number:04}_{newest.name}, which this version of"
            " Meantime does not know: run the version that made it, or a later one"
        )
    for number in sorted(applied):
        _check_unchanged(known[number], applied[number])
    left = tuple(migration for number, migration in known.items() if number not in applied)
    if left and applied and left[0].number < max(applied):
        raise MigrationsInvalidError(f"the database has later migrations than {left[0]}, but not that one")
    return left


def _check_unchanged(migration: Migration, applied: Applied) -> None:
    if migration.checksum != applied.checksum:
        raise MigrationChangedError(
            f"migration {migration} has other content than when it was applied to this database: restore the"
            " file and put the change into a new one"
        )
