"""What firing costs among a million running Cycles: the lag of what comes due, and a backlog.

Run as `python -m tests.benchmarks.firing`. Limits: with 2,000 due a second p99 lag 150 ms and p99.9 500 ms;
with ingest of 5,000 events a second beside it p99 250 ms; 20,000 due at one instant out within 1.5 s; a
backlog at 15 k fired a second. Its peer moves and writes the same rows by one statement without rules.

What comes due is every fourth Cycle of a stretch of the table, as if one Target of four held for it: Cycles
under one Target come due in the order in which they started. Each page is written whole to the log at its
first change, as after a checkpoint. PostgreSQL has 1 GB of shared buffers, as whoever runs a server for a
million Cycles would give it; they and their indexes fill about that.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import asyncpg
import msgspec
import uvloop

from calendars.app import open_calendars
from calendars.settings import Settings as CalendarsSettings
from cli.tracks import migrate_all
from clocks.app import open_worker
from clocks.contract import EventRecord, IngestEvents
from clocks.operations import fire_thresholds
from clocks.settings import Settings
from clocks.storage.firing import Fired
from embedded.running import Servers
from pgstore.database import Database
from tests.benchmarks.ingest import acting_for, batched, prepare, story, warm_up
from tests.durable_servers import durable_servers
from tests.open_services import fields_of, open_services

RUNNING = 1_000_000
BACKLOG = 40_000
AT_ONCE = 20_000
DUE_A_SECOND = 2_000
SECONDS = 10
STEADY = DUE_A_SECOND * SECONDS
SPARE = 3 * BACKLOG + AT_ONCE + 2 * STEADY
TARGETS = 4
BUFFERS_MB = 1024
EVENTS_A_SECOND = 5_000
EVENTS_A_BATCH = 250
LEAD = timedelta(seconds=10)
"""What comes due is prepared in less."""

CYCLES = """
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, fire_at,
    fire_threshold, spans)
SELECT 'firing-' || n % 100, 'T' || n, 'resolution', 'resolution', 1, 1, 'P1', 3600000000, 'always',
       1, 'default', '{always}', 'RUNNING', 'PENDING', due - interval '1 hour', due, ARRAY[due], '{breach}',
       ARRAY[(extract(epoch FROM due) * 1000000)::bigint - 3600000000]
FROM (
    SELECT n, statement_timestamp() + interval '1 day' + n * interval '50 ms' AS due
    FROM generate_series($1::integer, $2::integer) AS n
) AS story
"""
COME_DUE = """
UPDATE clocks.cycles AS c
SET started_at = due.at - interval '1 hour', due_at = due.at, fire_at = ARRAY[due.at],
    spans = ARRAY[(extract(epoch FROM due.at) * 1000000)::bigint - 3600000000]
FROM (
    SELECT 'firing-' || n % 100 AS tenant_id, 'T' || n AS subject_id,
           $2::timestamptz + place * $3::interval AS at
    FROM unnest($1::integer[]) WITH ORDINALITY AS story (n, place)
) AS due
WHERE (c.tenant_id, c.subject_id, c.policy_key, c.metric, c.cycle)
    = (due.tenant_id, due.subject_id, 'resolution', 'resolution', 1)
