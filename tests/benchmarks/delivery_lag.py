"""From due to delivered at 500 messages a second, beside 100,000 parked retries and a receiver that hangs.

Run as `python -m tests.benchmarks.delivery_lag`. The receiver is in the same process as the worker and as
what speaks, so the figure counts all of them; bare posts at the same pace stand beside it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from ipaddress import ip_network

import msgspec
import uvloop

from cli.tracks import migrate_all
from embedded.running import Servers
from gateway.upstream.receivers import Receivers
from pgstore import outbox
from tests.benchmarks.delivery import PAYLOAD, TENANT, Bench, cuts, listening, open_bench, park, working
from tests.durable_servers import durable_servers

STEADY_PER_S = 500
STEADY_S = 10
STEP_S = 0.01


def main() -> None:
    """Measure and print."""
    with durable_servers() as servers, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(migrate_all(servers.database_url))
        runner.run(measure(servers))


async def measure(servers: Servers) -> None:
    """Print both."""
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(open_bench(servers))
        url = await stack.enter_async_context(listening(bench))
        count = await park(bench, url)
        await bench.hook(f"{url}/ok")
        await bench.hook(f"{url}/hold/slow")
        bare = cuts(await bare_lags(url))
        async with working(bench.worker):
            found = cuts(await steady(bench))
        bench.stuck.set()
    sys.stdout.write(
        f"due to delivered at {STEADY_PER_S}/s, beside {count:,} parked retries and a receiver that hangs:"
        f" p50 {found[49]:.1f} ms, p99 {found[98]:.1f} ms; bare posts at that pace p50 {bare[49]:.1f},"
        f" p99 {bare[98]:.1f} ms; {found[98] / bare[98]:.1f} times\n"
    )


async def steady(bench: Bench) -> list[float]:
    """Say messages at an even pace, each stamped with the time at which it was due; the lags in ms."""
    bench.lags_ms.clear()
    async for due in paced():
        said = [
            outbox.Message(type="cycle.changed", subject="INC0012345", payload=PAYLOAD | {"due_s": due_s})
            for due_s in due
        ]
        async with bench.clocks.transaction(TENANT) as connection:
            await outbox.append(connection, said)
        bench.worker._follows["clocks"].wake()
    async with asyncio.timeout(60):
        while len(bench.lags_ms) < STEADY_PER_S * STEADY_S:  # noqa: ASYNC110 - a list sets no event
            await asyncio.sleep(0.01)
    return bench.lags_ms


async def bare_lags(url: str) -> list[float]:
    """Post at the same pace with the same client and nothing else; from due to answered, in ms."""
    receivers = Receivers((ip_network("127.0.0.0/8"),))
    found: list[float] = []
    body = msgspec.json.encode({"data": {}, "pad": "x" * 600})

    async def post(due_s: float) -> None:
        assert (await receivers.post(f"{url}/ok", {}, body)).status == 200
        found.append((time.perf_counter() - due_s) * 1_000)

    async with asyncio.TaskGroup() as tasks:
        async for due in paced():
            for due_s in due:
                tasks.create_task(post(due_s))
    await receivers.close()
    return found


async def paced() -> AsyncIterator[list[float]]:
    """Yield the times that are due in each step of the stream, when its last one is."""
    a_step = round(STEADY_PER_S * STEP_S)
    began_s = time.perf_counter()
    for number in range(STEADY_PER_S * STEADY_S // a_step):
        due_s = began_s + number * STEP_S
        await asyncio.sleep(max(due_s - time.perf_counter(), 0))
        yield [due_s] * a_step


if __name__ == "__main__":
    main()
