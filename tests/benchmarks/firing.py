"""What firing costs: a backlog's rate, one and two workers, and the lag of thresholds as they come due.

Run as `python -m tests.benchmarks.firing`. Goals: 15 k fired/s; at 2,000 due a second p99 lag 150 ms; 20,000
due at one instant out within 1.5 s.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import asyncpg
import uvloop

from calendars.app import open_calendars
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from cli.tracks import migrate_all
from clocks.app import open_worker
from clocks.operations import fire_thresholds
from clocks.settings import Settings
from clocks.storage.firing import Fired
from embedded.running import Servers
from pgstore.database import Database
from tests.durable_servers import durable_servers

SECRET = "a secret of benchmarks, longer than 32"  # noqa: S105 - guards nothing
RUNNING = 200_000
BACKLOG = 60_000
AT_ONCE = 20_000
DUE_A_SECOND = 2_000
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
SECONDS = 10
CYCLES = """
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, fire_at,
    fire_threshold)
SELECT 'bench-' || n % 100, $1 || n, 'resolution', 'resolution', 1, 1, 'P1', 3600000000, 'always',
       1, 'default', '{always}', 'RUNNING', 'PENDING', due - interval '1 hour', due, ARRAY[due], '{breach}'
FROM (SELECT n, $3::timestamptz + n * $4::interval AS due FROM generate_series(1, $2::integer) AS n) AS story
"""


def main() -> None:
    """Measure and print."""
    with durable_servers() as servers:
        asyncio.run(migrate_all(servers.database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(servers))


async def measure(servers: Servers) -> None:
    """Print a line for each figure."""
    async with AsyncExitStack() as stack:
        connection = await asyncpg.connect(servers.database_url)
        stack.push_async_callback(connection.close)
        fields: dict[str, Any] = {
            "database_url": servers.database_url,
            "redis_url": servers.redis_url,
            "internal_secret": SECRET,
        }
        calendars = await stack.enter_async_context(open_calendars(CalendarsSettings(**fields)))
        await cycles(connection, "R", RUNNING, start_s=86_400, apart_us=1_000)
        for workers in (1, 2):
            await backlog(connection, servers, workers)
        await at_one_instant(connection, calendars, Settings(**fields))
        await all_the_time(connection, calendars, Settings(**fields))


async def backlog(connection: Any, servers: Servers, workers: int) -> None:
    """Fire what is long past, as fast as it goes."""
    await cycles(connection, f"B{workers}-", BACKLOG, start_s=-86_400, apart_us=1_000)
    databases = [await Database.open(servers.database_url, schema="clocks") for _ in range(workers)]

    async def fire(database: Database) -> int:
        fired = 0
        while batch := len(await fire_thresholds.fire(database)):
            fired += batch
        return fired

    began_s = time.perf_counter()
    counts = await asyncio.gather(*(fire(database) for database in databases))
    took_s = time.perf_counter() - began_s
    for database in databases:
        await database.close()
    if sum(counts) != BACKLOG:
        sys.exit(f"fired {sum(counts)} of {BACKLOG}")
    sys.stdout.write(f"backlog of {BACKLOG:,}, {workers} worker(s): {BACKLOG / took_s:>8,.0f} fired/s\n")


async def at_one_instant(connection: Any, calendars: CalendarsService, settings: Settings) -> None:
    """Fire very many that are due at once."""
    async with watched_worker(settings, calendars) as lags:
        await cycles(connection, "I", AT_ONCE, start_s=4, apart_us=0)
        await filled(lags, AT_ONCE)
    sys.stdout.write(f"{AT_ONCE:,} due at one instant: all out after {max(lags) / 1000:.2f} s\n")


async def all_the_time(connection: Any, calendars: CalendarsService, settings: Settings) -> None:
    """Fire a steady stream."""
    count = DUE_A_SECOND * SECONDS
    async with watched_worker(settings, calendars) as lags:
        await cycles(connection, "S", count, start_s=4, apart_us=1_000_000 // DUE_A_SECOND)
        await filled(lags, count)
    cuts = statistics.quantiles(lags, n=1000)
    sys.stdout.write(
        f"{DUE_A_SECOND:,} due a second among {RUNNING:,} running: lag to the commit p50 {cuts[499]:.0f} ms,"
        f" p99 {cuts[989]:.0f} ms, p99.9 {cuts[998]:.0f} ms\n"
    )


@asynccontextmanager
async def watched_worker(settings: Settings, calendars: CalendarsService) -> AsyncIterator[list[float]]:
    """Run a worker, and note the lag of all that it has fired, in ms, once it is committed."""
    lags: list[float] = []
    fire = fire_thresholds.fire

    async def watched(database: Database, *, low: datetime) -> Sequence[Fired]:
        fired = await fire(database, low=low)
        now = datetime.now(UTC)  # noqa: TID251 - the database is on this host
        lags.extend((now - one.at).total_seconds() * 1000 for one in fired)
        return fired

    async with open_worker(settings, calendars=calendars, feed=calendars.feed) as worker:
        with patch.object(fire_thresholds, "fire", watched):
            running = asyncio.create_task(worker.run())
            yield lags
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def filled(lags: list[float], count: int) -> None:
    """Wait until so many have been fired."""
    while len(lags) < count:  # noqa: ASYNC110 - the worker does not know that it is watched
        await asyncio.sleep(0.1)


async def cycles(connection: Any, prefix: str, count: int, *, start_s: int, apart_us: int) -> None:
    """Make running Cycles of 100 tenants, due one after another."""
    now: datetime = await connection.fetchval("SELECT now()")
    start = now + start_s * SECOND
    await connection.execute(CYCLES, prefix, count, start, apart_us * MICROSECOND)
    await connection.execute("ANALYZE clocks.cycles")


if __name__ == "__main__":
    main()
