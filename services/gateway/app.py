"""Puts the gateway and its worker together: opens pools and Redis, and reads the clock."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from gateway.domain.identity import IdentityProvider
from gateway.domain.sealing import Seal
from gateway.domain.tenant import Tenant
from gateway.operations.deliver_webhooks import Sending
from gateway.operations.read_tenant import read_tenant
from gateway.operations.verify_credential import Opened, open_credential
from gateway.operations.verify_token import Trust
from gateway.routes.console import console_routes
from gateway.routes.feeds import feed_route
from gateway.routes.graphql import GraphQLEndpoint
from gateway.routes.sockets import SocketEndpoint
from gateway.schema.engine import Engine
from gateway.settings import Settings
from gateway.storage import TRACK
from gateway.upstream.doors import Doors
from gateway.upstream.message_tail import MessageTail
from gateway.upstream.receivers import Receivers
from gateway.upstream.session import Session
from gateway.upstream.signing_keys import SigningKeys
from gateway.upstream.webhooks import Webhooks
from gateway.worker import DeliveryWorker
from pgstore.database import Database
from pgstore.feed import Feed
from serving.application import build_application
from serving.client import open_session
from serving.context import RequestContext
from serving.guarded_redis import open_redis
from serving.health import Check, health_routes

__all__ = ["Gateway", "build_app", "open_delivery", "open_gateway", "utc_now"]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root is where the clock is read


class Gateway:
    """What a request needs of the gateway itself: who asks, its tenant, webhooks, messages as they come."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        webhooks: Webhooks,
        tail: MessageTail,
        trust: Trust | None = None,
    ) -> None:
        self.database = database
        self.now = now
        self.webhooks = webhooks
        self.tail = tail
        self._trust = trust

    async def open_credential(self, authorization: str | None, request_id: str) -> Opened:
        """Read a credential and until when it is good; raises as `open_credential` does."""
        return await open_credential(
            self.database,
            authorization=authorization,
            request_id=request_id,
            now=self.now(),
            trust=self._trust,
        )

    async def verify(self, authorization: str | None, request_id: str) -> RequestContext:
        """Read a request's credential; raises as `open_credential` does."""
        return (await self.open_credential(authorization, request_id)).context

    async def read_tenant(self, tenant_id: str) -> Tenant:
        """Read a tenant's own record; raises TenantUnknownError."""
        return await read_tenant(self.database, tenant_id=tenant_id)


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Gateway]:
    """Open the gateway's own part for as long as the block runs; raises as Database.open does."""
    delivery = settings.delivery
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database_url, schema=TRACK.schema)
        stack.push_async_callback(database.close)
        session = await stack.enter_async_context(open_session())
        if redis := open_redis(delivery.redis_url):
            stack.push_async_callback(redis.close)
        tail = MessageTail(database, redis, now=now)
        await stack.enter_async_context(tail.running())
        yield Gateway(
            database,
            now=now,
            webhooks=Webhooks(database, seal=Seal(delivery.webhook_key), networks=delivery.networks, now=now),
            tail=tail,
            trust=trust_in(settings.identity_provider, session),
        )


@asynccontextmanager
async def open_delivery(
    settings: Settings, *, feeds: Mapping[str, Feed], now: Callable[[], datetime] = utc_now
) -> AsyncIterator[DeliveryWorker]:
    """Open the worker of delivery for as long as the block runs; run it by `await worker.run()`.

    feeds: by the service that speaks. Raises as Database.open does.
    """
    delivery = settings.delivery
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database_url, schema=TRACK.schema, application="delivery")
        stack.push_async_callback(database.close)
        if redis := open_redis(delivery.redis_url):
            stack.push_async_callback(redis.close)
        receivers = Receivers(delivery.networks)
        stack.push_async_callback(receivers.close)
        sending = Sending(
            seal=Seal(delivery.webhook_key), post=receivers.post, now=now, monotonic=time.monotonic
        )
        yield DeliveryWorker(database=database, feeds=feeds, redis=redis, sending=sending, settings=delivery)


def trust_in(provider: IdentityProvider | None, session: aiohttp.ClientSession) -> Trust | None:
    """Return how tokens of a provider are verified; None where nobody's are."""
    if provider is None:
        return None
    return Trust(provider, SigningKeys(provider.jwks_url, session, monotonic=time.monotonic).read)


def build_app(
    gateway: Gateway, doors: Doors, *, checks: dict[str, Check] | None = None, lifespan: Any = None
) -> Starlette:
    """Build the gateway's app over three doors, in this process or elsewhere.

    checks: what it cannot work without besides its own database, by name, for `/readyz`.
    """
    engine = Engine()

    def open_session_of(context: RequestContext) -> Session:
        return Session(
            context=context,
            doors=doors,
            read_tenant=gateway.read_tenant,
            webhooks=gateway.webhooks,
            tail=gateway.tail,
        )

    endpoint = GraphQLEndpoint(verify=gateway.verify, open_session=open_session_of, engine=engine)
    sockets = SocketEndpoint(
        open_credential=gateway.open_credential,
        open_session=open_session_of,
        engine=engine,
        now=gateway.now,
    )
    routes: list[BaseRoute] = [
        endpoint.route(),
        sockets.route(),
        feed_route(doors.calendars),
        *health_routes({"database": gateway.database.ping, "tail": gateway.tail.check, **(checks or {})}),
        *console_routes(),
    ]
    return build_application(service="gateway", routes=routes, lifespan=lifespan)
