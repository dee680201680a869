"""The reader of events as JSON lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cli.events import BadRow, EventRow, ExportError, read_event_lines
from clocks.domain.event import Event

LINE: dict[str, Any] = {
    "event_id": "e1",
    "subject_id": "s1",
    "occurred_at": "2026-06-01T12:00:00+02:00",
    "type": "updated",
    "sequence": 3,
    "attributes": {"priority": "1", "gone": None},
}
EVENT = Event(
    event_id="e1",
    subject_id="s1",
    type="updated",
    occurred_at_us=1_780_308_000_000_000,
    sequence=3,
    attributes={"priority": "1", "gone": None},
)


def lines(path: Path, *texts: str) -> Path:
    """Write a file of lines."""
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def test_a_line_becomes_an_event(tmp_path: Path) -> None:
    """Empty lines are passed over; the last one need not end."""
    path = lines(tmp_path / "e.jsonl", "", json.dumps(LINE))
    assert list(read_event_lines(path)) == [EventRow(2, EVENT)]
    packed = tmp_path / "e.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes().rstrip()))
    assert list(read_event_lines(packed)) == [EventRow(2, EVENT)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"occurred_at": "2026-06-01T12:00:00"}, "occurred_at"),
        ({"occurred_at": "today"}, "occurred_at"),
        ({"occurred_at": "9999-01-01T00:00:00Z"}, "occurred_at: is outside the years"),
        ({"event_id": 5}, "event_id"),
        ({"event_id": ""}, "event_id: a text of 1 to 200"),
        ({"attributes": {"a": [1]}}, "attributes.a: is not a string"),
        ({"attributes": []}, "attributes"),
        ({"sequence": 2**63}, "sequence"),
        ({"when": "now"}, "when"),
    ],
)
def test_a_bad_line_is_reported_and_the_others_are_read(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    """The line and the field are said."""
    good, bad = list(
        read_event_lines(lines(tmp_path / "e.jsonl", json.dumps(LINE), json.dumps(LINE | changes)))
    )
    assert good == EventRow(1, EVENT)
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert reason in bad.reason


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "null", "{}", "\x00", '{"event_id": "\\ud800"}'])
def test_what_is_no_event_is_a_bad_line(tmp_path: Path, text: str) -> None:
    """Broken JSON and other values alike."""
    (bad,) = read_event_lines(lines(tmp_path / "e.jsonl", text))
    assert isinstance(bad, BadRow)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    """Memory is bounded."""
    with pytest.raises(ExportError, match="line 1 is longer than"):
        list(read_event_lines(lines(tmp_path / "e.jsonl", "x" * 1_000_001)))
