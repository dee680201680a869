from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pgstore.errors import DatabaseNewerError, MigrationChangedError, MigrationsInvalidError, PgstoreError
from pgstore.plan import Applied, left_to_apply, with_shared
from pgstore.tracks import Track, shared_track

MakeTrack = Callable[[Mapping[str, str]], Track]


@pytest.fixture
def make_track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeTrack:
    """Make a track whose package holds the files given by name."""

    def make(sources: Mapping[str, str]) -> Track:
        folder = tmp_path / "made_track" / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in sources.items():
            (folder / name).write_text(text, encoding="utf-8")
        return Track(schema="made", package="made_track")

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "made_track", raising=False)
    return make


def applied_of(track: Track, count: int) -> dict[int, Applied]:
    """Record the first migrations of a track as they are."""
    return {
        one.number: Applied(number=one.number, name=one.name, checksum=one.checksum)
        for one in track.migrations()[:count]
    }


THREE = {"0001_one.sql": "SELECT 1;", "0002_two.sql": "SELECT 2;", "0003_three.sql": "SELECT 3;"}


@pytest.mark.parametrize(("applied", "left"), [(0, [1, 2, 3]), (1, [2, 3]), (3, [])])
def test_what_is_not_applied_is_left(make_track: MakeTrack, applied: int, left: list[int]) -> None:
    """What is left comes in order, after what was applied."""
    track = make_track(THREE)
    assert [one.number for one in left_to_apply(track, applied_of(track, applied))] == left


def test_a_newer_database_is_refused(make_track: MakeTrack) -> None:
    """A migration that the code lacks is named, with what to do."""
    track = make_track(THREE)
    applied = applied_of(track, 3) | {4: Applied(number=4, name="four", checksum="c")}
    with pytest.raises(DatabaseNewerError, match="made 0004_four, which this version") as refused:
        left_to_apply(track, applied)
    assert refused.value.code == "database_newer"


def test_a_changed_file_is_refused(make_track: MakeTrack) -> None:
    """What was applied must stay as it was."""
    applied = applied_of(make_track(THREE), 2)
    changed = make_track(THREE | {"0002_two.sql": "SELECT 22;"})
    with pytest.raises(MigrationChangedError, match="made 0002_two has other content"):
        left_to_apply(changed, applied)


def test_line_ends_make_no_change(make_track: MakeTrack) -> None:
    """A checkout with other line ends has the same migrations."""
    applied = applied_of(make_track({"0001_one.sql": "SELECT 1;\nSELECT 1;\n"}), 1)
    assert left_to_apply(make_track({"0001_one.sql": "SELECT 1;\r\nSELECT 1;\r\n"}), applied) == ()


def test_a_skipped_migration_is_refused(make_track: MakeTrack) -> None:
    """A database in which a later one was applied without an earlier one is not mended in silence."""
    track = make_track(THREE)
    applied = applied_of(track, 3)
    del applied[2]
    with pytest.raises(MigrationsInvalidError, match="later migrations than made 0002_two"):
        left_to_apply(track, applied)


@pytest.mark.parametrize(
    "names",
    [["0002_two.sql"], ["0001_one.sql", "0003_three.sql"], ["0001_one.sql", "0001_two.sql"], ["one.sql"]],
)
def test_files_must_count_up_without_a_gap(make_track: MakeTrack, names: list[str]) -> None:
    """Two branches that took the same number are noticed where they meet."""
    with pytest.raises(MigrationsInvalidError, match=r"made_track: expected migrations/000\d_name\.sql"):
        make_track(dict.fromkeys(names, "SELECT 1;")).migrations()


def test_the_shared_track_comes_first_and_once() -> None:
    """Each schema has its shared tables before its own, however many tracks it has."""
    own, more = Track(schema="a", package="p"), Track(schema="a", package="q", name="a.more")
    other = Track(schema="b", package="p")
    assert with_shared([own, more, other]) == (shared_track("a"), own, more, shared_track("b"), other)


def test_a_schema_with_a_strange_name_is_refused() -> None:
    """A schema's name stands in statements as it is, so it is plain."""
    with pytest.raises(PgstoreError, match="no name for a schema"):
        Track(schema='a"; DROP', package="p")
