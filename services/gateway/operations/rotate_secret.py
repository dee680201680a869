"""Give a webhook a new secret; the one before signs too for a while, so that receivers can change over."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from gateway.domain.errors import WebhookInvalidError
from gateway.domain.sealing import Seal
from gateway.domain.tenant import TenantId
from gateway.domain.webhook import Webhook, WebhookId, make_secret
from gateway.operations.create_webhook import IssuedSecret
from gateway.operations.read_webhooks import existing_webhook
from gateway.storage import webhooks
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext
from serving.scopes import require

__all__ = ["RotateSecret", "rotate_secret"]

MAX_OVERLAP_S = 7 * 86_400


class RotateSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that gets a new secret; overlap_s: for how many seconds the one before signs too."""

    webhook_id: WebhookId
    overlap_s: int


async def rotate_secret(
    database: Database, context: RequestContext, request: RotateSecret, *, seal: Seal, now: datetime
) -> IssuedSecret:
    """Rotate; raises WebhookUnknownError, WebhookInvalidError. Scope: admin."""
    require(context, "admin")
    if not 0 <= request.overlap_s <= MAX_OVERLAP_S:
        raise WebhookInvalidError(f"overlapS is 0 to {MAX_OVERLAP_S:,}", field="overlap_s")
    secret, until = make_secret(), now + timedelta(seconds=request.overlap_s)
    rotated: list[str] = []
    async with database.transaction(context.tenant_id) as connection:

        async def rotate() -> Webhook:
            webhook = await existing_webhook(connection, context, request.webhook_id)
            sealed = seal.close(secret, webhook.webhook_id)
            await webhooks.rotate_secret(
                connection, TenantId(context.tenant_id), webhook.webhook_id, sealed, until
            )
            rotated.append(secret)
            return msgspec.structs.replace(webhook, previous_until=until)

        webhook = await once(
            connection,
            key=context.idempotency_key,
            operation="rotate_secret",
            request=request,
            answer_type=Webhook,
            effect=rotate,
        )
    return IssuedSecret(webhook=webhook, secret=rotated[0] if rotated else None)
