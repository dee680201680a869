"""What an amendment of a Calendar costs under running Cycles, and what ingest keeps meanwhile.

Run as `python -m tests.benchmarks.amendment`. Goals: all due times right within 10 s for 10,000 running
Cycles and 30 s for 200,000, ingest at no less than half its rate beside that; a plan for 200,000 under 5 s.
The worker is a process of its own, as in `meantime serve worker`. What is ingested meanwhile is the story of
the ingest benchmark, of the same tenant and on the same Calendar.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import uvloop

from calendars.app import open_calendars
from calendars.contract import AmendCalendar
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from cli.tracks import migrate_all
from clocks.app import open_worker
from clocks.contract import CalendarChange, EventRecord, IngestEvents, PlanCalendarChange
from clocks.service import ClocksService
from clocks.settings import Settings
from embedded.running import Servers
from serving.context import RequestContext
from tests.benchmarks.ingest import CALENDAR, acting_for, batched, prepare, story
from tests.durable_servers import durable_servers
from tests.open_services import fields_of, open_services

SIZES = (10_000, 200_000)
BATCH = 500
LOOK_S = 0.2
ALONE_S = 8.0
STORY = 500_000
TASKS = 2
START = datetime.fromisoformat("2026-11-20T12:00+00:00")
SHORTER = AmendCalendar(
    key="sao-paulo",
    expected_version=1,
    document={**CALENDAR, "hours": {"mon-fri": ["09:00-17:30"]}},
    effective_from=None,
)
DONE = """
SELECT EXISTS (SELECT FROM clocks.calendar_copies WHERE tenant_id = $1 AND version = 2)
   AND NOT EXISTS (SELECT FROM clocks.refolds WHERE tenant_id = $1)
"""
WRONG = """
SELECT count(*) FROM clocks.cycles
WHERE tenant_id = $1 AND phase IN ('RUNNING', 'PAUSED') AND calendar_version < 2
"""


def main() -> None:
    """Measure and print."""
    with (
        durable_servers() as servers,
        working_beside(servers),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(measure(servers))


@contextmanager
def working_beside(servers: Servers) -> Iterator[None]:
    """Run a worker beside, in a process of its own."""
    asyncio.run(migrate_all(servers.database_url))
    process = multiprocessing.get_context("spawn").Process(target=work, args=(servers,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def work(servers: Servers) -> None:
    """Be a worker until the end."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            calendars = await stack.enter_async_context(
                open_calendars(CalendarsSettings(**fields_of(servers)))
            )
            worker = await stack.enter_async_context(
                open_worker(Settings(**fields_of(servers)), calendars=calendars, feed=calendars.feed)
            )
            await worker.run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


async def measure(servers: Servers) -> None:
    """Print the figures for each number of running Cycles."""
    async with AsyncExitStack() as stack:
        connection = await asyncpg.connect(servers.database_url)
        stack.push_async_callback(connection.close)
        service, calendars = await stack.enter_async_context(open_services(servers))
        for size in SIZES:
            context = acting_for(f"bench-{size}")
            await prepare(service, calendars, context)
            seeded_s = await seed(service, context, size)
            await connection.execute("VACUUM ANALYZE clocks.cycles")
            await connection.execute("CHECKPOINT")
            print_line(f"{size:>7,} running Cycles; seeded through the door in {seeded_s:.0f} s")
            plan_s = await plan(service, calendars, context)
            print_line(f"{size:>7,} running Cycles: planned in {plan_s:.2f} s")
            batches = batched(list(story(STORY)), BATCH)
            async with ingesting(service, context, batches) as alone:
                await asyncio.sleep(ALONE_S)
            async with ingesting(service, context, batches) as beside:
                effect_s = await amend(calendars, context, connection)
            print_line(
                f"{size:>7,} running Cycles: all due anew {effect_s:.1f} s after the amendment was asked for;"
                f" ingest {beside.rate:,.0f} events/s beside, {alone.rate:,.0f} alone:"
                f" {beside.rate / alone.rate:.2f}"
            )


async def seed(service: ClocksService, context: RequestContext, count: int) -> float:
    """Open Cycles, one of five of which waited once; seconds it took."""
    began_s = time.perf_counter()
    batches = iter(batched(list(tickets(count)), BATCH))

    async def send() -> None:
        for batch in batches:
            receipt = await service.ingest_events(context, IngestEvents(events=tuple(batch)))
            if receipt.accepted != len(batch):
                sys.exit(f"not all was taken: {receipt}")

    await asyncio.gather(*(send() for _ in range(TASKS)))
    return time.perf_counter() - began_s


def tickets(count: int) -> Iterator[EventRecord]:
    """Tell of tickets opened within a day, with forty hours each."""
    for number in range(count):
        states = ("Active", "Awaiting User", "Active") if number % 5 == 0 else ("Active",)
        for step, state in enumerate(states):
            yield EventRecord(
                event_id=f"S{number:07}-{step}",
                subject_id=f"S{number:07}",
                occurred_at=START + timedelta(seconds=number % 80_000, hours=step),
                sequence=step,
                type="updated",
                attributes={"state": state, "priority": "4", "group": f"G{number % 40}"},
            )


class Rate:
    """Events a second, counted while ingest goes on."""

    def __init__(self) -> None:
        self.events = 0
        self.rate = 0.0


@asynccontextmanager
async def ingesting(
    service: ClocksService, context: RequestContext, batches: Iterator[Sequence[EventRecord]]
) -> AsyncIterator[Rate]:
    """Send batches without a pause for as long as the block runs."""
    rate = Rate()

    async def send() -> None:
        while not over.is_set():
            batch = next(batches)
            await service.ingest_events(context, IngestEvents(events=tuple(batch)))
            rate.events += len(batch)

    over = asyncio.Event()
    began_s = time.perf_counter()
    sending = [asyncio.create_task(send()) for _ in range(TASKS)]
    try:
        yield rate
    finally:
        rate.rate = rate.events / (time.perf_counter() - began_s)
        over.set()
        await asyncio.gather(*sending)


async def plan(service: ClocksService, calendars: CalendarsService, context: RequestContext) -> float:
    """Plan the amendment, both sides of it; seconds it took."""
    began_s = time.perf_counter()
    drawn = await calendars.plan_amendment(context, SHORTER)
    request = PlanCalendarChange(
        calendars=tuple(CalendarChange(key=line.key, blob=line.blob) for line in drawn.timelines),
        effective_from=drawn.effective_from,
    )
    planned = await service.plan_calendar_change(context, request)
    if not planned.moved:
        sys.exit("the plan moves nothing")
    return time.perf_counter() - began_s


async def amend(calendars: CalendarsService, context: RequestContext, connection: Any) -> float:
    """Amend the Calendar; seconds until no Cycle stands on the version before."""
    began_s = time.perf_counter()
    await calendars.amend_calendar(context, SHORTER)
    while not await connection.fetchval(DONE, context.tenant_id):  # noqa: ASYNC110 - another process works
        await asyncio.sleep(LOOK_S)
    took_s = time.perf_counter() - began_s
    if await connection.fetchval(WRONG, context.tenant_id):
        sys.exit("a Cycle stands on the version before")
    return took_s


def print_line(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