"""
BARE_TABLES = """
CREATE TABLE bare AS SELECT * FROM clocks.cycles WHERE due_at < statement_timestamp() AND outcome = 'PENDING';
CREATE INDEX ON bare (next_fire_at) WHERE next_fire_at IS NOT NULL;
CREATE TABLE bare_firings AS SELECT * FROM clocks.firings WHERE false;
CREATE TABLE bare_outbox AS SELECT tenant_id, type, subject, payload FROM clocks.outbox WHERE false;
ANALYZE bare;
"""
BARE = """
WITH due AS MATERIALIZED (
    SELECT ctid AS place FROM bare WHERE next_fire_at < statement_timestamp() ORDER BY next_fire_at LIMIT 1000
    FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE bare AS c SET outcome = 'BREACHED', breached_at = due_at, next_fire_at = NULL
    FROM due WHERE c.ctid = due.place
    RETURNING c.*
), entered AS (
    INSERT INTO bare_firings
    SELECT tenant_id, subject_id, policy_key, metric, cycle, generation, 'breach', due_at, now() FROM moved
), told AS (
    INSERT INTO bare_outbox
    SELECT tenant_id, 'breach.fired', subject_id, jsonb_build_object('at', due_at) FROM moved
)
SELECT tenant_id FROM moved
"""


class Bench:
    """Servers, and a million running Cycles of 100 tenants beside some that are made to come due."""

    def __init__(self, connection: Any, servers: Servers) -> None:
        self.servers = servers
        self.connection = connection
        self._from = 1

    async def fill(self) -> None:
        """Make the Cycles, all due another day."""
        await self.connection.execute("SET synchronous_commit = off")
        await self.connection.execute(CYCLES, 1, RUNNING + SPARE)
        await self.connection.execute("VACUUM ANALYZE clocks.cycles")

    async def come_due(self, count: int, *, lead: timedelta, apart_us: int) -> None:
        """Have so many Cycles come due from then on, one after another; exits where that takes too long."""
        start: datetime = await self.connection.fetchval("SELECT statement_timestamp() + $1::interval", lead)
        chosen = list(range(self._from, self._from + TARGETS * count, TARGETS))
        self._from += TARGETS * count
        await self.connection.execute(COME_DUE, chosen, start, timedelta(microseconds=apart_us))
        await self.connection.execute("CHECKPOINT")
        if lead > timedelta() and await self.connection.fetchval("SELECT now() > $1", start):
            sys.exit("this machine is too busy to measure anything: what comes due was not there in time")


def main() -> None:
    """Measure and print."""
    with durable_servers(buffers_mb=BUFFERS_MB) as servers:
        asyncio.run(migrate_all(servers.database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(servers))


async def measure(servers: Servers) -> None:
    """Print a line for each figure."""
    connection = await asyncpg.connect(servers.database_url)
    bench = Bench(connection, servers)
    await bench.fill()
    bare = await bare_rate(bench)
    for workers in (1, 2):
        await backlog(bench, workers, bare)
    await at_one_instant(bench)
    await all_the_time(bench, "alone", p99_ms=150, p999_ms=500)
    with ingesting(servers) as beside:
        await all_the_time(bench, beside, p99_ms=250)
    await connection.close()


async def bare_rate(bench: Bench) -> float:
    """Move and write the rows of a backlog without rules; rows a second."""
    await bench.come_due(BACKLOG, lead=-timedelta(days=1), apart_us=1_000)
    await bench.connection.execute(BARE_TABLES)
    await bench.connection.execute("SET synchronous_commit = on")
    began_s = time.perf_counter()
    while await bench.connection.fetch(BARE):
        pass
    took_s = time.perf_counter() - began_s
    await backlog_out(bench, 1)
    return BACKLOG / took_s


async def backlog(bench: Bench, workers: int, bare: float) -> None:
    """Fire what is long past, as fast as it goes."""
    await bench.come_due(BACKLOG, lead=-timedelta(days=1), apart_us=1_000)
    rate = BACKLOG / await backlog_out(bench, workers)
    write(
        f"backlog of {BACKLOG:,}, {workers} worker(s): {rate:,.0f} fired/s, {rate / 15_000:.2f} of the goal;"
        f" {rate / bare:.2f} of {bare:,.0f} rows/s moved without rules"
    )


async def backlog_out(bench: Bench, workers: int) -> float:
    """Fire all that is due; seconds taken."""
    databases = [await Database.open(bench.servers.database_url, schema="clocks") for _ in range(workers)]

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
    return took_s


async def at_one_instant(bench: Bench) -> None:
    """Fire very many that are due at once."""
    async with watched_worker(bench.servers) as lags:
        await bench.come_due(AT_ONCE, lead=LEAD, apart_us=0)
        await filled(lags, AT_ONCE)
    took_s = max(lags) / 1000
    write(f"{AT_ONCE:,} due at one instant: all out after {took_s:.2f} s, {took_s / 1.5:.2f} of the limit")


async def all_the_time(bench: Bench, beside: str, *, p99_ms: float, p999_ms: float | None = None) -> None:
    """Fire a steady stream."""
    async with watched_worker(bench.servers) as lags:
        await bench.come_due(STEADY, lead=LEAD, apart_us=1_000_000 // DUE_A_SECOND)
        await filled(lags, STEADY)
    cuts = statistics.quantiles(lags, n=1000)
    limits = f"{cuts[989] / p99_ms:.2f}" + (f" and {cuts[998] / p999_ms:.2f}" if p999_ms else "")
    write(
        f"{DUE_A_SECOND:,} due a second among {RUNNING:,} running, {beside}: lag to the commit"
        f" p50 {cuts[499]:.0f} ms, p99 {cuts[989]:.0f} ms, p99.9 {cuts[998]:.0f} ms; {limits} of the limit"
    )


@asynccontextmanager
async def watched_worker(servers: Servers) -> AsyncIterator[list[float]]:
    """Run a worker, and note the lag of all that it has fired of the million, in ms, once committed."""
    lags: list[float] = []
    fire = fire_thresholds.fire

    async def watched(database: Database, *, low: datetime) -> Sequence[Fired]:
        fired = await fire(database, low=low)
        now = datetime.now(UTC)  # noqa: TID251 - the database is on this host
        lags.extend(
            (now - one.at).total_seconds() * 1000 for one in fired if one.tenant_id.startswith("firing-")
        )
        return fired

    async with AsyncExitStack() as stack:
        calendars = await stack.enter_async_context(open_calendars(CalendarsSettings(**fields_of(servers))))
        settings = Settings(**fields_of(servers))
        worker = await stack.enter_async_context(
            open_worker(settings, calendars=calendars, feed=calendars.feed)
        )
        stack.enter_context(patch.object(fire_thresholds, "fire", watched))
        running = asyncio.create_task(worker.run())
        yield lags
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def filled(lags: list[float], count: int) -> None:
    """Wait until so many have been fired."""
    while len(lags) < count:  # noqa: ASYNC110 - the worker does not know that it is watched
        await asyncio.sleep(0.1)


@contextmanager
def ingesting(servers: Servers) -> Iterator[str]:
    """Have a process of its own send events through the service for as long as the block runs."""
    spawn = multiprocessing.get_context("spawn")
    ready, stop = spawn.Event(), spawn.Event()
    process = spawn.Process(target=ingest, args=(servers, ready, stop))
    process.start()
    try:
        if not ready.wait(30):
            sys.exit("ingest has not begun after 30 s")
        yield f"beside {EVENTS_A_SECOND:,} events a second"
    finally:
        stop.set()
        process.join()


def ingest(servers: Servers, ready: Any, stop: Any) -> None:
    """Send until told to stop; what the process of `ingesting` does."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send(servers, ready, stop))


async def send(servers: Servers, ready: Any, stop: Any) -> None:
    """Send batches at their times, and say how many events a second it came to."""
    async with AsyncExitStack() as stack:
        service, calendars = await stack.enter_async_context(open_services(servers))
        await warm_up(service, calendars)
        context = acting_for("beside")
        await prepare(service, calendars, context)
        events = list(story(90 * EVENTS_A_SECOND))
        ready.set()
        began_s, sent = time.perf_counter(), 0
        for batch in batched(events, EVENTS_A_BATCH):
            await asyncio.sleep(began_s + sent / EVENTS_A_SECOND - time.perf_counter())
            await service.ingest_events(context, IngestEvents(events=tuple(as_of_now(batch))))
            sent += len(batch)
            if stop.is_set():
                break
        write(f"  ingest beside: {sent / (time.perf_counter() - began_s):,.0f} events/s")


def as_of_now(events: Sequence[EventRecord]) -> Iterator[EventRecord]:
    """Have events occur as they are sent."""
    now = datetime.now(UTC)  # noqa: TID251 - the sender's own time
    for place, event in enumerate(events):
        yield msgspec.structs.replace(event, occurred_at=now + timedelta(microseconds=place))


def write(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
