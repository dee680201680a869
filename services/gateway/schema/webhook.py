"""Webhooks: where the tenant's messages go."""

from __future__ import annotations

from datetime import datetime

from strawberry import ID

from gateway.domain import webhook as domain
from gateway.domain.global_id import encode_global_id
from gateway.domain.message import MessageFilter
from gateway.domain.webhook import WebhookId
from gateway.operations.read_webhooks import ListWebhooks, ReadWebhook
from gateway.schema.declare import node_type, object_type, resolved
from gateway.schema.delivery import Delivery, list_deliveries
from gateway.schema.failures import find
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect, read_cursor, write_cursor

__all__ = ["Webhook", "list_webhooks", "read_webhook"]


def webhook_global_id(root: domain.Webhook) -> ID:
    """Its global id."""
    return ID(encode_global_id("Webhook", root.webhook_id))


@object_type
class WebhookFilter:
    """Which messages it gets: those that match one value of each field; an empty field lets all through.

    types: whole ones, or beginnings up to a dot: `breach` lets `breach.fired` through.
    policies, metrics, targets: as in the payload.
    """

    types: list[str]
    policies: list[str]
    metrics: list[str]
    targets: list[str]


def webhook_filter(root: domain.Webhook) -> MessageFilter:
    """Which messages it gets."""
    return root.wanted


def webhook_enabled(root: domain.Webhook) -> bool:
    """Whether messages are sent to it."""
    return root.disabled_at is None


@node_type(domain.Webhook)
class Webhook(Node):
    """Where messages are sent, as CloudEvents, signed as Standard Webhooks says.

    max_in_flight: how many requests it gets at once; with 1, first attempts come in order.
    previous_until: until when the secret before the last rotation signs too.
    disabled_reason: who or what disabled it; a receiver does so by answering 410.
    failures: in a row.
    held_until: after failures in a row it is left alone until then.
    """

    id: ID = resolved(webhook_global_id)
    webhook_id: str
    name: str
    url: str
    filter: WebhookFilter = resolved(webhook_filter)
    max_in_flight: int
    enabled: bool = resolved(webhook_enabled)
    disabled_at: datetime | None
    disabled_reason: str | None
    failures: int
    held_until: datetime | None
    previous_until: datetime | None
    created_at: datetime
    created_by: str
    deliveries: Connection[Delivery] = resolved(list_deliveries)


async def read_webhook(info: Info, webhook_id: str) -> domain.Webhook | None:
    """One Webhook; null where there is none of that id. Scope: admin."""
    asked = ReadWebhook(webhook_id=WebhookId(webhook_id))
    return await find(info.context.webhooks.read(info.context.context, asked))


async def list_webhooks(
    info: Info, first: int = DEFAULT_PAGE, after: str | None = None
) -> Connection[domain.Webhook]:
    """Webhooks in order of id. Scope: admin."""
    asked = ListWebhooks(first=check_first(first), after=read_cursor("Webhook", after, str))
    page = await info.context.webhooks.list(info.context.context, asked)
    cursors = [write_cursor("Webhook", it.webhook_id) for it in page.webhooks]
    return connect(page.webhooks, cursors, has_next=page.has_next, after=after)
