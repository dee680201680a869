"""What measures cost in the service: attainment, mean and percentile of a million facts, beside bare SQL.

Run as `python -m tests.benchmarks.measures [facts]`. The facts are made by SQL, over three months: answered
calls that hold a number, and Cycles that stopped. Each value is held against what SQL says of the same rows,
in the same run. The memory is that of this process at its largest: it holds the service and nothing else.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import asyncpg
import uvloop

from cli.tracks import migrate_all
from clocks.contract import MeasureAttainment, MeasurePeriods
from clocks.service import ClocksService
from embedded.running import Servers
from serving.context import RequestContext
from tests.benchmarks.board import acting_for, prepare
from tests.durable_servers import durable_servers
from tests.open_services import open_services

FACTS = 1_000_000
TENANT = "measures"
MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4)]
START, END = MONTHS[0], MONTHS[-1]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NUMBERS = {"kind": "numbers", "event": "call.answered", "attribute": "wait_s"}
WHEN = "$3::timestamptz + n * (($4::timestamptz - $3::timestamptz) / ($2 + 1))"
CALLS = f"""
INSERT INTO clocks.events (
    tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
SELECT $1, 'E-' || n, 'T-' || n, {WHEN}, 0, 'call.answered',
       json_build_object('wait_s', n * 7919::bigint % 600, 'queue', 'q' || n % 7), '\\x00'
FROM generate_series(1, $2::integer) AS n
"""  # noqa: S608 - our own text
CYCLES = f"""
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, stopped_at, ended_at,
    breached_at)
SELECT $1, 'T-' || n, 'resolution', 'resolution', 1, 1, 'P' || 1 + n % 4, 3600000000, 'sao-paulo', 1,
       'default', '{{sao-paulo}}', 'STOPPED',
       CASE WHEN n % 7 = 0 THEN 'BREACHED' ELSE 'MET' END, at - interval '1 hour',
       at, at, at, CASE WHEN n % 7 = 0 THEN at END
FROM (SELECT n, {WHEN} AS at FROM generate_series(1, $2::integer) AS n) AS story
"""  # noqa: S608 - our own text
BARE = {
    "attainment": """
        SELECT count(*) FILTER (WHERE outcome = 'MET'), count(*) FROM clocks.cycles
        WHERE tenant_id = $1 AND counted_at >= $2 AND counted_at < $3""",
    "mean": """
        SELECT sum((attributes ->> 'wait_s')::numeric), count(*) FROM clocks.events
        WHERE tenant_id = $1 AND type = 'call.answered' AND occurred_at >= $2 AND occurred_at < $3""",
    "percentile": """
        SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY (attributes ->> 'wait_s')::numeric), 1
        FROM clocks.events
        WHERE tenant_id = $1 AND type = 'call.answered' AND occurred_at >= $2 AND occurred_at < $3""",
}


def main() -> None:
    """Measure and print."""
    facts = int(sys.argv[1]) if len(sys.argv) > 1 else FACTS
    with durable_servers() as servers:
        asyncio.run(migrate_all(servers.database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(servers, facts))


async def measure(servers: Servers, facts: int) -> None:
    """Print a line for each measure."""
    async with AsyncExitStack() as stack:
        service, calendars = await stack.enter_async_context(open_services(servers, now=lambda: NOW))
        owner = await asyncpg.connect(servers.database_url)
        stack.push_async_callback(owner.close)
        context = acting_for(TENANT)
        await prepare(service, calendars, context)
        for statement in (CALLS, CYCLES):
            await owner.execute(statement, TENANT, facts, START, END)
        await owner.execute("VACUUM ANALYZE")
        await line("attainment", facts, owner, [START, END], partial(attainment, service, context))
        for name, document in (
            ("mean", {"kind": "mean", "of": NUMBERS}),
            ("percentile", {"kind": "percentile", "of": NUMBERS, "percent": 90}),
        ):
            await line(name, facts, owner, MONTHS, partial(by_month, service, context, document))


async def line(
    name: str,
    facts: int,
    owner: asyncpg.Connection,
    bounds: Sequence[datetime],
    work: Callable[[], Awaitable[list[Fraction]]],
) -> None:
    """Run a measure and the bare aggregate; print rates, ratio and memory. The values must agree."""
    began_s = time.perf_counter()
    bare = [await owner.fetchrow(BARE[name], TENANT, *both) for both in pairwise(bounds)]
    bare_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    found = await work()
    took_s = time.perf_counter() - began_s
    if found != [Fraction(row[0]) / row[1] for row in bare]:
        sys.exit(f"{name}: {found} is not what SQL says: {bare}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{name} of {facts:,} facts: {took_s:.2f} s, {facts / took_s:,.0f} facts/s,"
        f" {took_s / bare_s:.1f} times bare SQL ({bare_s:.2f} s); peak {peak_mb:.0f} MB\n"
    )


async def attainment(service: ClocksService, context: RequestContext) -> list[Fraction]:
    """Measure the attainment of all months at once."""
    request = MeasureAttainment(policy_key="resolution", metric="resolution", start=START, end=END)
    record = await service.measure_attainment(context, request)
    return [Fraction(record.met, record.met + record.breached)]


async def by_month(
    service: ClocksService, context: RequestContext, document: dict[str, Any]
) -> list[Fraction]:
    """Measure a document in each month: a period holds a third of the facts."""
    request = MeasurePeriods(measure=document, start=START, end=END, unit="month")
    return [
        one.ratio or Fraction(0) for one in (await service.measure_periods(context, request)).measurements
    ]


if __name__ == "__main__":
    main()
