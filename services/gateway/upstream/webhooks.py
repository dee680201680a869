"""The gateway's own door: webhooks and what is owed to them, asked for as the services' doors are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.domain.sealing import Seal
from gateway.domain.webhook import Webhook
from gateway.operations.create_webhook import CreateWebhook, IssuedSecret, create_webhook
from gateway.operations.delete_webhook import DeleteWebhook, delete_webhook
from gateway.operations.read_deliveries import DeliveryPage, ListDeliveries, list_deliveries
from gateway.operations.read_webhooks import (
    ListWebhooks,
    ReadWebhook,
    WebhookPage,
    list_webhooks,
    read_webhook,
)
from gateway.operations.replay_deliveries import ReplayDeliveries, Replayed, replay_deliveries
from gateway.operations.rotate_secret import RotateSecret, rotate_secret
from gateway.operations.update_webhook import UpdateWebhook, update_webhook
from pgstore.database import Database
from serving.context import RequestContext
from serving.outgoing import Network

__all__ = ["Webhooks"]


class Webhooks:
    """Each call takes who asks and a request, and raises as the operation of its name does."""

    def __init__(
        self, database: Database, *, seal: Seal, networks: Sequence[Network], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._seal = seal
        self._networks = networks
        self._now = now

    async def create(self, context: RequestContext, request: CreateWebhook) -> IssuedSecret:
        """Make a webhook."""
        return await create_webhook(
            self._database, context, request, seal=self._seal, networks=self._networks, now=self._now()
        )

    async def update(self, context: RequestContext, request: UpdateWebhook) -> Webhook:
        """Change a webhook."""
        return await update_webhook(
            self._database, context, request, networks=self._networks, now=self._now()
        )

    async def rotate(self, context: RequestContext, request: RotateSecret) -> IssuedSecret:
        """Give a webhook a new secret."""
        return await rotate_secret(self._database, context, request, seal=self._seal, now=self._now())

    async def delete(self, context: RequestContext, request: DeleteWebhook) -> Webhook:
        """Forget a webhook."""
        return await delete_webhook(self._database, context, request)

    async def read(self, context: RequestContext, request: ReadWebhook) -> Webhook:
        """Read one webhook."""
        return await read_webhook(self._database, context, request)

    async def list(self, context: RequestContext, request: ListWebhooks) -> WebhookPage:
        """Read a page of webhooks."""
        return await list_webhooks(self._database, context, request)

    async def list_deliveries(self, context: RequestContext, request: ListDeliveries) -> DeliveryPage:
        """Read a page of a webhook's deliveries."""
        return await list_deliveries(self._database, context, request)

    async def replay(self, context: RequestContext, request: ReplayDeliveries) -> Replayed:
        """Owe messages anew."""
        return await replay_deliveries(self._database, context, request)
