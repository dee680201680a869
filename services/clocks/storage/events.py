"""The log of facts: events in, once each, and out again in the order of the fold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypedDict

import msgspec

from businesstime import from_us, to_us
from clocks.domain.action import RESERVED
from clocks.domain.event import Event
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row
from pgstore.refusals import taken_meanwhile

__all__ = [
    "NewEvent",
    "enter_event",
    "has_events",
    "insert_events",
    "read_content_hashes",
    "read_event",
    "read_events",
    "read_events_known",
    "read_narrowed_events",
]

_SQL = load_blocks("clocks.storage", "events.sql")
_ENCODER = msgspec.json.Encoder(order="deterministic")
_MAX_NARROWED = 200

Decode = Callable[[str], Mapping[str, Any]]
_decode: Decode = msgspec.json.Decoder(dict[str, Any]).decode


class NewEvent(NamedTuple):
    """An event with its attributes as JSON, and the hash of all that it says."""

    event: Event
    attributes: bytes
    content_hash: bytes


class _EventRow(msgspec.Struct, gc=False):
    """A row on its way: rows as JSON cost a tenth of what columns as arrays cost to encode."""

    event_id: str
    subject_id: str
    occurred_at: datetime
    sequence: int
    type: str
    attributes: msgspec.Raw
    content_hash: bytes


def enter_event(event: Event) -> NewEvent:
    """Write an event down. Raises UnicodeEncodeError for text that is no Unicode (half a surrogate pair)."""
    attributes = _ENCODER.encode(event.attributes)
    said = (event.subject_id, event.occurred_at_us, event.sequence, event.type, msgspec.Raw(attributes))
    content_hash = hashlib.blake2b(_ENCODER.encode(said), digest_size=16).digest()
    return NewEvent(event, attributes, content_hash)


async def insert_events(connection: Connection, new: Sequence[NewEvent]) -> None:
    """Enter events whose ids are not known, in order of id, so that rivals never wait crosswise.

    Raises TransactionConflictError where a rival has taken one of the ids meanwhile.
    """
    if new:
        rows = _ENCODER.encode([_row(one) for one in sorted(new, key=_event_id)])
        with taken_meanwhile():
            await connection.execute(_SQL["insert_events"], rows.decode())


async def read_content_hashes(connection: Connection, event_ids: Sequence[str]) -> Mapping[str, bytes]:
    """Read what known events say, by id."""
    asked = _ENCODER.encode(event_ids).decode()
    return {row[0]: row[1] for row in await connection.fetch(_SQL["read_content_hashes"], asked)}


async def has_events(connection: Connection, subject_id: str) -> bool:
    """Tell whether any event is known of a Subject."""
    found: bool = await connection.fetchval(_SQL["has_events"], subject_id)
    return found


async def read_event(connection: Connection, event_id: str, *, subject_id: str) -> Event | None:
    """Read one event of a Subject; None where it has none of that id."""
    row = await connection.fetchrow(_SQL["read_event"], event_id, subject_id)
    return None if row is None else _event(row)


async def read_events_known(connection: Connection, subject_id: str, known_at: datetime) -> Sequence[Event]:
    """Read the events of a Subject that had arrived by an instant, in the order of the fold."""
    return [_event(row) for row in await connection.fetch(_SQL["read_events_known"], subject_id, known_at)]


async def read_events(connection: Connection, subject_ids: Sequence[str]) -> Mapping[str, Sequence[Event]]:
    """Read all events of Subjects, in the order of the fold."""
    rows = await connection.fetch(_SQL["read_events"], list(subject_ids))
    return {
        subject_id: [_event(row) for row in group]
        for subject_id, group in groupby(rows, key=itemgetter("subject_id"))
    }


async def read_narrowed_events(
    connection: Connection, subject_ids: Sequence[str], names: frozenset[str]
) -> Mapping[str, Sequence[Event]]:
    """Read all events of Subjects, in the order of the fold, with no other attributes than those named.

    Manual actions keep theirs. Where few of many attributes matter, most of reading is saved.
    """
    narrowed = _narrowed(names)
    rows = await connection.fetch(_SQL["read_events"], list(subject_ids))
    return {
        subject_id: [_event(row, _decode if row["type"].startswith(RESERVED) else narrowed) for row in group]
        for subject_id, group in groupby(rows, key=itemgetter("subject_id"))
    }


@lru_cache(maxsize=_MAX_NARROWED)
def _narrowed(names: frozenset[str]) -> Decode:
    """Make a decoder that skips what is not named; absent and null stay two things."""
    if not all(name.isascii() for name in names):
        return _decode  # msgspec 0.22 takes no other keys of a TypedDict: read all
    shape = TypedDict("shape", dict.fromkeys(sorted(names), Any), total=False)  # type: ignore[misc]  # made at run time
    return msgspec.json.Decoder(shape).decode


def _event_id(new: NewEvent) -> str:
    return new.event.event_id


def _row(new: NewEvent) -> _EventRow:
    event = new.event
    return _EventRow(
        event.event_id,
        event.subject_id,
        from_us(event.occurred_at_us),
        event.sequence,
        event.type,
        msgspec.Raw(new.attributes),
        new.content_hash,
    )


def _event(row: Row, decode: Decode = _decode) -> Event:
    event_id, subject_id, occurred_at, sequence, event_type, attributes = row
    return Event(
        event_id=event_id,
        subject_id=subject_id,
        type=event_type,
        occurred_at_us=to_us(occurred_at),
        sequence=sequence,
        attributes=decode(attributes),
    )
