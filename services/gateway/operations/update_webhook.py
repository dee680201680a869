"""Change a webhook: where it is, what it gets, whether it is on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gateway.domain.message import MessageFilter, check_filter
from gateway.domain.tenant import TenantId
from gateway.domain.webhook import Webhook, WebhookId, check_in_flight, check_url, check_webhook_name
from gateway.operations.read_webhooks import existing_webhook
from gateway.storage import webhooks
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext
from serving.outgoing import Network
from serving.scopes import require

__all__ = ["UpdateWebhook", "update_webhook"]


class UpdateWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a webhook; None: leave it as it is."""

    webhook_id: WebhookId
    name: str | None = None
    url: str | None = None
    wanted: MessageFilter | None = None
    max_in_flight: int | None = None
    enabled: bool | None = None


async def update_webhook(
    database: Database,
    context: RequestContext,
    request: UpdateWebhook,
    *,
    networks: Sequence[Network],
    now: datetime,
) -> Webhook:
    """Change a webhook; raises WebhookUnknownError, WebhookInvalidError, FilterInvalidError. Scope: admin.

    While it is off nothing new is owed to it, and what is owed waits.
    """
    require(context, "admin")
    async with database.transaction(context.tenant_id) as connection:
        return await once(
            connection,
            key=context.idempotency_key,
            operation="update_webhook",
            request=request,
            answer_type=Webhook,
            effect=lambda: _update(connection, context, request, networks=networks, now=now),
        )


async def _update(
    connection: Connection,
    context: RequestContext,
    request: UpdateWebhook,
    *,
    networks: Sequence[Network],
    now: datetime,
) -> Webhook:
    await webhooks.lock_webhook(connection, TenantId(context.tenant_id), request.webhook_id)
    webhook = await existing_webhook(connection, context, request.webhook_id)
    changed = _changed(webhook, request, networks=networks, now=now)
    await webhooks.update_webhook(connection, changed)
    return await webhooks.read_webhook(connection, TenantId(context.tenant_id), webhook.webhook_id) or changed


def _changed(
    webhook: Webhook, request: UpdateWebhook, *, networks: Sequence[Network], now: datetime
) -> Webhook:
    """Return the webhook with what the request changes."""
    changes: dict[str, object] = {}
    if request.name is not None:
        changes["name"] = check_webhook_name(request.name)
    if request.url is not None:
        changes["url"] = check_url(request.url, networks=networks)
    if request.wanted is not None:
        changes["wanted"] = check_filter(request.wanted)
    if request.max_in_flight is not None:
        changes["max_in_flight"] = check_in_flight(request.max_in_flight)
    if request.enabled is True:
        changes |= {"disabled_at": None, "disabled_reason": None}
    if request.enabled is False and webhook.disabled_at is None:
        changes |= {"disabled_at": now, "disabled_reason": "disabled by its owner"}
    return msgspec.structs.replace(webhook, **changes)
