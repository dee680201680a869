from __future__ import annotations

import struct
import tracemalloc
import zlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import (
    BlobInvalidError,
    BlobStaleError,
    BusinessTimeError,
    Timeline,
    compile_schedule,
    schedule_from_document,
)
from businesstime.blobs import pack, unpack

OFFICE: dict[str, Any] = {
    "zone": "America/New_York",
    "hours": {"mon-fri": ["09:00-12:30", "13:15-17:30"]},
    "holidays": [{"country": "US"}],
}
TIMELINE = compile_schedule(schedule_from_document(OFFICE), start=date(2020, 1, 1), end=date(2030, 1, 1))
BLOB = TIMELINE.to_bytes()


def sealed(blob: bytes) -> bytes:
    """Give a forged blob a checksum that fits."""
    return blob[:8] + struct.pack("<I", zlib.crc32(blob[12:])) + blob[12:]


def look(blob: bytes) -> None:
    """Read bytes and use what comes of it: a value or an error of ours."""
    try:
        timeline = Timeline.from_bytes(blob)
        timeline.is_open_us(1_700_000_000_000_000)
        timeline.elapsed_us(1_600_000_000_000_000, 1_900_000_000_000_000)
        assert timeline.content_key
    except BusinessTimeError:
        pass


def test_ten_years_are_small() -> None:
    """Ten years of an office take less than 4 kB."""
    assert len(BLOB) < 1_000


@given(st.binary(max_size=200))
def test_any_bytes(blob: bytes) -> None:
    """Arbitrary bytes are an error."""
    with pytest.raises(BlobInvalidError):
        Timeline.from_bytes(blob)


@given(st.integers(0, len(BLOB) - 1), st.integers(1, 255))
def test_any_damaged_byte_is_noticed(place: int, flip: int) -> None:
    """One changed byte anywhere is an error."""
    damaged = bytearray(BLOB)
    damaged[place] ^= flip
    with pytest.raises(BlobInvalidError):
        Timeline.from_bytes(bytes(damaged))


@given(st.integers(0, len(BLOB)))
def test_any_cut_is_noticed(length: int) -> None:
    """A blob cut short is an error, and so is one with more behind it."""
    if length < len(BLOB):
        with pytest.raises(BlobInvalidError):
            Timeline.from_bytes(BLOB[:length])
    with pytest.raises(BlobInvalidError):
        Timeline.from_bytes(sealed(BLOB + b"\0" * (length + 1)))


@given(st.lists(st.tuples(st.integers(4, len(BLOB) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_forged_blobs(changes: list[tuple[int, int]]) -> None:
    """A blob changed by someone who knows the checksum is a value or an error, never a crash."""
    forged = bytearray(BLOB)
    for place, value in changes:
        forged[place] = value
    look(sealed(bytes(forged)))


@given(
    st.binary(max_size=120), st.integers(0, 2**24 + 2), st.sampled_from([1, 2, 4, 8]), st.integers(1, 2**62)
)
def test_forged_edges(steps: bytes, count: int, width: int, unit: int) -> None:
    """Edges that overflow, go backwards or leave the horizon are refused."""
    editions, document = b"tzdata", zlib.compress(b"{}")
    header = struct.pack(
        "<4sBBHIqqqII", b"MTTL", 1, width, len(editions), 0, 0, 10**15, unit, count, len(document)
    )
    look(sealed(header + editions + document + zlib.compress(steps)))


def test_a_bomb_does_not_go_off() -> None:
    """Edges that inflate to far more than the header says are not inflated."""
    bomb = zlib.compress(b"\1" * 200_000_000, 9)
    header = struct.pack("<4sBBHIqqqII", b"MTTL", 1, 1, 0, 0, 0, 10**15, 1, 100, 0)
    tracemalloc.start()
    with pytest.raises(BlobInvalidError):
        unpack(sealed(header + bomb))
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_other_editions_are_stale() -> None:
    """A Timeline made with other zone data is refused with an error of its own."""
    other = pack(TIMELINE.horizon.coverage, "tzdata 1999a, holidays 0.1", b"{}")
    with pytest.raises(BlobStaleError, match="tzdata 1999a"):
        Timeline.from_bytes(other)


def test_a_schedule_that_cannot_be_read_is_told_when_it_is_needed() -> None:
    """The document inside is read late, and then an error of ours if it is none."""
    blob = pack(TIMELINE.horizon.coverage, unpack(BLOB).editions, b"[1, 2")
    timeline = Timeline.from_bytes(blob)
    assert timeline.is_open_us(1_700_000_000_000_000) in {True, False}
    with pytest.raises(BlobInvalidError):
        _ = timeline.schedule


def test_a_blob_of_another_edition_is_read_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stale; but what was counted on it can be counted on it still, as it was compiled."""
    monkeypatch.setattr("businesstime.timeline.CURRENT_EDITIONS", ("tzdata 1999a",))
    with pytest.raises(BlobStaleError):
        Timeline.from_bytes(BLOB)
    timeline = Timeline.from_bytes(BLOB, of_any_edition=True)
    monkeypatch.undo()
    span = (1_767_000_000_000_000, 1_769_000_000_000_000)
    assert timeline.elapsed_us(*span) == Timeline.from_bytes(BLOB).elapsed_us(*span)
