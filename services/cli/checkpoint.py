"""How far an import has come, so that one that was cut off goes on: a line for each batch that was taken.

The file is named for the hash of everything that decides what is sent: the export's bytes, the zone, tenant
and gateway, and how batches are made. A line is written after the gateway's answer; an event that was sent
and not written down is sent again, and is a duplicate there. When the import is done the file goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self

import msgspec

__all__ = ["Checkpoint", "Refused", "Taken", "hash_input"]

_CHUNK_BYTES = 1 << 20


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the gateway did not take: the line of its row, its id, and why."""

    line: int
    event_id: str
    code: str
    message: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was answered: the next `events` of its lane, and what became of them."""

    lane: int
    events: int
    accepted: int
    duplicates: int
    refused: tuple[Refused, ...]


def hash_input(path: Path, *facts: str) -> str:
    """Hash a file's bytes and the facts that decide what is made of them."""
    digest = hashlib.sha256("\0".join(facts).encode())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


class Checkpoint:
    """The record of one import, opened for as long as a `with` block runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    @classmethod
    def for_input(cls, data: Path, input_hash: str) -> Checkpoint:
        """Give the record of an input, in the data directory."""
        return cls(data / "imports" / f"{input_hash}.jsonl")

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = [msgspec.json.encode(taken) + b"\n" for taken in self.taken()]
        self._path.write_bytes(b"".join(lines))  # without the half line of a crash, if there is one
        self._file = self._path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def taken(self) -> Sequence[Taken]:
        """Read what was taken before, up to the first line that was not written whole."""
        try:
            return tuple(_whole(self._path.read_bytes().splitlines(keepends=True)))
        except FileNotFoundError:
            return ()

    def add(self, taken: Taken) -> None:
        """Write down that a batch was taken."""
        if self._file is None:
            raise RuntimeError("a checkpoint is written to inside its with block")
        self._file.write(msgspec.json.encode(taken) + b"\n")
        self._file.flush()

    def remove(self) -> None:
        """Forget: the import is done, or shall begin anew."""
        self._path.unlink(missing_ok=True)


def _whole(lines: Iterable[bytes]) -> Iterator[Taken]:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Taken)
    for line in lines:
        if not line.endswith(b"\n"):
            return
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError:
            return
