"""Messages: what the services say, followed as it is said."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, cast

from clocks.contract import CycleRecord, ReadCycle
from gateway.domain.message import Message as MessageRecord
from gateway.domain.message import MessageFilter, check_filter
from gateway.domain.tenant import TenantId
from gateway.schema.cycle import Cycle, Outcome, Phase, value_of
from gateway.schema.declare import object_type, resolved
from gateway.schema.failures import find
from gateway.schema.info import Info
from gateway.schema.pages import read_cursor, write_cursor
from gateway.schema.scalars import JSONObject
from gateway.upstream.session import Session
from serving.scopes import require

__all__ = ["CycleChange", "Message", "follow_cycles", "follow_messages"]

CYCLE_TYPES = MessageFilter(types=("cycle", "warning", "breach"))


def message_cursor(root: MessageRecord) -> str:
    """Pass it as `after` to go on from here; opaque."""
    return write_cursor("Message", root.position)


def message_id(root: MessageRecord) -> str:
    """Stay the same, wherever and however often the message is delivered."""
    return str(root.message_id)


@object_type
class Message:
    """What one change told.

    source: the service that said it: calendars, clocks or credits.
    type: such as `breach.fired`.
    subject: what it is about, by the tenant's own id or key.
    payload: by type.
    created_at: when the change was made.
    """

    cursor: str = resolved(message_cursor)
    message_id: str = resolved(message_id)
    source: str
    type: str
    subject: str
    payload: JSONObject
    created_at: datetime


class Change(NamedTuple):
    """A message about a Cycle, and the Cycle as it then stands."""

    message: MessageRecord
    cycle: CycleRecord | None
    matches: bool


def change_cursor(root: Change) -> str:
    """Pass it as `after` to go on from here; opaque."""
    return write_cursor("Message", root.message.position)


def change_type(root: Change) -> str:
    """Name the latest message about it, such as `cycle.changed` or `breach.fired`."""
    return root.message.type


@object_type
class CycleChange:
    """A Cycle that has changed, read after it did.

    cycle: null where it is no more.
    matches: whether it belongs on a board with the filter; if not, take it off.
    """

    cursor: str = resolved(change_cursor)
    type: str = resolved(change_type)
    cycle: Cycle | None
    matches: bool


async def follow_messages(
    info: Info,
    types: list[str] | None = None,
    policies: list[str] | None = None,
    metrics: list[str] | None = None,
    targets: list[str] | None = None,
    after: str | None = None,
) -> AsyncGenerator[Message, None]:
    """Each message as it is said, those that match all that is given. Scope: read.

    types: whole ones, or beginnings up to a dot. after: the cursor of the last message that was seen; null:
    from now on. Nothing is passed over and nothing comes twice, also over several connections.
    """
    wanted = check_filter(
        MessageFilter(
            types=tuple(types or ()),
            policies=tuple(policies or ()),
            metrics=tuple(metrics or ()),
            targets=tuple(targets or ()),
        )
    )
    async for batch in follow(info.context, after):
        for message in batch:
            if wanted.wants(message.type, message.payload):
                yield cast("Message", message)


async def follow_cycles(
    info: Info,
    policy_key: str | None = None,
    metric: str | None = None,
    target: str | None = None,
    subject_id: str | None = None,
    phase: Phase | None = None,
    outcome: Outcome | None = None,
    after: str | None = None,
) -> AsyncGenerator[CycleChange, None]:
    """Each Cycle that changes, of the policy, metric and subject given; the rest makes `matches`.

    Scope: read. A Cycle that changes several times at once may come once. after: the cursor of the last one
    that was seen; null: from now on.
    """
    session = info.context
    coarse = {"policy_key": policy_key, "metric": metric, "subject_id": subject_id}
    fine = {"target": target, "phase": value_of(phase), "outcome": value_of(outcome)}
    async for batch in follow(session, after):
        latest = {
            cycle_of(message): message
            for message in batch
            if CYCLE_TYPES.wants(message.type, message.payload) and agrees(message.payload.get, coarse)
        }
        for message in sorted(latest.values(), key=lambda it: it.position):
            cycle = await read_cycle(session, message)
            matches = cycle is not None and agrees(partial(getattr, cycle), fine)
            yield cast("CycleChange", Change(message, cycle, matches))


def follow(session: Session, after: str | None) -> AsyncGenerator[list[MessageRecord], None]:
    """Follow the caller's tenant's messages after a cursor; raises CursorInvalidError."""
    require(session.context, "read")
    tenant_id = TenantId(session.context.tenant_id)
    return session.tail.follow(tenant_id, read_cursor("Message", after, int))


def agrees(read: Callable[[str], object], wanted: Mapping[str, object]) -> bool:
    """Say whether what is read of each name is what is wanted of it; None wants anything."""
    return all(value is None or read(name) == value for name, value in wanted.items())


def cycle_of(message: MessageRecord) -> tuple[Any, ...]:
    """Return what names the Cycle that a message is about."""
    return tuple(message.payload.get(name) for name in ("subject_id", "policy_key", "metric", "cycle"))


async def read_cycle(session: Session, message: MessageRecord) -> CycleRecord | None:
    """Read the Cycle that a message is about, as it stands now."""
    subject_id, policy_key, metric, cycle = cycle_of(message)
    request = ReadCycle(subject_id=subject_id, policy_key=policy_key, metric=metric, cycle=cycle)
    return await find(session.clocks.read_cycle(session.context, request))
