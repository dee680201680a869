"""Check events one by one: what can be a fact goes on, what cannot is refused with its place and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from businesstime import to_us
from clocks.contract import EventRecord, RefusedEvent
from clocks.domain.action import is_action, read_action
from clocks.domain.errors import EventInvalidError
from clocks.domain.event import Event, check_event
from clocks.storage.events import NewEvent, enter_event

__all__ = ["MAX_ATTRIBUTES_BYTES", "Batch", "EventRefusal", "check", "conflict"]

MAX_ATTRIBUTES_BYTES = 64 * 1024
INSTANTS_US = range(to_us(datetime(1970, 1, 1, tzinfo=UTC)), to_us(datetime(2200, 1, 1, tzinfo=UTC)))


class EventRefusal(NamedTuple):
    """Why an event is refused: a stable code, the field at fault, and a message for the caller."""

    code: str
    field: str | None
    message: str


@dataclass(kw_only=True, slots=True)
class Batch:
    """A checked batch.

    events: those that may be taken, by id; places: where in the batch they stand. repeated: how many more
    events say the same under an id of the batch. refused: the others, in order of place.
    """

    events: dict[str, NewEvent] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    refused: list[RefusedEvent] = field(default_factory=list)

    def refuse(self, why: Mapping[str, EventRefusal]) -> None:
        """Refuse events of the batch after all, by id."""
        for event_id, reason in why.items():
            del self.events[event_id]
            self.refused.append(refusal(self.places[event_id], event_id, reason))


def check(records: Sequence[EventRecord]) -> Batch:
    """Sort a batch out; of two events under one id with other content, the later one is refused."""
    batch = Batch()
    for index, record in enumerate(records):
        new = _enter(record)
        if isinstance(new, EventRefusal):
            batch.refused.append(refusal(index, record.event_id, new))
            continue
        first = batch.events.setdefault(record.event_id, new)
        if first is new:
            batch.places[record.event_id] = index
        elif first.content_hash == new.content_hash:
            batch.repeated += 1
        else:
            batch.refused.append(refusal(index, record.event_id, conflict(record.event_id)))
    return batch


def refusal(index: int, event_id: str, why: EventRefusal) -> RefusedEvent:
    """Say of an event, by its place in the batch, why it was refused."""
    return RefusedEvent(index=index, event_id=event_id, code=why.code, field=why.field, message=why.message)


def conflict(event_id: str) -> EventRefusal:
    """Say that an id is taken by an event with other content."""
    return EventRefusal(
        "event_conflict",
        "event_id",
        f"event_id: {event_id!r} was taken with other content; an event is never changed",
    )


def _enter(record: EventRecord) -> NewEvent | EventRefusal:
    occurred_at = record.occurred_at
    if occurred_at.utcoffset() is None:
        return EventRefusal("time_naive", "occurred_at", "occurred_at: needs an offset from UTC, such as Z")
    occurred_at_us = to_us(occurred_at)
    if occurred_at_us not in INSTANTS_US:
        return EventRefusal(
            "time_out_of_bounds", "occurred_at", "occurred_at: lies outside of the years 1970 to 2199"
        )
    event = Event(
        event_id=record.event_id,
        subject_id=record.subject_id,
        type=record.type,
        occurred_at_us=occurred_at_us,
        sequence=record.sequence,
        attributes=record.attributes,
    )
    try:
        check_event(event)
        if is_action(event):
            read_action(event)
        new = enter_event(event)
    except EventInvalidError as error:
        return EventRefusal(error.code, error.field, str(error))
    except UnicodeEncodeError:
        return EventRefusal("event_invalid", None, "holds half of a surrogate pair, which is no text")
    if len(new.attributes) > MAX_ATTRIBUTES_BYTES:
        return EventRefusal(
            "event_too_large", "attributes", f"attributes: more than {MAX_ATTRIBUTES_BYTES} bytes of JSON"
        )
    return new
