"""Read a tenant's webhooks."""

from __future__ import annotations

import msgspec

from gateway.domain.errors import WebhookUnknownError
from gateway.domain.tenant import TenantId
from gateway.domain.webhook import Webhook, WebhookId
from gateway.storage import webhooks
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext
from serving.scopes import require

__all__ = ["ListWebhooks", "ReadWebhook", "WebhookPage", "existing_webhook", "list_webhooks", "read_webhook"]


class ReadWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook."""

    webhook_id: WebhookId


class ListWebhooks(msgspec.Struct, frozen=True, kw_only=True):
    """A page of webhooks in order of id; after: an id, None: from the first."""

    first: int
    after: str | None = None


class WebhookPage(msgspec.Struct, frozen=True, kw_only=True):
    """Webhooks, and whether more follow."""

    webhooks: list[Webhook]
    has_next: bool


async def read_webhook(database: Database, context: RequestContext, request: ReadWebhook) -> Webhook:
    """Read one; raises WebhookUnknownError. Scope: admin."""
    require(context, "admin")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return await existing_webhook(connection, context, request.webhook_id)


async def list_webhooks(database: Database, context: RequestContext, request: ListWebhooks) -> WebhookPage:
    """Read a page. Scope: admin."""
    require(context, "admin")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        found = await webhooks.read_webhooks(
            connection, TenantId(context.tenant_id), after=request.after or "", limit=request.first + 1
        )
    return WebhookPage(webhooks=found[: request.first], has_next=len(found) > request.first)


async def existing_webhook(connection: Connection, context: RequestContext, webhook_id: WebhookId) -> Webhook:
    """Read one that must be there; raises WebhookUnknownError."""
    webhook = await webhooks.read_webhook(connection, TenantId(context.tenant_id), webhook_id)
    if webhook is None:
        raise WebhookUnknownError(f"there is no webhook {webhook_id[:80]!r}", field="webhook_id")
    return webhook
