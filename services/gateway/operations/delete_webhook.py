"""Forget a webhook and what it is owed."""

from __future__ import annotations

import msgspec

from gateway.domain.tenant import TenantId
from gateway.domain.webhook import Webhook, WebhookId
from gateway.operations.read_webhooks import existing_webhook
from gateway.storage import webhooks
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext
from serving.scopes import require

__all__ = ["DeleteWebhook", "delete_webhook"]


class DeleteWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook to forget."""

    webhook_id: WebhookId


async def delete_webhook(database: Database, context: RequestContext, request: DeleteWebhook) -> Webhook:
    """Forget a webhook and answer what it was; raises WebhookUnknownError. Scope: admin."""
    require(context, "admin")
    async with database.transaction(context.tenant_id) as connection:

        async def delete() -> Webhook:
            webhook = await existing_webhook(connection, context, request.webhook_id)
            await webhooks.delete_webhook(connection, TenantId(context.tenant_id), webhook.webhook_id)
            return webhook

        return await once(
            connection,
            key=context.idempotency_key,
            operation="delete_webhook",
            request=request,
            answer_type=Webhook,
            effect=delete,
        )
