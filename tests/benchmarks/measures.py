"""What measures cost in the service, of a million facts each, beside bare SQL over the same rows.

Run as `python -m tests.benchmarks.measures [facts]`. Goals: at most 3 s, and at most five times SQL where
it can sum up. The facts are made by SQL, over three months: calls queued and answered, outages, and
Cycles that stopped. Each value is held against what SQL says. It knows no business time: there it reads what
that is counted from. The memory is this process's at its largest: it holds the service and nothing else.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import asyncpg
import uvloop

from cli.tracks import migrate_all
from clocks.contract import EventRecord, IngestEvents, MeasureAttainment, MeasurePeriods, ReadSubject
from clocks.service import ClocksService
from embedded.running import Servers
from pgstore.blocks import load_blocks
from serving.context import RequestContext
from tests.benchmarks.board import acting_for, prepare
from tests.durable_servers import durable_servers
from tests.open_services import open_services

FACTS = 1_000_000
TENANT = "measures"
MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4)]
START, END = MONTHS[0], MONTHS[-1]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SOLVED = [("New", 1), ("Awaiting User", 2), ("Active", 3), ("Resolved", 4)]
"""The states of a Subject, by the day of December 2025: the state of all whose Cycles have stopped."""

SQL = load_blocks("tests.benchmarks", "measures.sql")
STORY = ("answered", "queued", "outages", "subjects", "cycles")
ATTAINMENT = {"kind": "attainment", "policy": "resolution"}
NUMBERS = {"kind": "numbers", "event": "call.answered", "attribute": "wait_s"}
SPANS = {"kind": "spans", "since": "call.queued", "until": "call.answered"}
IN_HOURS = {**SPANS, "calendar": "sao-paulo"}
TIMES = {"kind": "cycles", "policy": "resolution"}


class Case(NamedTuple):
    """A measure, and the SQL that answers its two numbers; no second one: it is what one Cycle took."""

    name: str
    document: Mapping[str, Any]
    bare: str
    by: str | None = None
    bounds: Sequence[datetime] = (START, END)


CASES = [
    Case("attainment", ATTAINMENT, "kept"),
    Case("attainment by queue", ATTAINMENT, "kept", by="subject.queue"),
    Case("mean of numbers", {"kind": "mean", "of": NUMBERS}, "mean", bounds=MONTHS),
    Case(
        "percentile of numbers",
        {"kind": "percentile", "of": NUMBERS, "percent": 90},
        "percentile",
        bounds=MONTHS,
    ),
    Case("mean of waits", {"kind": "mean", "of": SPANS}, "spans"),
    Case("waits of an hour of business", {"kind": "within", "of": IN_HOURS, "bound": "1h"}, "paired"),
    Case("availability", {"kind": "availability"}, "up"),
    Case("mean of Cycles on the wall", {"kind": "mean", "of": {**TIMES, "time": "elapsed"}}, "elapsed"),
    Case("mean of Cycles in business time", {"kind": "mean", "of": TIMES}, "states"),
]


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
        business_us = await solve(service, context)
        for name in STORY:
            await owner.execute(SQL[name], TENANT, START, END, facts)
        await owner.execute("VACUUM ANALYZE")
        for case in CASES:
            began_s = time.perf_counter()
            bare = [await owner.fetchrow(SQL[case.bare], TENANT, *both) for both in pairwise(case.bounds)]
            bare_s = time.perf_counter() - began_s
            expected = [
                business_us if row[1] is None else Fraction(row[0]) / Fraction(row[1]) for row in bare
            ]
            say(case.name, facts, await timed(service, context, case, expected), bare_s)
        await of_metric(service, context, facts)


async def solve(service: ClocksService, context: RequestContext) -> Fraction:
    """Tell of the Subject whose state all others share; answer the business time that it took."""
    events = [
        EventRecord(
            event_id=f"solved-{day}",
            subject_id="solved",
            occurred_at=datetime(2025, 12, day, 12, tzinfo=UTC),
            type="updated",
            attributes={"state": state, "priority": "2"},
        )
        for state, day in SOLVED
    ]
    await service.ingest_events(context, IngestEvents(events=tuple(events)))
    subject = await service.read_subject(context, ReadSubject(subject_id="solved"))
    return Fraction(subject.cycles[0].elapsed_us)


async def timed(
    service: ClocksService, context: RequestContext, case: Case, expected: list[Fraction]
) -> float:
    """Run a measure, and answer how long it took in seconds. The values must be those expected."""
    request = MeasurePeriods(
        measure=dict(case.document),
        start=START,
        end=END,
        unit="month" if case.bounds == MONTHS else None,
        by=case.by,
    )
    began_s = time.perf_counter()
    found = (await service.measure_periods(context, request)).measurements
    took_s = time.perf_counter() - began_s
    if [one.ratio for one in found] != expected:
        sys.exit(f"{case.name}: {[one.ratio for one in found]} is not what SQL says: {expected}")
    return took_s


async def of_metric(service: ClocksService, context: RequestContext, facts: int) -> None:
    """Run what an agreement asks: the attainment of one Metric, and what is pending."""
    request = MeasureAttainment(policy_key="resolution", metric="resolution", start=START, end=END)
    began_s = time.perf_counter()
    record = await service.measure_attainment(context, request)
    took_s = time.perf_counter() - began_s
    if record.met + record.breached != facts:
        sys.exit(f"attainment: {record.met + record.breached:,} of {facts:,} were counted")
    say("attainment for an agreement", facts, took_s, None)


def say(name: str, facts: int, took_s: float, bare_s: float | None) -> None:
    """Print a line."""
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    beside = "" if bare_s is None else f", {took_s / bare_s:.1f} times bare SQL ({bare_s:.2f} s)"
    sys.stdout.write(
        f"{name} of {facts:,} facts: {took_s:.2f} s, {facts / took_s:,.0f} facts/s{beside};"
        f" peak {peak_mb:.0f} MB\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
