"""Owe messages anew: one, whatever became of it, or all the dead letters of a webhook."""

from __future__ import annotations

import msgspec

from gateway.domain.errors import DeliveryUnknownError
from gateway.domain.tenant import TenantId
from gateway.domain.webhook import WebhookId
from gateway.operations.read_webhooks import existing_webhook
from gateway.storage import deliveries, webhooks
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext
from serving.scopes import require

__all__ = ["ReplayDeliveries", "Replayed", "replay_deliveries"]

MAX_DEAD = 10_000


class ReplayDeliveries(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's delivery at a position; None: its dead letters, oldest first, at most 10,000."""

    webhook_id: WebhookId
    position: int | None = None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages are owed anew."""

    replayed: int


async def replay_deliveries(
    database: Database, context: RequestContext, request: ReplayDeliveries
) -> Replayed:
    """Owe anew; raises WebhookUnknownError, DeliveryUnknownError. Scope: admin.

    The receiver gets the same webhook-id as before, so one that has seen it may pass it over.
    """
    require(context, "admin")
    async with database.transaction(context.tenant_id) as connection:
        return await once(
            connection,
            key=context.idempotency_key,
            operation="replay_deliveries",
            request=request,
            answer_type=Replayed,
            effect=lambda: _replay(connection, context, request),
        )


async def _replay(connection: Connection, context: RequestContext, request: ReplayDeliveries) -> Replayed:
    tenant_id = TenantId(context.tenant_id)
    # The webhook's row first, as a worker does that writes down how deliveries went.
    await webhooks.lock_webhook(connection, tenant_id, request.webhook_id)
    webhook = await existing_webhook(connection, context, request.webhook_id)
    replayed = await _count(connection, tenant_id, webhook.webhook_id, request.position)
    await webhooks.wake_webhook(connection, tenant_id, webhook.webhook_id)
    return Replayed(replayed=replayed)


async def _count(
    connection: Connection, tenant_id: TenantId, webhook_id: WebhookId, position: int | None
) -> int:
    if position is None:
        return await deliveries.replay_dead(connection, tenant_id, webhook_id, limit=MAX_DEAD)
    if not await deliveries.replay_delivery(connection, tenant_id, webhook_id, position):
        raise DeliveryUnknownError("that message was never owed to the webhook, or is kept no longer")
    return 1
