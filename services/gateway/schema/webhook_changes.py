"""Making, changing and forgetting Webhooks."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.domain.message import MessageFilter
from gateway.domain.webhook import WebhookId
from gateway.operations.create_webhook import CreateWebhook
from gateway.operations.delete_webhook import DeleteWebhook
from gateway.operations.rotate_secret import RotateSecret
from gateway.operations.update_webhook import UpdateWebhook
from gateway.schema.declare import input_type, object_type
from gateway.schema.failures import UserError, settle
from gateway.schema.info import Info
from gateway.schema.webhook import Webhook

__all__ = [
    "WebhookPayload",
    "WebhookSecretPayload",
    "create_webhook",
    "delete_webhook",
    "rotate_webhook_secret",
    "update_webhook",
]

DEFAULT_IN_FLIGHT = 8
DEFAULT_OVERLAP_S = 86_400


@input_type
class WebhookFilterInput:
    """Which messages a Webhook gets, as in WebhookFilter."""

    types: list[str] = strawberry.field(default_factory=list)
    policies: list[str] = strawberry.field(default_factory=list)
    metrics: list[str] = strawberry.field(default_factory=list)
    targets: list[str] = strawberry.field(default_factory=list)


@input_type
class CreateWebhookInput:
    """A new Webhook.

    url: https, and not into a private network.
    filter: null lets everything through.
    max_in_flight: 1 to 32.
    """

    name: str
    url: str
    filter: WebhookFilterInput | None = None
    max_in_flight: int = DEFAULT_IN_FLIGHT


@input_type
class UpdateWebhookInput:
    """What to change of a Webhook; null leaves a thing as it is.

    enabled: false: nothing new is owed to it, and what is owed waits. True, after that: it begins anew.
    """

    webhook_id: str
    name: str | None = None
    url: str | None = None
    filter: WebhookFilterInput | None = None
    max_in_flight: int | None = None
    enabled: bool | None = None


@object_type
class WebhookPayload:
    """The Webhook as it now stands, or stood until now, or why it was refused."""

    webhook: Webhook | None
    errors: list[UserError]


@object_type
class WebhookSecretPayload:
    """The Webhook and its new secret, or why it was refused.

    secret: shown this once; null where the same request was answered before.
    """

    webhook: Webhook | None
    secret: str | None
    errors: list[UserError]


def filter_of(sent: WebhookFilterInput | None) -> MessageFilter:
    """Make the filter that was sent."""
    if sent is None:
        return MessageFilter()
    return MessageFilter(
        types=tuple(sent.types),
        policies=tuple(sent.policies),
        metrics=tuple(sent.metrics),
        targets=tuple(sent.targets),
    )


async def create_webhook(
    info: Info,
    request: Annotated[CreateWebhookInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> WebhookSecretPayload:
    """Create a Webhook; its secret is shown this once. Scope: admin."""
    context = info.context.keyed(idempotency_key)
    asked = CreateWebhook(
        name=request.name,
        url=request.url,
        wanted=filter_of(request.filter),
        max_in_flight=request.max_in_flight,
    )
    issued, errors = await settle(info.context.webhooks.create, context, asked)
    return secret_payload(issued, errors)


async def update_webhook(
    info: Info,
    request: Annotated[UpdateWebhookInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> WebhookPayload:
    """Change a Webhook, or switch it off and on. Scope: admin."""
    context = info.context.keyed(idempotency_key)
    asked = UpdateWebhook(
        webhook_id=WebhookId(request.webhook_id),
        name=request.name,
        url=request.url,
        wanted=None if request.filter is None else filter_of(request.filter),
        max_in_flight=request.max_in_flight,
        enabled=request.enabled,
    )
    webhook, errors = await settle(info.context.webhooks.update, context, asked)
    return WebhookPayload(webhook=webhook, errors=errors)


async def rotate_webhook_secret(
    info: Info, webhook_id: str, overlap_s: int = DEFAULT_OVERLAP_S, idempotency_key: str | None = None
) -> WebhookSecretPayload:
    """Give a Webhook a new secret; for overlapS seconds the one before signs too. Scope: admin."""
    context = info.context.keyed(idempotency_key)
    asked = RotateSecret(webhook_id=WebhookId(webhook_id), overlap_s=overlap_s)
    issued, errors = await settle(info.context.webhooks.rotate, context, asked)
    return secret_payload(issued, errors)


async def delete_webhook(info: Info, webhook_id: str, idempotency_key: str | None = None) -> WebhookPayload:
    """Forget a Webhook, and what it is owed. Scope: admin."""
    context = info.context.keyed(idempotency_key)
    asked = DeleteWebhook(webhook_id=WebhookId(webhook_id))
    webhook, errors = await settle(info.context.webhooks.delete, context, asked)
    return WebhookPayload(webhook=webhook, errors=errors)


def secret_payload(issued: object, errors: list[UserError]) -> WebhookSecretPayload:
    """Write what came of making a secret."""
    return WebhookSecretPayload(
        webhook=getattr(issued, "webhook", None), secret=getattr(issued, "secret", None), errors=errors
    )
