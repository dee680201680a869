"""What a page of the board costs in the service, among many Cycles of many tenants.

Run as `python -m tests.benchmarks.board [cycles] [tenants]`. Goal: a page of 50 among 1,000,000 Cycles of 100
tenants under 10 ms at p99. The Cycles are made by SQL: one in ten is open, one in forty
paused; all share the state of one event.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg
import uvloop

from calendars.contract import CreateCalendar
from cli.tracks import migrate_all
from clocks.contract import EventRecord, IngestEvents, ListCycles, SavePolicy
from clocks.service import ClocksService
from embedded.running import Servers
from serving.context import RequestContext
from tests.benchmarks.ingest import CALENDAR, POLICY
from tests.durable_servers import durable_servers
from tests.open_services import open_services

CYCLES = 1_000_000
TENANTS = 100
PAGES = 200
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUESTIONS: Mapping[str, ListCycles] = {
    "by start": ListCycles(),
    "due soonest": ListCycles(phase="RUNNING", outcome="PENDING", sort="DUE"),
    "open, by due": ListCycles(phase="RUNNING", sort="DUE"),
    "breached, latest": ListCycles(outcome="BREACHED", sort="DUE_LATEST"),
    "one target, first due": ListCycles(target="P1", phase="RUNNING", sort="REMAINING"),
    "paused, least left": ListCycles(phase="PAUSED", sort="REMAINING"),
    "paused, one region": ListCycles(
        phase="PAUSED", outcome="PENDING", sort="REMAINING", attributes={"region": "R3"}
    ),
    "one region, by due": ListCycles(phase="RUNNING", sort="DUE", attributes={"region": "R3"}),
    "id begins": ListCycles(subject_prefix="T-12", sort="DUE"),
    "id holds, rare": ListCycles(subject_contains="9870", sort="DUE"),
    "id holds, frequent": ListCycles(subject_contains="7", outcome="BREACHED", sort="DUE_LATEST"),
    "id holds, few in 100": ListCycles(subject_contains="87", phase="RUNNING", sort="DUE"),
}
STORY = """
INSERT INTO clocks.subjects (tenant_id, subject_id, state, last_occurred_at, events, folded_revision)
SELECT $1 || '-' || n % $3, 'T-' || n, seed.state, seed.last_occurred_at, 1, seed.folded_revision
FROM generate_series(1, $2::integer) AS n, clocks.subjects AS seed
WHERE seed.tenant_id = $1 || '-0' AND seed.subject_id = 'seed'
"""
BOARD = """
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, stopped_at, ended_at,
    breached_at, left_us)
SELECT $1 || '-' || n % $3, 'T-' || n, 'resolution', 'resolution', 1, 1, 'P' || 1 + n / $3 % 4, 3600000000,
       'sao-paulo', 1, 'default', '{sao-paulo}',
       CASE WHEN paused THEN 'PAUSED' WHEN open THEN 'RUNNING' ELSE 'STOPPED' END,
       CASE WHEN open THEN 'PENDING' WHEN broken THEN 'BREACHED' ELSE 'MET' END, at,
       CASE WHEN NOT paused THEN due END,
       CASE WHEN NOT open THEN due END, CASE WHEN NOT open THEN due END,
       CASE WHEN broken AND NOT open THEN due END,
       CASE WHEN paused THEN n::bigint * 7919 % 3600 * 1000000 END
FROM (
    SELECT n, n / $3 % 10 = 0 AS open, n / $3 % 40 = 0 AS paused, n / $3 % 7 = 0 AS broken,
           $4::timestamptz - shift AS at,
           $4::timestamptz - shift + interval '20 days' AS due
    FROM generate_series(1, $2::integer) AS n,
         LATERAL (SELECT n::bigint * 7919 % 3000000 * interval '1 second' AS shift)
) AS story
"""
ATTRIBUTES = """
INSERT INTO clocks.subject_attributes
SELECT tenant_id, subject_id, 'region', 'R' || abs(hashtext(subject_id)) % 8
FROM clocks.subjects
WHERE starts_with(tenant_id, $1) AND subject_id <> 'seed'
"""


def main() -> None:
    """Measure and print."""
    cycles, tenants = [*map(int, sys.argv[1:3]), *(CYCLES, TENANTS)[len(sys.argv) - 1 :]]
    with durable_servers() as servers:
        asyncio.run(migrate_all(servers.database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(servers, cycles, tenants))


async def measure(servers: Servers, cycles: int, tenants: int) -> None:
    """Print one line for each question."""
    async with open_services(servers, now=lambda: NOW) as (service, calendars):
        contexts = [acting_for(f"board-{number}") for number in range(min(tenants, 5))]
        for context in contexts:
            await prepare(service, calendars, context)
        await fill(servers.database_url, cycles, tenants)
        sys.stdout.write(f"pages of 50 among {cycles:,} Cycles of {tenants} tenants\n")
        for name, question in QUESTIONS.items():
            await measure_question(service, contexts, name, question)


async def prepare(service: ClocksService, calendars: Any, context: RequestContext) -> None:
    """Give a tenant the Calendar, the Policy, and one Subject whose state all others share."""
    await calendars.create_calendar(context, CreateCalendar(key="sao-paulo", name="Bench", document=CALENDAR))
    document = {**POLICY, "filterable": ["region"]}
    await service.save_policy(context, SavePolicy(key="resolution", document=document))
    attributes = {"state": "New", "priority": "2"}
    seed = EventRecord(
        event_id="seed", subject_id="seed", occurred_at=NOW, type="updated", attributes=attributes
    )
    await service.ingest_events(context, IngestEvents(events=(seed,)))


async def fill(database_url: str, cycles: int, tenants: int) -> None:
    """Make Subjects, Cycles and attributes, and have PostgreSQL count them."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(STORY, "board", cycles, tenants)
        await owner.execute(BOARD, "board", cycles, tenants, NOW)
        await owner.execute(ATTRIBUTES, "board-")
        await owner.execute("VACUUM ANALYZE")
    finally:
        await owner.close()


async def measure_question(
    service: ClocksService, contexts: list[RequestContext], name: str, question: ListCycles
) -> None:
    """Ask again and again, tenant by tenant, and print how long half and nearly all of it took."""
    took_ms: list[float] = []
    for turn in range(PAGES + 10):
        began_s = time.perf_counter()
        page = await service.list_cycles(contexts[turn % len(contexts)], question)
        if turn >= 10:
            took_ms.append(1_000 * (time.perf_counter() - began_s))
        if not page.cycles:
            sys.exit(f"{name}: nothing was found")
    slow = statistics.quantiles(took_ms, n=100)
    sys.stdout.write(f"{name:>24}: p50 {slow[49]:6.2f} ms, p99 {slow[98]:6.2f} ms\n")


def acting_for(tenant_id: str) -> RequestContext:
    """Make a context with all that the benchmark asks for."""
    scopes = frozenset({"read", "ingest", "policies", "calendars"})
    return RequestContext(tenant_id=tenant_id, subject="bench", scopes=scopes, request_id="bench")


if __name__ == "__main__":
    main()
