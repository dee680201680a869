"""Make a webhook; the answer holds the only copy of its secret that is ever shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gateway.domain.errors import TooManyWebhooksError
from gateway.domain.message import MessageFilter, check_filter
from gateway.domain.sealing import Seal
from gateway.domain.tenant import TenantId
from gateway.domain.webhook import (
    Webhook,
    check_in_flight,
    check_url,
    check_webhook_name,
    make_secret,
    new_webhook_id,
)
from gateway.storage import webhooks
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext
from serving.outgoing import Network
from serving.scopes import require

__all__ = ["CreateWebhook", "IssuedSecret", "create_webhook"]

MAX_WEBHOOKS = 100


class CreateWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A new webhook, as in `Webhook`."""

    name: str
    url: str
    wanted: MessageFilter
    max_in_flight: int


class IssuedSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook and its new secret; None where the request was answered before: it is shown once."""

    webhook: Webhook
    secret: str | None


async def create_webhook(
    database: Database,
    context: RequestContext,
    request: CreateWebhook,
    *,
    seal: Seal,
    networks: Sequence[Network],
    now: datetime,
) -> IssuedSecret:
    """Make a webhook; raises WebhookInvalidError, FilterInvalidError, TooManyWebhooksError. Scope: admin."""
    require(context, "admin")
    webhook = Webhook(
        tenant_id=TenantId(context.tenant_id),
        webhook_id=new_webhook_id(),
        name=check_webhook_name(request.name),
        url=check_url(request.url, networks=networks),
        wanted=check_filter(request.wanted),
        max_in_flight=check_in_flight(request.max_in_flight),
        created_at=now,
        created_by=context.subject,
    )
    secret = make_secret()
    async with database.transaction(context.tenant_id) as connection:

        async def insert() -> Webhook:
            found = await webhooks.count_webhooks(connection, webhook.tenant_id)
            if found >= MAX_WEBHOOKS:
                raise TooManyWebhooksError(
                    f"a tenant has at most {MAX_WEBHOOKS} webhooks; this one has {found}"
                )
            await webhooks.insert_webhook(connection, webhook, seal.close(secret, webhook.webhook_id))
            return webhook

        answer = await once(
            connection,
            key=context.idempotency_key,
            operation="create_webhook",
            request=request,
            answer_type=Webhook,
            effect=insert,
        )
    return IssuedSecret(webhook=answer, secret=secret if answer is webhook else None)
