"""Deliveries in and out of their table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from gateway.domain.message import Message
from gateway.domain.retry import Attempt, Verdict
from gateway.domain.tenant import TenantId
from gateway.domain.webhook import Delivery, DeliveryState, WebhookId
from gateway.storage.messages import message_from_row
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = [
    "Outcome",
    "Owed",
    "expire_deliveries",
    "owe_messages",
    "read_backlog",
    "read_deliveries",
    "read_due",
    "record_outcomes",
    "replay_dead",
    "replay_delivery",
]

SQL = load_blocks("gateway.storage", "deliveries.sql")

MAX_POSITION = 2**63 - 1
PLAIN = tuple(name for name in Delivery.__struct_fields__ if name != "message")


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """A message to send now; owed_s: for how many seconds it has been owed."""

    message: Message
    attempts: int
    owed_s: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an attempt to send a message."""

    owed: Owed
    attempt: Attempt
    verdict: Verdict


async def owe_messages(connection: Connection, *, batch: int) -> bool:
    """Owe about so many messages of the tenant that has waited longest; False: none waits."""
    owed: bool = await connection.fetchval(SQL["owe"], batch)
    return owed


async def read_due(
    connection: Connection, tenant_id: TenantId, webhook_id: WebhookId, *, limit: int
) -> list[Owed]:
    """Read what is owed to a webhook now, in order."""
    rows = await connection.fetch(SQL["read_due"], tenant_id, webhook_id, limit)
    return [
        Owed(message=message_from_row(row), attempts=row["attempts"], owed_s=row["owed_s"]) for row in rows
    ]


async def record_outcomes(
    connection: Connection, tenant_id: TenantId, webhook_id: WebhookId, outcomes: Sequence[Outcome]
) -> None:
    """Write how attempts went."""
    await connection.execute(
        SQL["record"],
        tenant_id,
        webhook_id,
        [outcome.owed.message.position for outcome in outcomes],
        [outcome.verdict.state for outcome in outcomes],
        [outcome.verdict.delay_s for outcome in outcomes],
        [outcome.attempt.status for outcome in outcomes],
        [outcome.attempt.error for outcome in outcomes],
    )


async def read_deliveries(
    connection: Connection,
    tenant_id: TenantId,
    webhook_id: WebhookId,
    *,
    state: DeliveryState | None,
    before: int | None,
    limit: int,
) -> list[Delivery]:
    """Read what is or was owed to a webhook, latest first; `before`: a position."""
    place = MAX_POSITION if before is None else before
    rows = await connection.fetch(SQL["read_page"], tenant_id, webhook_id, place, state, limit)
    return [delivery_from_row(row) for row in rows]


async def replay_delivery(
    connection: Connection, tenant_id: TenantId, webhook_id: WebhookId, position: int
) -> bool:
    """Owe one message anew; False where it was never owed."""
    return await connection.fetchval(SQL["replay_one"], tenant_id, webhook_id, position) is not None


async def replay_dead(
    connection: Connection, tenant_id: TenantId, webhook_id: WebhookId, *, limit: int
) -> int:
    """Owe a webhook's dead letters anew; returns how many."""
    return len(await connection.fetch(SQL["replay_dead"], tenant_id, webhook_id, limit))


async def expire_deliveries(connection: Connection, *, patience: timedelta, limit: int) -> int:
    """Give up what was owed for longer; on a connection without a tenant. Returns how many."""
    expired: int = await connection.fetchval(SQL["expire"], patience, limit)
    return expired


async def read_backlog(connection: Connection) -> tuple[int, float]:
    """Read how many deliveries wait, and the age in seconds of the oldest that may be sent now."""
    row = await connection.fetchrow(SQL["backlog"])
    return (row["waiting"], row["oldest_s"]) if row else (0, 0.0)


def delivery_from_row(row: Row) -> Delivery:
    """Make the value of a row."""
    return Delivery(message=message_from_row(row), **{name: row[name] for name in PLAIN})
