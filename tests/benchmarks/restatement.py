"""What a plan to RESTATE a Calendar costs over Cycles that have ended: each is counted from its own state.

Run as `python -m tests.benchmarks.restatement`. Goals for 100,000 ended Cycles: both sides of the plan within
10 s, in memory that does not grow with their number.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec
import uvloop

from calendars.service import CalendarsService
from cli.tracks import migrate_all
from clocks.contract import CalendarChange, CalendarChangePlan, EventRecord, IngestEvents, PlanCalendarChange
from clocks.service import ClocksService
from embedded.running import Servers
from serving.context import RequestContext
from tests.benchmarks.amendment import SHORTER, START, print_line
from tests.benchmarks.ingest import acting_for, batched, prepare
from tests.durable_servers import durable_servers
from tests.open_services import open_services

SIZES = (20_000, 100_000)
BATCH = 500
RESTATED = msgspec.structs.replace(
    SHORTER, mode="RESTATE", effective_from=START - timedelta(days=1), reason="The desk went home earlier"
)


def main() -> None:
    """Measure and print."""
    with durable_servers() as servers:
        asyncio.run(migrate_all(servers.database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(servers))


async def measure(servers: Servers) -> None:
    """Print the figures for each number of ended Cycles."""
    async with AsyncExitStack() as stack:
        connection = await asyncpg.connect(servers.database_url)
        stack.push_async_callback(connection.close)
        service, calendars = await stack.enter_async_context(open_services(servers))
        for size in SIZES:
            context = acting_for(f"bench-{size}")
            await prepare(service, calendars, context)
            for batch in batched(list(tickets(size)), BATCH):
                await service.ingest_events(context, IngestEvents(events=tuple(batch)))
            await connection.execute("VACUUM ANALYZE clocks.cycles")
            before_kb = forget_most_memory()
            began_s = time.perf_counter()
            plan = await planned(service, calendars, context)
            took_s = time.perf_counter() - began_s
            if plan.ended != size or not plan.moved:
                sys.exit(f"the plan is about {plan.ended} ended Cycles and moves {plan.moved}")
            print_line(
                f"{size:>7,} ended Cycles: planned in {took_s:.1f} s;"
                f" {(memory_kb('VmHWM') - before_kb) / 1024:.0f} MiB more than before at the most"
            )


async def planned(
    service: ClocksService, calendars: CalendarsService, context: RequestContext
) -> CalendarChangePlan:
    """Plan the amendment, both sides of it."""
    drawn = await calendars.plan_amendment(context, RESTATED)
    return await service.plan_calendar_change(
        context,
        PlanCalendarChange(
            calendars=tuple(CalendarChange(key=line.key, blob=line.blob) for line in drawn.timelines),
            effective_from=drawn.effective_from,
        ),
    )


def tickets(count: int) -> Iterator[EventRecord]:
    """Tell of tickets that are opened within a day and resolved five hours later."""
    for number in range(count):
        for step, state in enumerate(("Active", "Resolved")):
            yield EventRecord(
                event_id=f"S{number:07}-{step}",
                subject_id=f"S{number:07}",
                occurred_at=START + timedelta(seconds=number % 80_000, hours=5 * step),
                sequence=step,
                type="updated",
                attributes={"state": state, "priority": "1", "group": f"G{number % 40}"},
            )


def forget_most_memory() -> int:
    """Let the most memory that was held be what is held now, which is returned; in KiB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return memory_kb("VmHWM")


def memory_kb(name: str) -> int:
    """Read a figure of this process's memory from Linux."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
