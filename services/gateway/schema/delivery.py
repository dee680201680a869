"""Deliveries: what became of each message that a Webhook is owed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry
from strawberry import ID

from gateway.domain import webhook as domain
from gateway.domain.errors import GlobalIdInvalidError
from gateway.domain.global_id import decode_global_id, encode_global_id
from gateway.domain.message import Message as MessageRecord
from gateway.domain.webhook import WebhookId
from gateway.operations.read_deliveries import ListDeliveries
from gateway.operations.replay_deliveries import ReplayDeliveries
from gateway.schema.cycle import value_of
from gateway.schema.declare import object_type, resolved
from gateway.schema.failures import UserError, settle
from gateway.schema.info import Info
from gateway.schema.message import Message
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect, read_cursor, write_cursor

__all__ = ["Delivery", "ReplayPayload", "list_deliveries", "replay_deliveries"]


@strawberry.enum(
    description="PENDING: to be sent, perhaps again. DELIVERED: taken. DEAD: given up, until it is replayed."
)
class DeliveryState(StrEnum):
    """What became of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


def delivery_id(root: domain.Delivery) -> ID:
    """Names it when replaying."""
    return ID(encode_global_id("Delivery", root.webhook_id, root.message.position))


def delivery_message(root: domain.Delivery) -> MessageRecord:
    """Say what is owed."""
    return root.message


@object_type
class Delivery:
    """One message owed to one Webhook.

    attempts: how often it was tried since it was owed, or replayed.
    owed_since: its days are counted from here.
    next_attempt_at: not before this; of one that is pending.
    last_status: of HTTP; null where there was no answer.
    last_error: why it failed.
    """

    delivery_id: ID = resolved(delivery_id)
    message: Message = resolved(delivery_message)
    state: DeliveryState
    attempts: int
    owed_since: datetime
    next_attempt_at: datetime
    last_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    delivered_at: datetime | None


@object_type
class ReplayPayload:
    """How many messages are owed anew, or why none is."""

    replayed: int
    errors: list[UserError]


async def list_deliveries(
    root: domain.Webhook,
    info: Info,
    state: DeliveryState | None = None,
    first: int = DEFAULT_PAGE,
    after: str | None = None,
) -> Connection[domain.Delivery]:
    """List what is or was owed to it, latest first; dead letters are those of state DEAD."""
    asked = ListDeliveries(
        webhook_id=root.webhook_id,
        state=value_of(state),
        first=check_first(first),
        before=read_cursor("Delivery", after, int),
    )
    page = await info.context.webhooks.list_deliveries(info.context.context, asked)
    cursors = [write_cursor("Delivery", it.message.position) for it in page.deliveries]
    return connect(page.deliveries, cursors, has_next=page.has_next, after=after)


async def replay_deliveries(
    info: Info, webhook_id: str, delivery_id: ID | None = None, idempotency_key: str | None = None
) -> ReplayPayload:
    """Send anew one Delivery, or (null) the dead letters, at most 10,000. Scope: admin."""
    context = info.context.keyed(idempotency_key)
    position = None if delivery_id is None else position_of(delivery_id, webhook_id)
    asked = ReplayDeliveries(webhook_id=WebhookId(webhook_id), position=position)
    replayed, errors = await settle(info.context.webhooks.replay, context, asked)
    return ReplayPayload(replayed=replayed.replayed if replayed else 0, errors=errors)


def position_of(delivery_id: str, webhook_id: str) -> int:
    """Return the position that a Delivery's id names; raises GlobalIdInvalidError."""
    type_name, parts = decode_global_id(delivery_id)
    match parts:
        case (str(owner), int(position)) if type_name == "Delivery" and owner == webhook_id:
            return position
        case _:
            raise GlobalIdInvalidError("the id is none of a delivery of this webhook", field="delivery_id")
