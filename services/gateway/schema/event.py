"""Events: facts about Subjects, taken in batches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast

import msgspec
import strawberry

from clocks import contract
from gateway.schema.declare import input_made_by, input_type, object_type
from gateway.schema.failures import UserError, camel_field, settle
from gateway.schema.info import Info
from gateway.schema.scalars import JSONObject, parse_instant

__all__ = ["EventFields", "IngestEventsPayload", "ingest_events", "record_of"]


Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]


class EventFields(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An EventInput as it is sent, where it is exactly as its type asks."""

    event_id: str
    subject_id: str
    occurred_at: str
    type: str
    sequence: Int32 = 0
    attributes: dict[str, Any] | None = None


def record_of(fields: EventFields) -> contract.EventRecord:
    """Make what crosses the door; raises GraphQLError for what is no instant."""
    return contract.EventRecord(
        event_id=fields.event_id,
        subject_id=fields.subject_id,
        occurred_at=parse_instant(fields.occurred_at),
        type=fields.type,
        sequence=fields.sequence,
        attributes=fields.attributes or {},
    )


def batch_of(sent: Mapping[str, Any]) -> contract.IngestEvents:
    """Make what crosses the door of a batch, whose events were read one by one or in bulk."""
    events = sent["events"]
    return contract.IngestEvents(
        events=tuple(it if isinstance(it, contract.EventRecord) else event_of(it) for it in events)
    )


def event_of(sent: Mapping[str, Any]) -> contract.EventRecord:
    """Make what crosses the door of an event's fields, as they were sent and checked."""
    return contract.EventRecord(
        event_id=sent["eventId"],
        subject_id=sent["subjectId"],
        occurred_at=sent["occurredAt"],
        type=sent["type"],
        sequence=sent["sequence"],
        attributes=sent.get("attributes") or {},
    )


@input_type
class EventInput:
    """A fact about a Subject.

    event_id: unique in the tenant; the same event again changes nothing, another one under its id is refused.
    subject_id: the tenant's own id of the Subject.
    type: what happened, in the tenant's own words.
    sequence: orders events of one Subject and instant.
    attributes: those that changed, by name; null removes one. Values are JSON scalars.
    """

    event_id: str
    subject_id: str
    occurred_at: datetime
    type: str
    sequence: int = 0
    attributes: JSONObject | None = None


@input_made_by(batch_of)
class IngestEventsInput:
    """A batch of at most 1,000 events, in any order."""

    events: list[EventInput]


@object_type
class RefusedEvent:
    """An event that was not taken, and why; the others of its batch were.

    index: its place in the batch, from 0.
    """

    index: int
    event_id: str
    code: str
    field: str | None
    message: str


@object_type
class IngestEventsPayload:
    """What became of a batch: accepted + duplicates + refused = events sent; or why none of it was taken.

    accepted: new events.
    duplicates: events that were there already.
    refused: events that were not taken, in order of index.
    """

    accepted: int
    duplicates: int
    refused: list[RefusedEvent]
    errors: list[UserError]


async def ingest_events(
    info: Info,
    request: Annotated[IngestEventsInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> IngestEventsPayload:
    """Take a batch of events. Scope: ingest."""
    context = info.context.keyed(idempotency_key)
    asked = cast("contract.IngestEvents", request)
    receipt: contract.IngestReceipt | None
    receipt, errors = await settle(info.context.clocks.ingest_events, context, asked)
    if receipt is None:
        return IngestEventsPayload(accepted=0, duplicates=0, refused=[], errors=errors)
    refused = [refused_event(event) for event in receipt.refused]
    return IngestEventsPayload(
        accepted=receipt.accepted, duplicates=receipt.duplicates, refused=refused, errors=[]
    )


def refused_event(event: contract.RefusedEvent) -> RefusedEvent:
    """Write a refusal with the schema's own name for its field."""
    return RefusedEvent(
        index=event.index,
        event_id=event.event_id,
        code=event.code,
        field=camel_field(event.field),
        message=event.message,
    )
