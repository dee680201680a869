"""Events are put in order of a key, whatever fits into memory."""

from __future__ import annotations

import tempfile
from operator import attrgetter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.events import EventRow, ExportError
from cli.sorting import in_order
from clocks.domain.event import Event

attributes = st.dictionaries(
    st.text(), st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
)
keys = st.sampled_from(["", "a", "A", "b", "é", "aa", "\U0001f600"])


def rows_of(told: list[tuple[str, dict[str, object]]]) -> list[EventRow]:
    """Make rows of subjects and attributes."""
    return [
        EventRow(
            line,
            Event(event_id=f"e{line}", subject_id=subject, type="x", occurred_at_us=-line, attributes=said),
        )
        for line, (subject, said) in enumerate(told)
    ]


@given(told=st.lists(st.tuples(keys, attributes)), run_bytes=st.sampled_from([0, 500, 2_000, 1 << 20]))
def test_groups_are_those_of_a_stable_sort(told: list[tuple[str, dict[str, object]]], run_bytes: int) -> None:
    """By code point, each key once, its rows as they came and as they were, however many runs it took."""
    rows = rows_of(told)
    groups = list(in_order(rows, attrgetter("subject_id"), run_bytes=run_bytes))
    names = [group[0].event.subject_id for group in groups]
    assert names == sorted({row.event.subject_id for row in rows})
    assert [row for group in groups for row in group] == sorted(rows, key=lambda row: row.event.subject_id)


def test_runs_of_many_chunks_are_read_back() -> None:
    """A run larger than what is read at once loses nothing."""
    rows = rows_of([(f"{line * 7919 % 1_000}", {"note": "n" * 500}) for line in range(3_000)])
    groups = list(in_order(iter(rows), attrgetter("subject_id"), run_bytes=1 << 20))
    assert [row for group in groups for row in group] == sorted(rows, key=lambda row: row.event.subject_id)


def test_a_disk_that_does_not_take_them_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line says where the events were to go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(ExportError, match="TMPDIR names another folder"):
        list(in_order(rows_of([("a", {})]), attrgetter("subject_id")))
