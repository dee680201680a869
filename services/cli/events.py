"""Events from files: what every reader of an export yields, and the reader of JSON lines."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any, NamedTuple

import msgspec

from businesstime import to_us
from cli.errors import CliError
from clocks.domain.errors import EventInvalidError
from clocks.domain.event import Event, check_event

__all__ = ["BadRow", "EventRow", "ExportError", "open_export", "read_event_lines"]

MAX_LINE_BYTES = 1_000_000


class ExportError(CliError):
    """A file that cannot be read, or is not what it was taken for."""

    code = "export_invalid"


class EventRow(NamedTuple):
    """An event, and the line of the file where its row ends; lines count from 1."""

    line: int
    event: Event


class BadRow(NamedTuple):
    """A row that gave no event, and why."""

    line: int
    reason: str


class EventLine(msgspec.Struct, forbid_unknown_fields=True):
    """One line: an event as the clocks service takes it."""

    event_id: str
    subject_id: str
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    type: str
    sequence: int = 0
    attributes: dict[str, Any] = {}


@contextmanager
def open_export(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, compressed or not. Raises ExportError when it cannot be read to the end."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as opened:
            yield opened  # type: ignore[misc]  # GzipFile reads bytes as any file does
    except FileNotFoundError:
        raise ExportError(f"{path}: there is no such file") from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ExportError(f"{path}: not a whole gzip file ({error})") from None
    except OSError as error:
        raise ExportError(f"{path}: cannot be read ({error.strerror or error})") from None


def read_event_lines(path: Path) -> Iterator[EventRow | BadRow]:
    """Read JSON lines (`.jsonl`, also `.gz`), one event a line. Raises ExportError; bad lines are yielded."""
    decoder = msgspec.json.Decoder(EventLine)
    with open_export(path) as lines:
        line = 0
        while text := lines.readline(MAX_LINE_BYTES + 1):
            line += 1
            if len(text) > MAX_LINE_BYTES:
                raise ExportError(f"{path}: line {line} is longer than {MAX_LINE_BYTES} bytes")
            if text.strip():
                yield parse_line(line, text, decoder)


def parse_line(line: int, text: bytes, decoder: msgspec.json.Decoder[EventLine]) -> EventRow | BadRow:
    """Parse one line into an event, or say why it is none."""
    try:
        said = decoder.decode(text)
        event = Event(
            event_id=said.event_id,
            subject_id=said.subject_id,
            type=said.type,
            occurred_at_us=to_us(said.occurred_at),
            sequence=said.sequence,
            attributes=said.attributes,
        )
        check_event(event)
    except (msgspec.DecodeError, UnicodeDecodeError, EventInvalidError) as error:
        return BadRow(line, str(error))
    return EventRow(line, event)
