"""What delivery costs: taking messages, carrying them to streams, sending them to webhooks, and the lag.

Run as `python -m tests.benchmarks.delivery`. The receivers answer at once, in the same process, so a figure
for webhooks counts both ends. The bare rate beside it is of the same requests by the same client alone.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import asyncpg
import msgspec
import uvloop
from aiohttp import web

from cli.tracks import migrate_all
from embedded.running import Servers
from gateway.app import Gateway, open_delivery, open_gateway
from gateway.domain.message import EVERYTHING
from gateway.operations.create_tenant import create_tenant
from gateway.operations.create_webhook import CreateWebhook
from gateway.settings import Delivery, Settings
from gateway.upstream.receivers import Receivers
from gateway.worker import DeliveryWorker
from pgstore import outbox
from pgstore.database import Database
from pgstore.feed import DatabaseFeed
from serving.context import SCOPES, RequestContext
from tests.durable_servers import durable_servers
from tests.open_services import SECRET

TENANT = "bench"
TAKEN = 50_000
SENT = 5_000
RECEIVERS = 20
PARKED = 100_000
LAGS = 200
PAYLOAD = {
    "subject_id": "INC0012345",
    "policy_key": "resolution",
    "metric": "resolution",
    "cycle": 1,
    "target": "P1",
    "revision": 0,
    "due_at": "2026-03-02T12:00:00.000000Z",
    "phase": "RUNNING",
    "outcome": "PENDING",
    "stopped_at": None,
}
PARK = """
WITH parked AS (
    INSERT INTO gateway.deliveries (tenant_id, webhook_id, position, attempts, next_attempt_at)
    SELECT m.tenant_id, $2, m.position, 3, now() + interval '1 hour'
    FROM gateway.messages AS m WHERE m.tenant_id = $1 ORDER BY m.position LIMIT $3
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM parked
"""


class Data(msgspec.Struct):
    """What a message of the steady stream tells: when it was due, by this process's counter."""

    due_s: float = 0.0


class Said(msgspec.Struct):
    """A CloudEvent, as far as it is read here."""

    data: Data


SAID = msgspec.json.Decoder(Said)


class Bench:
    """A tenant on real servers, a worker, and receivers that count."""

    def __init__(self, *, gateway: Gateway, clocks: Database, worker: DeliveryWorker, admin: Any) -> None:
        self.gateway = gateway
        self.clocks = clocks
        self.worker = worker
        self.admin = admin
        self.context = RequestContext(tenant_id=TENANT, subject="key:b", scopes=SCOPES, request_id="r")
        self.arrived_s: list[float] = []
        self.lags_ms: list[float] = []
        self.stuck = asyncio.Event()

    async def say(self, number: int) -> None:
        """Have a service say so many messages, 500 in a transaction."""
        for start in range(0, number, 500):
            said = [
                outbox.Message(type="cycle.changed", subject="INC0012345", payload=PAYLOAD)
                for _ in range(min(500, number - start))
            ]
            async with self.clocks.transaction(TENANT) as connection:
                await outbox.append(connection, said)

    async def hook(self, url: str) -> str:
        """Make a webhook and return its id."""
        request = CreateWebhook(name="bench", url=url, wanted=EVERYTHING, max_in_flight=16)
        return (await self.gateway.webhooks.create(self.context, request)).webhook.webhook_id

    async def forget_hooks(self) -> None:
        """Begin anew with webhooks."""
        await self.admin.execute("DELETE FROM gateway.webhooks")

    async def receive(self, request: web.Request) -> web.Response:
        """Take a message."""
        said = SAID.decode(await request.read())
        self.arrived_s.append(time.perf_counter())
        if said.data.due_s:
            self.lags_ms.append((self.arrived_s[-1] - said.data.due_s) * 1_000)
        return web.Response()

    async def hold(self, _request: web.Request) -> web.Response:
        """Take no message for as long as this runs."""
        await self.stuck.wait()
        return web.Response(status=503)

    async def drained(self, number: int) -> None:
        """Wait until so many messages have arrived."""
        while len(self.arrived_s) < number:  # noqa: ASYNC110 - a list sets no event
            await asyncio.sleep(0.002)


def main() -> None:
    """Measure and print."""
    with durable_servers() as servers:
        asyncio.run(migrate_all(servers.database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(servers))


async def measure(servers: Servers) -> None:
    """Print a line for each figure."""
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(open_bench(servers))
        url = await stack.enter_async_context(listening(bench))
        await bench.say(TAKEN)
        write("taken from a feed", TAKEN, await timed(lambda: repeat(bench.worker.take_once, "clocks")))
        write("carried to streams", TAKEN, await timed(lambda: repeat(bench.worker.stream_once)))
        bare = await bare_posts(url)
        write("posts of the client alone", SENT, bare)
        await webhooks(bench, [f"{url}/ok"], "to one webhook", bare)
        await webhooks(bench, [f"{url}/ok/{n}" for n in range(RECEIVERS)], f"to {RECEIVERS} webhooks", bare)
        await lags(bench, url)
        await parked(bench, url)
        bench.stuck.set()


async def webhooks(bench: Bench, urls: list[str], name: str, bare_s: float) -> None:
    """Send messages to webhooks, each of which gets its share of the same number of requests."""
    await bench.forget_hooks()
    for url in urls:
        await bench.hook(url)
    await bench.say(SENT // len(urls))
    await repeat(bench.worker.take_once, "clocks")
    await repeat(bench.worker.owe_once)
    bench.arrived_s.clear()
    async with working(bench.worker):
        took_s = await timed(lambda: bench.drained(SENT))
    write(f"sent {name}", SENT, took_s)
    sys.stdout.write(f"  that is {bare_s / took_s:.2f} of the client alone\n")


async def lags(bench: Bench, url: str) -> None:
    """Measure from the commit to the receiver, alone and beside receivers that answer nothing."""
    for name, held in (("alone", 0), (f"beside {RECEIVERS} webhooks that hang", RECEIVERS)):
        await bench.forget_hooks()
        await bench.hook(f"{url}/ok")
        for number in range(held):
            await bench.hook(f"{url}/hold/{number}")
        async with working(bench.worker):
            await lag(bench, name)


async def parked(bench: Bench, url: str) -> None:
    """Measure the same while another webhook has a great many retries that wait for their hour."""
    count = await park(bench, url)
    await bench.hook(f"{url}/ok")
    async with working(bench.worker):
        await lag(bench, f"beside {count:,} parked retries")


async def park(bench: Bench, url: str) -> int:
    """Give a webhook a great many retries that wait for their hour; answer how many."""
    await bench.forget_hooks()
    other = await bench.hook(f"{url}/hold/parked")
    await bench.say(PARKED - await bench.admin.fetchval("SELECT count(*) FROM gateway.messages"))
    await repeat(bench.worker.take_once, "clocks")
    await repeat(bench.worker.owe_once)
    await bench.admin.execute("DELETE FROM gateway.deliveries")
    count = await bench.admin.fetchval(PARK, TENANT, other, PARKED)
    await bench.admin.execute("UPDATE gateway.webhooks SET wake_at = now() + interval '1 hour'")
    return int(count)


def cuts(found_ms: list[float]) -> list[float]:
    """Cut into hundredths."""
    return statistics.quantiles(found_ms, n=100)


async def lag(bench: Bench, name: str) -> None:
    """Say one message after another, and print how long each took to arrive, nudged at once."""
    await bench.say(1)
    found = []
    for _ in range(LAGS):
        bench.arrived_s.clear()
        await bench.say(1)
        began_s = time.perf_counter()
        bench.worker._follows["clocks"].wake()
        await bench.drained(1)
        found.append((bench.arrived_s[0] - began_s) * 1_000)
    sys.stdout.write(f"lag to a webhook {name}: p50 {cuts(found)[49]:.1f} ms, p99 {cuts(found)[98]:.1f} ms\n")


async def bare_posts(url: str) -> float:
    """Time the same number of requests by the same client, 16 at once."""
    receivers = Receivers((ip_network("127.0.0.0/8"),))
    body, numbers = msgspec.json.encode({"data": {}, "pad": "x" * 600}), iter(range(SENT))

    async def post() -> None:
        for _ in numbers:
            assert (await receivers.post(f"{url}/ok", {}, body)).status == 200

    async def all_posts() -> None:
        await asyncio.gather(*(post() for _ in range(16)))

    took_s = await timed(all_posts)
    await receivers.close()
    return took_s


async def repeat(step: Callable[..., Awaitable[float]], *arguments: str) -> None:
    """Do a worker's step until there is nothing to do."""
    while await step(*arguments) == 0.0:
        pass


async def timed(work: Callable[[], Awaitable[None]]) -> float:
    """Return how many seconds it takes."""
    began_s = time.perf_counter()
    await work()
    return time.perf_counter() - began_s


def write(name: str, number: int, took_s: float) -> None:
    """Print a rate."""
    sys.stdout.write(f"{name}: {number:,} in {took_s:.2f} s, {number / took_s:,.0f}/s\n")
    sys.stdout.flush()


@asynccontextmanager
async def working(worker: DeliveryWorker) -> AsyncIterator[None]:
    """Run the worker for as long as the block runs."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def listening(bench: Bench) -> AsyncIterator[str]:
    """Listen for webhooks: /ok takes what comes, /hold does not answer."""
    app = web.Application()
    app.router.add_post("/ok{rest:.*}", bench.receive)
    app.router.add_post("/hold{rest:.*}", bench.hold)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_bench(servers: Servers) -> AsyncIterator[Bench]:
    """Set everything up."""
    delivery = Delivery(
        webhook_key=SECRET, networks=(ip_network("127.0.0.0/8"),), redis_url=servers.redis_url
    )
    settings = Settings(database_url=servers.database_url, delivery=delivery)
    async with AsyncExitStack() as stack:
        admin = await asyncpg.connect(servers.database_url)
        stack.push_async_callback(admin.close)
        clocks = await Database.open(servers.database_url, schema="clocks")
        stack.push_async_callback(clocks.close)
        gateway = await stack.enter_async_context(open_gateway(settings))
        await create_tenant(gateway.database, tenant_id=TENANT, name="Bench", now=datetime.now(UTC))  # noqa: TID251
        worker = await stack.enter_async_context(
            open_delivery(settings, feeds={"clocks": DatabaseFeed(clocks)})
        )
        yield Bench(gateway=gateway, clocks=clocks, worker=worker, admin=admin)


if __name__ == "__main__":
    main()
