"""What a Timeline costs: in the process, from Redis, compiled; and a whole read through the door.

Run as `python -m tests.benchmarks.calendars`. Ratios to the bare thing in the same run say more than figures.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from businesstime import compile_schedule
from calendars.app import open_calendars
from calendars.contract import CreateCalendar, ReadTimelines
from calendars.domain.calendar import begin
from calendars.domain.definition import horizon_at
from calendars.domain.document import CalendarKey, read_document, read_key
from calendars.domain.resolution import schedule_of
from calendars.operations.obtain_timelines import obtain
from calendars.service import CalendarsService
from calendars.settings import Settings
from calendars.storage.timelines import redis_key
from cli.tracks import migrate_all
from embedded.running import temporary_servers
from serving.context import RequestContext

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "zone": "America/Sao_Paulo",
    "hours": {"mon-fri": ["08:00-12:00", "13:00-18:00"]},
    "holidays": [{"country": "BR", "subdivision": "SP"}],
}
CONTEXT = RequestContext(
    tenant_id="bench",
    subject="bench",
    scopes=frozenset({"read", "calendars"}),
    request_id="bench",
)
KEY = CalendarKey("sao-paulo")


def main() -> None:
    """Measure and print."""
    with temporary_servers() as servers:
        asyncio.run(migrate_all(servers.database_url, ("calendars",)))
        settings = Settings(
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            internal_secret="a secret of benchmarks, longer than 32",  # noqa: S106 - guards nothing
        )
        asyncio.run(measure(settings))


async def measure(settings: Settings) -> None:
    """Print one line for each way to a Timeline."""
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(open_calendars(settings, now=lambda: NOW))
        redis = await stack.enter_async_context(Redis.from_url(settings.redis_url or ""))
        await service.create_calendar(CONTEXT, CreateCalendar(key=KEY, name="Bench", document=DOCUMENT))
        await through_the_door(service)
        definition = next(iter(service._shelf._held))
        held_us = timed(lambda: service._shelf.held(definition), 100_000)
        lookup_us = timed(lambda: service._shelf._held.get(definition), 100_000)
        line("in the process", held_us, "a bare dict lookup", lookup_us, goal_us=5)
        get_us = await timed_async(lambda: redis.get(redis_key(definition)), 500)
        redis_us = await timed_async(lambda: from_redis(service), 500)
        line("from Redis, loaded", redis_us, "a bare GET", get_us, goal_us=1_000)
        compile_us, parse_us = timed(compiled, 50), timed(lambda: read_document(DOCUMENT), 200)
        line("compiled, three years", compile_us, "reading its document", parse_us, goal_us=10_000)
        ping_us = await timed_async(lambda: transaction(service), 500)
        door_us = await timed_async(lambda: through_the_door(service), 500)
        line("whole read at the door, warm", door_us, "an empty transaction", ping_us)
        cold_us = await timed_async(lambda: cold(service, redis), 100)
        line("whole read at the door, cold", cold_us, "warm", door_us)


async def through_the_door(service: CalendarsService) -> None:
    """Read the Timeline as another service does."""
    await service.read_timelines(CONTEXT, ReadTimelines(keys=(KEY,)))


async def from_redis(service: CalendarsService) -> None:
    """Fetch, check and load what Redis has, as a process that keeps nothing."""
    shelf = service._shelf
    definition = next(iter(shelf._held))
    shelf.forget()
    await shelf.obtain([definition], missing)


async def missing(_keys: object) -> Any:
    """Refuse to compile: what is measured is Redis."""
    sys.exit("Redis did not have the Timeline: nothing to measure")


async def cold(service: CalendarsService, redis: Redis) -> None:
    """Read at the door where no cache has anything: documents, compiling, and filling the caches."""
    service._shelf.forget()
    await redis.flushdb()
    await obtain(CONTEXT, {KEY: "key"}, service._source())


async def transaction(service: CalendarsService) -> None:
    """Open and end a tenant's transaction, and read one thing in it."""
    async with service._database.transaction(CONTEXT.tenant_id, read_only=True) as connection:
        await connection.fetchval("SELECT 1")


def compiled() -> None:
    """Make a Timeline from a document, its holidays known already."""
    calendar = begin(key=read_key(KEY), name="Bench", document=read_document(DOCUMENT), by="bench", now=NOW)
    horizon = horizon_at(NOW)
    compile_schedule(schedule_of(KEY, {KEY: calendar}), start=horizon.start, end=horizon.end).to_bytes()


def timed(action: Callable[[], object], times: int) -> float:
    """Return the median of five rounds, in microseconds an action."""
    return statistics.median(_round(action, times) for _ in range(5))


def _round(action: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - began) / times * 1e6


async def timed_async(action: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the median over single actions, in microseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await action()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def line(what: str, took_us: float, bare: str, bare_us: float, *, goal_us: float | None = None) -> None:
    """Print one measurement, its ratio to the bare thing, and whether the goal is met."""
    verdict = (
        "" if goal_us is None else f"   goal under {goal_us:g} µs: {'met' if took_us < goal_us else 'MISSED'}"
    )
    ratio = took_us / bare_us
    sys.stdout.write(
        f"timeline {what:30} {took_us:10.2f} µs = {ratio:6.1f} times {bare} ({bare_us:.2f} µs){verdict}\n"
    )


if __name__ == "__main__":
    main()
