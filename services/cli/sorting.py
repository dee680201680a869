"""Events of a file in order of a text of theirs, in bounded memory: runs in a temporary file, merged.

What is held is one run of RUN_BYTES, a chunk of each run that was set aside, and the events of one group. How
many events the file has matters to the disk alone.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import IO

import msgspec

from cli.events import EventRow, ExportError
from clocks.domain.event import Event

__all__ = ["RUN_BYTES", "in_order"]

RUN_BYTES = 48 << 20
CHUNK_BYTES = 64 << 10
ENTRY_BYTES = 150
LENGTH_BYTES = 4

Entry = tuple[str, bytes]

_key = itemgetter(0)
_encode = msgspec.msgpack.Encoder().encode
_decode_row = msgspec.msgpack.Decoder(EventRow).decode
_decode_chunk = msgspec.msgpack.Decoder(list[Entry]).decode


def in_order(
    rows: Iterable[EventRow], key: Callable[[Event], str], *, run_bytes: int = RUN_BYTES
) -> Iterator[list[EventRow]]:
    """Group rows by a key and yield the groups in its order; rows of a group are as they came.

    All rows are read before the first group is yielded. Raises ExportError when the disk does not take them.
    """
    try:
        with tempfile.TemporaryFile() as aside:
            for _, entries in groupby(merged(rows, key, aside, run_bytes), key=_key):
                yield [_decode_row(blob) for _, blob in entries]
    except OSError as error:
        folder = tempfile.gettempdir()
        raise ExportError(
            f"the events do not fit into {folder} ({error.strerror or error}); TMPDIR names another folder"
        ) from error


def merged(
    rows: Iterable[EventRow], key: Callable[[Event], str], aside: IO[bytes], run_bytes: int
) -> Iterator[Entry]:
    """Take all rows, and iterate over them in order; what is more than a run is set aside."""
    runs: list[Iterator[Entry]] = []
    entries: list[Entry] = []
    size = 0
    for row in rows:
        blob = _encode(row)
        entries.append((key(row.event), blob))
        size += len(blob) + ENTRY_BYTES
        if size > run_bytes:
            runs.append(set_aside(entries, aside))
            entries, size = [], 0
    entries.sort(key=_key)
    return heapq.merge(*runs, entries, key=_key) if runs else iter(entries)


def set_aside(entries: list[Entry], aside: IO[bytes]) -> Iterator[Entry]:
    """Write a run in order, chunk by chunk; answers an iterator that reads it back."""
    entries.sort(key=_key)
    start = aside.seek(0, 2)
    chunk: list[Entry] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        size += len(entry[1])
        if size > CHUNK_BYTES:
            write_chunk(chunk, aside)
            chunk, size = [], 0
    write_chunk(chunk, aside)
    return read_back(aside, start, aside.tell())


def write_chunk(chunk: list[Entry], aside: IO[bytes]) -> None:
    """Write some entries behind their length."""
    blob = _encode(chunk)
    aside.write(len(blob).to_bytes(LENGTH_BYTES, "big") + blob)


def read_back(aside: IO[bytes], start: int, end: int) -> Iterator[Entry]:
    """Read a run that lies in [start, end), a chunk at a time."""
    while start < end:
        aside.seek(start)
        length = int.from_bytes(aside.read(LENGTH_BYTES), "big")
        yield from _decode_chunk(aside.read(length))
        start += LENGTH_BYTES + length
