"""Read what is or was owed to a webhook."""

from __future__ import annotations

import msgspec

from gateway.domain.tenant import TenantId
from gateway.domain.webhook import Delivery, DeliveryState, WebhookId
from gateway.operations.read_webhooks import existing_webhook
from gateway.storage import deliveries
from pgstore.database import Database
from serving.context import RequestContext
from serving.scopes import require

__all__ = ["DeliveryPage", "ListDeliveries", "list_deliveries"]


class ListDeliveries(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a webhook's deliveries, latest first; state: None for all. before: a position."""

    webhook_id: WebhookId
    state: DeliveryState | None
    first: int
    before: int | None = None


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries, and whether more follow."""

    deliveries: list[Delivery]
    has_next: bool


async def list_deliveries(
    database: Database, context: RequestContext, request: ListDeliveries
) -> DeliveryPage:
    """Read a page; raises WebhookUnknownError. Scope: admin."""
    require(context, "admin")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        webhook = await existing_webhook(connection, context, request.webhook_id)
        found = await deliveries.read_deliveries(
            connection,
            TenantId(context.tenant_id),
            webhook.webhook_id,
            state=request.state,
            before=request.before,
            limit=request.first + 1,
        )
    return DeliveryPage(deliveries=found[: request.first], has_next=len(found) > request.first)
