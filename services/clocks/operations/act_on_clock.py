"""Act on Clocks by hand: the action is checked as a whole, then written as an event like any other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from msgspec import structs

from businesstime import from_us, to_us
from clocks.contract import ActionReceipt, ActOnClock, EventRecord, IngestEvents
from clocks.domain.action import RESERVED, Action, is_action, read_action
from clocks.domain.errors import ActionRefusedError, EventConflictError, EventInvalidError
from clocks.domain.event import Event
from clocks.domain.policy import Metric, PolicyVersion
from clocks.domain.refusals import MetricUnknownError, PolicyUnknownError, SubjectUnknownError
from clocks.operations.ingest_events import Taken, ingest
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.events import has_events, read_event
from clocks.storage.rulebooks import read_rulebook
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["Acted", "act"]

_FIELDS = {
    "type": "action",
    "attributes.policy": "policy_key",
    "attributes.from": "start",
    "attributes.until": "end",
    "attributes.event": "revokes",
}


_AHEAD = timedelta(minutes=5)
"""How far another host's clock may go ahead of ours."""


class Acted(NamedTuple):
    """The receipt, and what became of the event; None: it was there already."""

    receipt: ActionReceipt
    taken: Taken | None


async def act(
    context: RequestContext, request: ActOnClock, *, database: Database, rulebooks: Rulebooks, now: datetime
) -> Acted:
    """Write an action.

    Raises EventInvalidError, SubjectUnknownError, PolicyUnknownError, MetricUnknownError, EventConflictError,
    ActionRefusedError, TextInvalidError, and what ingest raises. Done once for an idempotency key, or an id.
    """
    for field in ("subject_id", "event_id", "revokes"):
        read_text(getattr(request, field) or "", field=field)
    event = _event(context, request, now)
    action = _read(event)
    if event.occurred_at_us > to_us(now + _AHEAD):
        raise EventInvalidError("lies in the future: an action is told when it was done", field="occurred_at")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        revisions = await read_rulebook(connection)
        if not await has_events(connection, event.subject_id):
            raise SubjectUnknownError(
                f"subject_id: no event is known of {event.subject_id!r}", field="subject_id"
            )
        known = await read_event(connection, event.event_id, subject_id=event.subject_id)
        if known is not None:
            return Acted(_known(known, event, given=request.occurred_at is not None), None)
        if action.revokes is not None:
            revoked = await read_event(connection, action.revokes, subject_id=event.subject_id)
            event = _after_revoked(event, _action(revoked, action), given=request.occurred_at is not None)
    rulebook = await rulebooks.at_least(context, revisions)
    _check_target(action, _metrics(action, rulebook.policies))
    taken = await ingest(
        context, IngestEvents(events=(_record(event),)), database=database, rulebooks=rulebooks
    )
    for refused in taken.receipt.refused:
        if refused.code == "event_conflict":
            raise EventConflictError(refused.message, field="event_id")
        raise ActionRefusedError(refused.message, field=refused.field)
    return Acted(ActionReceipt(event_id=event.event_id, occurred_at=from_us(event.occurred_at_us)), taken)


def _event(context: RequestContext, request: ActOnClock, now: datetime) -> Event:
    """Write the action down as an event; the same idempotency key gives the same id."""
    attributes = {
        "reason": request.reason,
        "actor": context.subject,
        "policy": request.policy_key,
        "metric": request.metric,
        "from": _written(request.start, "start"),
        "until": _written(request.end, "end"),
        "target": request.target,
        "duration": request.duration,
        "event": request.revokes,
    }
    occurred_at = now if request.occurred_at is None else request.occurred_at
    return Event(
        event_id=request.event_id or _new_id(context.idempotency_key),
        subject_id=request.subject_id,
        type=f"{RESERVED}{request.action}",
        occurred_at_us=to_us(read_instant(occurred_at, field="occurred_at")),
        attributes={name: value for name, value in attributes.items() if value is not None},
    )


def _written(instant: datetime | None, field: str) -> str | None:
    return None if instant is None else read_instant(instant, field=field).isoformat()


def _new_id(idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return f"action-{uuid4().hex}"
    return f"action-{hashlib.blake2b(idempotency_key.encode(), digest_size=16).hexdigest()}"


def _record(event: Event) -> EventRecord:
    return EventRecord(
        event_id=event.event_id,
        subject_id=event.subject_id,
        occurred_at=from_us(event.occurred_at_us),
        type=event.type,
        sequence=event.sequence,
        attributes=dict(event.attributes),
    )


def _read(event: Event) -> Action:
    """Read the action, and name its fields as the request does."""
    try:
        return read_action(event)
    except EventInvalidError as error:
        field = error.field or ""
        raise EventInvalidError(
            error.reason, field=_FIELDS.get(field, field.removeprefix("attributes."))
        ) from None


def _known(known: Event, event: Event, *, given: bool) -> ActionReceipt:
    """Answer for an event that is there already, if it says the same."""
    same = known.type == event.type and known.attributes == event.attributes
    if not same or (given and known.occurred_at_us != event.occurred_at_us):
        raise EventConflictError(
            f"event_id: {event.event_id!r} was taken with other content", field="event_id"
        )
    return ActionReceipt(event_id=known.event_id, occurred_at=from_us(known.occurred_at_us))


def _action(event: Event | None, revocation: Action) -> Event:
    """Take the event that is revoked, if it is a manual action. Raises EventInvalidError."""
    if event is None or not is_action(event):
        raise EventInvalidError(f"no action {revocation.revokes!r} is known of the subject", field="revokes")
    return event


def _after_revoked(event: Event, revoked: Event, *, given: bool) -> Event:
    """Give a revocation its place in the log behind what it takes back, also at the same instant."""
    at_us = event.occurred_at_us
    if at_us < revoked.occurred_at_us and given:
        raise EventInvalidError("comes before the action that it takes back", field="occurred_at")
    if at_us > revoked.occurred_at_us:
        return event
    return structs.replace(event, occurred_at_us=revoked.occurred_at_us, sequence=revoked.sequence + 1)


def _metrics(action: Action, policies: Mapping[str, Sequence[PolicyVersion]]) -> list[Metric]:
    """List what an action is about. Raises PolicyUnknownError, MetricUnknownError."""
    if action.policy_key is not None and action.policy_key not in policies:
        raise PolicyUnknownError(f"policy_key: there is no policy {action.policy_key!r}", field="policy_key")
    metrics = [
        metric
        for key, versions in policies.items()
        for version in versions
        for metric in version.policy.metrics
        if action.concerns(key, metric.name)
    ]
    if action.metric is not None and not metrics:
        raise MetricUnknownError(f"metric: there is no metric {action.metric!r}", field="metric")
    return metrics


def _check_target(action: Action, metrics: Sequence[Metric]) -> None:
    if action.target is None:
        return
    if not any(target.name == action.target for metric in metrics for target in metric.targets):
        raise EventInvalidError(f"no metric has a target {action.target!r}", field="target")
