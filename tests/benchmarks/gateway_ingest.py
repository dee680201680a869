"""What ingest through the gateway costs, beside the same batches given to the service in the same run.

Run as `python -m tests.benchmarks.gateway_ingest`. One process holds the gateway and the services, as
`meantime up` does; another sends requests that were written beforehand. Goal: two thirds of the service's
rate, at 500 and at 50 a batch.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import uvloop

from calendars.app import open_calendars
from calendars.settings import Settings as CalendarsSettings
from cli.tracks import migrate_all
from clocks.app import open_clocks
from clocks.contract import EventRecord
from clocks.service import ClocksService
from clocks.settings import Settings as ClocksSettings
from credits.app import open_credits
from credits.settings import Settings as CreditsSettings
from embedded.running import Servers
from gateway.app import Gateway, build_app, open_gateway, utc_now
from gateway.operations.create_api_key import create_api_key
from gateway.operations.create_tenant import create_tenant
from gateway.settings import Delivery, Settings
from gateway.upstream.doors import Doors
from serving.context import SCOPES
from serving.telemetry import configure_logging
from tests.benchmarks.gateway import INGEST
from tests.benchmarks.ingest import acting_for, batched, prepare, service_rate, story
from tests.durable_servers import durable_servers
from tests.open_services import SECRET
from tests.services.listening import listening

EVENTS = 20_000
ROUNDS = 4
TASKS = 4
SIZES = (500, 50)
GOAL = 2 / 3


class Bench:
    """The services, and a gateway over them that listens at `url`."""

    def __init__(self, *, calendars: Any, clocks: ClocksService, gateway: Gateway, url: str) -> None:
        self.calendars = calendars
        self.clocks = clocks
        self.gateway = gateway
        self.url = url

    async def tenant(self, tenant_id: str) -> str:
        """Make a tenant with a Calendar and a Policy; return a key of it."""
        await create_tenant(self.gateway.database, tenant_id=tenant_id, name="Bench", now=utc_now())
        await prepare(self.clocks, self.calendars, acting_for(tenant_id))
        issued = await create_api_key(
            self.gateway.database,
            tenant_id=tenant_id,
            name="bench",
            scopes=SCOPES,
            created_by="bench",
            now=utc_now(),
        )
        return issued.token


def main() -> None:
    """Measure and print; with arguments, be the process that sends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if len(sys.argv) > 1:
            url, token, size, count = sys.argv[1:]
            sys.stdout.write(f"{runner.run(send(url, token, int(size), int(count)))}\n")
            return
        with durable_servers() as servers, Path(os.devnull).open("w") as nowhere:
            configure_logging(service="gateway", style="json", stream=nowhere)
            runner.run(migrate_all(servers.database_url))
            runner.run(measure(servers))


async def measure(servers: Servers) -> None:
    """Print a line for each size of batch; the two ways take turns, and the best round of each counts."""
    async with open_bench(servers) as bench:
        await through_service(bench, "warm-service", 500, 2_000)
        await through_gateway(bench, "warm-gateway", 500, 2_000)
        for size in SIZES:
            service, gateway = [], []
            for number in range(ROUNDS):
                service.append(await through_service(bench, f"service-{size}-{number}", size, EVENTS))
                gateway.append(await through_gateway(bench, f"gateway-{size}-{number}", size, EVENTS))
            ratio = max(gateway) / max(service)
            sys.stdout.write(
                f"ingest through the gateway, {size:>3} a batch: {max(gateway):>7,.0f} events/s; in the"
                f" service {max(service):>7,.0f}; {ratio:.2f} of it (goal: {GOAL:.2f})\n"
            )
            sys.stdout.flush()


async def through_service(bench: Bench, tenant_id: str, size: int, count: int) -> float:
    """Give events to the service itself; events a second."""
    await bench.tenant(tenant_id)
    return await service_rate(bench.clocks, acting_for(tenant_id), list(story(count)), size, TASKS)


async def through_gateway(bench: Bench, tenant_id: str, size: int, count: int) -> float:
    """Have another process send events to the gateway; events a second."""
    token = await bench.tenant(tenant_id)
    arguments = ("-m", "tests.benchmarks.gateway_ingest", bench.url, token, str(size), str(count))
    sender = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    said, _ = await sender.communicate()
    if sender.returncode != 0:
        sys.exit("the sender has failed")
    return float(said)


async def send(url: str, token: str, size: int, count: int) -> float:
    """Post batches that were written beforehand, some at a time; events a second."""
    bodies = iter([body_of(batch) for batch in batched(list(story(count)), size)])
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    async def post(http: aiohttp.ClientSession) -> None:
        for body in bodies:
            async with http.post(f"{url}/graphql", data=body, headers=headers) as answer:
                receipt = msgspec.json.decode(await answer.read())["data"]["ingestEvents"]
            if receipt["errors"] or receipt["refused"] or not receipt["accepted"]:
                sys.exit(f"not all was taken: {receipt}")

    async with aiohttp.ClientSession() as http:
        return count / await timed(lambda: asyncio.gather(*(post(http) for _ in range(TASKS))))


def body_of(batch: Sequence[EventRecord]) -> bytes:
    """Write a batch as a client sends it."""
    events = [
        {
            "eventId": event.event_id,
            "subjectId": event.subject_id,
            "occurredAt": event.occurred_at,
            "type": event.type,
            "sequence": event.sequence,
            "attributes": event.attributes,
        }
        for event in batch
    ]
    return msgspec.json.encode({"query": INGEST, "variables": {"events": events}})


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Return how many seconds it takes."""
    began_s = time.perf_counter()
    await work()
    return time.perf_counter() - began_s


@asynccontextmanager
async def open_bench(servers: Servers) -> AsyncIterator[Bench]:
    """Open everything in this process, and listen."""
    where: dict[str, Any] = {"database_url": servers.database_url, "internal_secret": SECRET}
    redis: dict[str, Any] = {"redis_url": servers.redis_url}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        calendars = await enter(open_calendars(CalendarsSettings(**where, **redis)))
        clocks = await enter(open_clocks(ClocksSettings(**where, **redis), calendars=calendars))
        credits_ = await enter(open_credits(CreditsSettings(**where), clocks=clocks))
        delivery = Delivery(webhook_key=SECRET, redis_url=servers.redis_url)
        gateway = await enter(open_gateway(Settings(database_url=servers.database_url, delivery=delivery)))
        url = await enter(listening(build_app(gateway, Doors(calendars, clocks, credits_))))
        yield Bench(calendars=calendars, clocks=clocks, gateway=gateway, url=url)


if __name__ == "__main__":
    main()
