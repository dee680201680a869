"""Delivery on real servers: a service that speaks, a worker that carries, and receivers that listen."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import asyncpg
import msgspec
import pytest
import uvicorn
from aiohttp import web
from standardwebhooks import Webhook as Verifier

from gateway.app import Gateway, open_delivery, open_gateway
from gateway.operations.create_tenant import create_tenant
from gateway.settings import Delivery, Settings
from gateway.upstream.webhooks import Webhooks
from gateway.worker import DeliveryWorker
from pgstore import outbox
from pgstore.database import Database
from pgstore.feed import DatabaseFeed
from serving.context import SCOPES, RequestContext
from tests.services.gateway.conftest import SECRET
from tests.services.listening import Server

LOOPBACK = ip_network("127.0.0.0/8")
PATIENCE_S = 20.0


def utc_now() -> datetime:
    """Read the clock: signatures are of now."""
    return datetime.now(UTC)  # noqa: TID251 - a test is a composition root, too


class Receiver:
    """A receiver of webhooks on the loopback: keeps what it got, and answers as it is told.

    statuses: of the next answers, in order; then 200. gate: while it is not set, answers wait.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.at_once = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Event()

    async def serve(self, request: web.Request) -> web.Response:
        """Keep a request and answer it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self._changed.set()
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers=self.headers)

    async def wait_for(self, number: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.got) < number:
                self._changed.clear()
                await self._changed.wait()

    def events(self) -> list[dict[str, Any]]:
        """Read what came as CloudEvents."""
        return [msgspec.json.decode(body) for _headers, body in self.got]

    def verify(self, secret: str, place: int = -1) -> Any:
        """Verify the signature of a request by the library of Standard Webhooks, and return its body."""
        headers, body = self.got[place]
        return Verifier(secret).verify(body, headers)


class Stage:
    """A tenant, a service that speaks, and the gateway's own door."""

    def __init__(self, *, tenant: str, gateway: Gateway, clocks: Database, database_url: str) -> None:
        self.tenant = tenant
        self.gateway = gateway
        self.clocks = clocks
        self.database_url = database_url
        self.context = RequestContext(tenant_id=tenant, subject="key:test", scopes=SCOPES, request_id="r")

    @property
    def webhooks(self) -> Webhooks:
        """The door."""
        return self.gateway.webhooks

    async def say(self, *types: str, **payload: Any) -> list[uuid.UUID]:
        """Have the clocks say messages, in one transaction."""
        said = [
            outbox.Message(
                type=type_, subject="INC1", payload={"subject_id": "INC1", **payload}, id=uuid.uuid4()
            )
            for type_ in types
        ]
        async with self.clocks.transaction(self.tenant) as connection:
            await outbox.append(connection, said)
        return [message.id for message in said if message.id is not None]

    async def pass_time(self, by: timedelta) -> None:
        """Let time pass for what waits: everything about this tenant's webhooks is that much older."""
        async with self.admin() as admin:
            await admin.execute(
                "UPDATE deliveries SET owed_since = owed_since - $2::interval,"
                " next_attempt_at = next_attempt_at - $2::interval WHERE tenant_id = $1",
                self.tenant,
                by,
            )
            await admin.execute(
                "UPDATE webhooks SET wake_at = wake_at - $2::interval,"
                " held_until = held_until - $2::interval,"
                " leased_until = leased_until - $2::interval, previous_until = previous_until - $2::interval"
                " WHERE tenant_id = $1",
                self.tenant,
                by,
            )

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[Any]:
        """Connect as the one who migrated, past row-level security."""
        connection = await asyncpg.connect(self.database_url, server_settings={"search_path": "gateway"})
        try:
            yield connection
        finally:
            await connection.close()


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    """Let webhooks be on the loopback."""
    delivery = Delivery(webhook_key=SECRET, networks=(LOOPBACK,), redis_url=redis_url)
    return Settings(database_url=database_url, delivery=delivery)


@pytest.fixture
async def stage(settings: Settings, tenant: str, database_url: str) -> AsyncIterator[Stage]:
    """Set up a tenant and a service."""
    clocks = await Database.open(database_url, schema="clocks")
    try:
        async with open_gateway(settings, now=utc_now) as gateway:
            await create_tenant(gateway.database, tenant_id=tenant, name="Test", now=utc_now())
            yield Stage(tenant=tenant, gateway=gateway, clocks=clocks, database_url=database_url)
    finally:
        await clocks.close()


@pytest.fixture
async def worker(settings: Settings, stage: Stage) -> AsyncIterator[DeliveryWorker]:
    """Open a worker that follows the clocks; who runs it is the test's business."""
    async with open_worker(settings, stage) as opened:
        yield opened


async def take_all(worker: DeliveryWorker) -> None:
    """Take what the clocks have said, and owe it, until there is no more; there may be a lot of others."""
    while await worker.take_once("clocks") == 0.0:
        pass
    while await worker.owe_once() == 0.0:
        pass


@asynccontextmanager
async def open_worker(settings: Settings, stage: Stage) -> AsyncIterator[DeliveryWorker]:
    """Open one more worker."""
    feeds = {"clocks": DatabaseFeed(stage.clocks)}
    async with open_delivery(settings, feeds=feeds, now=utc_now) as opened:
        yield opened


@asynccontextmanager
async def working(worker: DeliveryWorker) -> AsyncIterator[None]:
    """Run a worker for as long as the block runs."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Listen for webhooks."""
    async with open_receiver() as opened:
        yield opened


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    """Listen on a port of the loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    receiver = Receiver(f"http://127.0.0.1:{listener.getsockname()[1]}/hook")
    app = web.Application()
    app.router.add_post("/hook", receiver.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        await runner.cleanup()


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds, looking often."""
    async with asyncio.timeout(PATIENCE_S):
        while not await look():  # noqa: ASYNC110 - it is a row of a database, which sets no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def listening_with_sockets(app: Any) -> AsyncIterator[str]:
    """Serve an app on a free port of the loopback, WebSockets included; gives the URL for those."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=3
        )
        server = Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/graphql"
        finally:
            server.should_exit = True
            await serving
