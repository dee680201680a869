"""Webhooks in and out of their table; secrets pass through here sealed."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import msgspec

from gateway.domain.message import MessageFilter
from gateway.domain.tenant import TenantId
from gateway.domain.webhook import Webhook, WebhookId
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = [
    "Lease",
    "Target",
    "claim_webhooks",
    "count_webhooks",
    "delete_webhook",
    "insert_webhook",
    "lock_leased",
    "lock_webhook",
    "read_leased",
    "read_webhook",
    "read_webhooks",
    "release_webhook",
    "rotate_secret",
    "update_webhook",
    "wake_webhook",
]

SQL = load_blocks("gateway.storage", "webhooks.sql")

FILTERS = MessageFilter.__struct_fields__
PLAIN = tuple(name for name in Webhook.__struct_fields__ if name != "wanted")


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that this worker alone sends to, for a while."""

    tenant_id: TenantId
    webhook_id: WebhookId
    lease_id: uuid.UUID


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to send: secrets are sealed; previous_secret: None where it signs no more."""

    url: str
    max_in_flight: int
    failures: int
    secret: str
    previous_secret: str | None


async def insert_webhook(connection: Connection, webhook: Webhook, sealed: str) -> None:
    """Keep a new webhook."""
    await connection.execute(
        SQL["insert"],
        webhook.tenant_id,
        webhook.webhook_id,
        webhook.name,
        webhook.url,
        *msgspec.structs.astuple(webhook.wanted),
        webhook.max_in_flight,
        sealed,
        webhook.created_at,
        webhook.created_by,
    )


async def count_webhooks(connection: Connection, tenant_id: TenantId) -> int:
    """Count a tenant's webhooks."""
    found: int = await connection.fetchval(SQL["count"], tenant_id)
    return found


async def read_webhook(connection: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> Webhook | None:
    """Read one webhook."""
    row = await connection.fetchrow(SQL["read"], tenant_id, webhook_id)
    return None if row is None else webhook_from_row(row)


async def read_webhooks(
    connection: Connection, tenant_id: TenantId, *, after: str, limit: int
) -> list[Webhook]:
    """Read webhooks in order of id, after one of them."""
    return [webhook_from_row(row) for row in await connection.fetch(SQL["read_all"], tenant_id, after, limit)]


async def lock_webhook(connection: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> None:
    """Hold a webhook's row, if there is one, until the transaction ends."""
    await connection.execute(SQL["lock"], tenant_id, webhook_id)


async def update_webhook(connection: Connection, webhook: Webhook) -> None:
    """Save what a tenant may change of a webhook."""
    await connection.execute(
        SQL["update"],
        webhook.tenant_id,
        webhook.webhook_id,
        webhook.name,
        webhook.url,
        *msgspec.structs.astuple(webhook.wanted),
        webhook.max_in_flight,
        webhook.disabled_at,
        webhook.disabled_reason,
    )


async def rotate_secret(
    connection: Connection, tenant_id: TenantId, webhook_id: WebhookId, sealed: str, previous_until: datetime
) -> None:
    """Put a new secret in place of the one before, which signs too until then."""
    await connection.execute(SQL["rotate"], tenant_id, webhook_id, sealed, previous_until)


async def delete_webhook(connection: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> bool:
    """Forget a webhook; False where there is none."""
    return await connection.fetchval(SQL["delete"], tenant_id, webhook_id) is not None


async def claim_webhooks(
    connection: Connection, *, limit: int, lease: timedelta, of_tenant: int
) -> list[Lease]:
    """Lease webhooks of all tenants that are owed something now, on a connection without a tenant."""
    rows = await connection.fetch(SQL["claim"], limit, lease, of_tenant)
    return [Lease(**dict(row.items())) for row in rows]


async def read_leased(connection: Connection, lease: Lease) -> Target | None:
    """Read where to send; None where the lease is lost, or the webhook was switched off."""
    row = await connection.fetchrow(SQL["read_leased"], *msgspec.structs.astuple(lease))
    return None if row is None else Target(**dict(row.items()))


async def lock_leased(connection: Connection, lease: Lease) -> bool:
    """Hold a webhook's row until the transaction ends; False where the lease is lost."""
    return await connection.fetchval(SQL["lock_leased"], *msgspec.structs.astuple(lease)) is not None


async def release_webhook(
    connection: Connection, lease: Lease, *, failures: int, hold_s: float, disabled_reason: str | None
) -> None:
    """End a lease whose row is locked, after its deliveries were written."""
    await connection.execute(
        SQL["release"], lease.tenant_id, lease.webhook_id, failures, hold_s, disabled_reason
    )


async def wake_webhook(connection: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> None:
    """Have a webhook looked at."""
    await connection.execute(SQL["wake"], tenant_id, webhook_id)


def webhook_from_row(row: Row) -> Webhook:
    """Make the value of a row."""
    wanted = MessageFilter(**{name: tuple(row[name]) for name in FILTERS})
    return Webhook(wanted=wanted, **{name: row[name] for name in PLAIN})
