"""A worker killed by -9 where it waits, and started again: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendars.app import open_calendars
from calendars.contract import AmendCalendar, CreateCalendar
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_clocks
from clocks.contract import ActOnClock, EventRecord, IngestEvents, SavePolicy
from clocks.service import ClocksService
from clocks.settings import Settings
from serving.context import RequestContext
from tests.faults.worker_process import NEVER, POINTS, SECRET
from tests.services.clocks.following import eventually, messages_of

SUBJECTS = 260
ALWAYS: dict[str, Any] = {"zone": "Etc/UTC", "hours": {"mon-sun": ["00:00-24:00"]}}
SHORT: dict[str, Any] = {
    "name": "Short",
    "calendars": {"default": "always"},
    "metrics": {
        "response": {
            "start": "true",
            "stop": "false",
            "targets": [
                {"name": "P1", "when": "true", "duration": "2s", "warnings": ["25%", "50%"]},
                {"name": "by hand", "when": "false", "duration": "1000h"},
            ],
        }
    },
}


@pytest.fixture
async def doors(database_url: str, redis_url: str) -> AsyncIterator[tuple[ClocksService, CalendarsService]]:
    """Open both services at the real time."""
    fields: dict[str, Any] = {"database_url": database_url, "redis_url": redis_url, "internal_secret": SECRET}
    async with AsyncExitStack() as stack:
        calendars = await stack.enter_async_context(open_calendars(CalendarsSettings(**fields)))
        clocks = await stack.enter_async_context(open_clocks(Settings(**fields), calendars=calendars))
        yield clocks, calendars


@pytest.fixture
def context(tenant: str) -> RequestContext:
    """Act for this test's tenant."""
    scopes = frozenset({"read", "ingest", "policies", "calendars"})
    return RequestContext(tenant_id=tenant, subject="user:ada", scopes=scopes, request_id="request-1")


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_worker_loses_and_doubles_nothing(
    doors: tuple[ClocksService, CalendarsService],
    context: RequestContext,
    database_url: str,
    redis_url: str,
    point: str,
) -> None:
    """Killed once at the point, then replaced: each warning and breach is sent once, with its true time."""
    clocks, calendars = doors
    await calendars.create_calendar(context, CreateCalendar(key="always", name="Always", document=ALWAYS))
    await clocks.save_policy(context, SavePolicy(key="short", document=SHORT))
    started = datetime.now(UTC)  # noqa: TID251 - beside a real worker
    await clocks.ingest_events(context, IngestEvents(events=tuple(events(started))))
    # A Cycle with a Target by hand is not plain: an amended Calendar is folded into it, whatever comes first.
    await clocks.act_on_clock(context, promised_by_hand(started))
    await calendars.amend_calendar(context, same_hours())
    passage = 2 if "firing" in point else 1
    async with worker_process(database_url, redis_url, point, passage) as doomed:
        assert await asyncio.wait_for(doomed.wait(), timeout=120) == -signal.SIGKILL
    async with worker_process(database_url, redis_url, NEVER, 0):
        await eventually(lambda: all_fired(clocks, context))
        await eventually(lambda: no_work_left(clocks, context))
    fired = await messages_of(clocks.feed, context.tenant_id, "warning.fired", "breach.fired")
    counts = Counter((one.payload["subject_id"], one.payload["threshold"]) for one in fired)
    assert set(counts.values()) == {1}
    assert len(counts) == 3 * SUBJECTS
    assert {one.payload["threshold"]: instant(one.payload) - started for one in fired} == {
        "P1:25%": timedelta(milliseconds=500),
        "P1:50%": timedelta(seconds=1),
        "breach": timedelta(seconds=2),
    }
    assert all(one.created_at > instant(one.payload) for one in fired)
    async with clocks._database.transaction(context.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM firings") == len(fired)


def events(started: datetime) -> list[EventRecord]:
    """Start many Subjects at one instant, and one that is to get a Target by hand."""
    subject_ids = ["T-by-hand", *(f"T-{n:03}" for n in range(SUBJECTS))]
    return [
        EventRecord(event_id=f"e {subject_id}", subject_id=subject_id, occurred_at=started, type="opened")
        for subject_id in subject_ids
    ]


def promised_by_hand(started: datetime) -> ActOnClock:
    """Give one Subject another Target, before anything of it can be fired."""
    return ActOnClock(
        subject_id="T-by-hand",
        action="override",
        target="by hand",
        reason="agreed",
        occurred_at=started + timedelta(milliseconds=1),
    )


def same_hours() -> AmendCalendar:
    """Amend the Calendar such that something is to be followed and looked at again, and no due time moves."""
    return AmendCalendar(
        key="always",
        expected_version=1,
        document=ALWAYS | {"holidays": [{"date": "2020-01-01", "name": "Long ago"}]},
    )


async def all_fired(clocks: ClocksService, context: RequestContext) -> bool:
    """Tell whether every threshold has its message."""
    fired = await messages_of(clocks.feed, context.tenant_id, "warning.fired", "breach.fired")
    return len(fired) >= 3 * SUBJECTS


async def no_work_left(clocks: ClocksService, context: RequestContext) -> bool:
    """Tell whether every refold is done, and all Cycles are counted on the amended Calendar."""
    async with clocks._database.transaction(context.tenant_id) as connection:
        left = await connection.fetchval("SELECT count(*) FROM refolds")
        older = await connection.fetchval("SELECT count(*) FROM cycles WHERE calendar_version = 1")
    return bool(left == 0 and older == 0)


def instant(payload: dict[str, Any]) -> datetime:
    """Read the true time of a message."""
    return datetime.fromisoformat(payload["at"])


@asynccontextmanager
async def worker_process(
    database_url: str, redis_url: str, point: str, passage: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker in a process of its own for as long as the block runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.worker_process", database_url, redis_url, point, str(passage)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
