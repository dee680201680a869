"""What ingest and fold in the service cost, beside a bare batched insert of the same events in the same run.

Run as `python -m tests.benchmarks.ingest`. Goals: 10 k events/s at 500 a batch and an eighth of the bare
insert, 6 k at 50. One process, set up as `meantime serve` is. The bare insert, by one client into a table
that has a primary key and nothing else, is the limit.

Batches about the same ticket go one after the other. Of a batch of 500 in order of time, 78% of the tickets
here were in the batch before, so clients of one tenant mostly wait for one another; those of four tenants
do not. In the log that the story is shaped after it is 17% (at 50 a batch: none here, 9% there).
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import uvloop

from calendars.contract import CreateCalendar
from cli.tracks import migrate_all
from clocks.contract import EventRecord, IngestEvents, SavePolicy
from clocks.operations.check_events import check
from clocks.service import ClocksService
from embedded.running import Servers
from serving.context import RequestContext
from serving.garbage import settle_garbage
from tests.durable_servers import durable_servers
from tests.open_services import open_services

EVENTS = 30_000
TICKETS = 300
STATES = (
    ("New",),
    ("Active",),
    ("Active",),
    ("Awaiting User", "Active", "Active"),
    ("Resolved",),
    ("Closed",),
)
UPDATES = len(STATES)
CALENDAR: dict[str, Any] = {
    "zone": "America/Sao_Paulo",
    "hours": {"mon-fri": ["08:00-18:00"]},
    "holidays": [{"country": "BR"}],
}
POLICY: dict[str, Any] = {
    "name": "Resolution",
    "calendars": {"default": "sao-paulo"},
    "metrics": {
        "resolution": {
            "start": "true",
            "pause": 'subject.state.startsWith("Awaiting")',
            "stop": 'subject.state in ["Resolved", "Closed"]',
            "targets": [
                {
                    "name": f"P{priority}",
                    "when": f'subject.priority == "{priority}"',
                    "duration": f"{hours}h",
                    "warnings": ["75%"],
                }
                for priority, hours in ((1, 4), (2, 8), (3, 24), (4, 40))
            ],
        }
    },
}
BARE = """
INSERT INTO bare (tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
SELECT $1, * FROM unnest(
    $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[], $7::json[], $8::bytea[])
"""


def main() -> None:
    """Measure and print."""
    with durable_servers() as servers:
        asyncio.run(migrate_all(servers.database_url))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(servers))


async def measure(servers: Servers) -> None:
    """Print one line for each size of batch."""
    async with open_services(servers) as (service, calendars):
        await warm_up(service, calendars)
        settle_garbage()
        for size in (500, 50):
            for clients, tenants in ((1, 1), (4, 1), (4, 4)):
                contexts = [
                    acting_for(f"bench-{size}-{clients}-{tenants}-{number}") for number in range(tenants)
                ]
                for context in contexts:
                    await prepare(service, calendars, context)
                events = list(story(EVENTS))
                bare = await bare_rate(servers.database_url, events, size)
                began_s = time.perf_counter()
                await asyncio.gather(
                    *(
                        service_rate(service, context, events, size, clients // tenants)
                        for context in contexts
                    )
                )
                rate = len(events) * tenants / (time.perf_counter() - began_s)
                line(size, f"{clients} client(s) of {tenants} tenant(s)", rate, bare)


def story(count: int, *, seed: int = 7) -> Iterator[EventRecord]:
    """Tell of tickets, shaped after a real log: six updates each, two of five of which change a Cycle.

    500 events in order of time are about 330 tickets, as in that log.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    moment = datetime(2026, 1, 5, 9, tzinfo=UTC)
    for number in range(count):
        moment += timedelta(seconds=chance.randrange(120))
        block, place = divmod(number, UPDATES * TICKETS)
        step, ticket = divmod(place, TICKETS)
        attributes = {
            "state": chance.choice(STATES[step]),
            "group": f"G{chance.randrange(40)}",
            "updates": step,
        }
        if step == 0:
            attributes["priority"] = str(chance.choice((1, 2, 3, 3, 3, 4)))
        yield EventRecord(
            event_id=f"INC{number:08}",
            subject_id=f"T{block * TICKETS + ticket:07}",
            occurred_at=moment,
            sequence=step,
            type="updated",
            attributes=attributes,
        )


async def service_rate(
    service: ClocksService, context: RequestContext, events: Sequence[EventRecord], size: int, tasks: int
) -> float:
    """Send all events in batches, some tasks at a time; events a second."""
    batches = iter(batched(events, size))

    async def send() -> None:
        for batch in batches:
            receipt = await service.ingest_events(context, IngestEvents(events=tuple(batch)))
            if receipt.accepted != len(batch):
                sys.exit(f"not all was taken: {receipt}")

    began_s = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(tasks)))
    return len(events) / (time.perf_counter() - began_s)


async def bare_rate(database_url: str, events: Sequence[EventRecord], size: int) -> float:
    """Insert the same rows, a transaction a batch, into a table with nothing but a key; rows a second."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "DROP TABLE IF EXISTS bare; CREATE TABLE bare (LIKE clocks.events INCLUDING DEFAULTS);"
            " ALTER TABLE bare ADD PRIMARY KEY (tenant_id, event_id)"
        )
        rows = [row(event) for event in events]
        began_s = time.perf_counter()
        for batch in batched(rows, size):
            await connection.execute(BARE, "bare", *(list(column) for column in zip(*batch, strict=True)))
        return len(events) / (time.perf_counter() - began_s)
    finally:
        await connection.close()


def row(event: EventRecord) -> tuple[Any, ...]:
    """Make a row as the service would."""
    (new,) = check([event]).events.values()
    return (
        event.event_id,
        event.subject_id,
        event.occurred_at,
        event.sequence,
        event.type,
        new.attributes.decode(),
        new.content_hash,
    )


async def prepare(service: ClocksService, calendars: Any, context: RequestContext) -> None:
    """Give a tenant the Calendar and the Policy."""
    await calendars.create_calendar(context, CreateCalendar(key="sao-paulo", name="Bench", document=CALENDAR))
    await service.save_policy(context, SavePolicy(key="resolution", document=POLICY))


async def warm_up(service: ClocksService, calendars: Any) -> None:
    """Compile what is compiled once a process, and prepare the statements."""
    context = acting_for("bench-warm-up")
    await prepare(service, calendars, context)
    await service_rate(service, context, list(story(2_000)), 500, 2)


def batched(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut into batches."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def acting_for(tenant_id: str) -> RequestContext:
    """Make a context with all that the benchmark asks for."""
    scopes = frozenset({"read", "ingest", "policies", "calendars"})
    return RequestContext(tenant_id=tenant_id, subject="bench", scopes=scopes, request_id="bench")


def line(size: int, clients: str, rate: float, bare: float) -> None:
    """Print a figure and its ratio."""
    sys.stdout.write(
        f"ingest and fold, {size:>3} a batch, {clients}: {rate:>8,.0f} events/s;"
        f" bare insert {bare:>8,.0f} rows/s; 1/{bare / rate:.1f}\n"
    )


if __name__ == "__main__":
    main()
