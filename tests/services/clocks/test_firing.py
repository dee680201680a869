"""Thresholds on a real database, fired by real workers: each once, none early, with its true time."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from calendars.contract import AmendCalendar, CreateCalendar
from calendars.service import CalendarsService
from clocks.app import open_clocks
from clocks.contract import IngestEvents, ListCycles, ReadSubject, SavePolicy
from clocks.service import ClocksService
from clocks.settings import Settings
from pgstore.feed import FeedMessage
from serving.context import RequestContext
from tests.services.clocks.following import eventually, messages_of, working
from tests.services.clocks.stories import event

ALWAYS: dict[str, Any] = {"zone": "Etc/UTC", "hours": {"mon-sun": ["00:00-24:00"]}}
HOURLY: dict[str, Any] = {
    "name": "Hourly",
    "calendars": {"default": "always"},
    "metrics": {
        "response": {
            "start": "true",
            "pause": 'subject.state == "waiting"',
            "stop": 'subject.state == "done"',
            "targets": [{"name": "P1", "when": "true", "duration": "1h", "warnings": ["50%", "5m"]}],
        }
    },
}
HOUR = timedelta(hours=1)
FIRED = ("warning.fired", "breach.fired", "breach.revoked", "breach.restated")


def now() -> datetime:
    """Read the clock that the database has, too."""
    return datetime.now(UTC)  # noqa: TID251 - these tests run beside a real worker


@pytest.fixture
async def service(settings: Settings, calendars: CalendarsService) -> AsyncIterator[ClocksService]:
    """Open the service at the real time."""
    async with open_clocks(settings, calendars=calendars) as opened:
        yield opened


@pytest.fixture
async def hourly(service: ClocksService, calendars: CalendarsService, context: RequestContext) -> None:
    """Save a Policy of one hour, day and night, with warnings."""
    await calendars.create_calendar(context, CreateCalendar(key="always", name="Always", document=ALWAYS))
    await service.save_policy(context, SavePolicy(key="hourly", document=HOURLY))


@pytest.fixture
async def worker(settings: Settings, calendars: CalendarsService) -> AsyncIterator[None]:
    """Run a worker."""
    async with working(settings, calendars):
        yield


@pytest.mark.usefixtures("hourly", "worker")
async def test_a_warning_and_a_breach_are_fired_at_their_time(
    service: ClocksService, context: RequestContext
) -> None:
    """Neither early nor twice, stamped with the true time, and the row says BREACHED afterwards."""
    started = now() - HOUR + timedelta(seconds=0.7)
    await ingest(service, context, starting("T-1", started))
    await eventually(lambda: fired_are(service, context, 3))
    fired = await messages_of(service.feed, context.tenant_id, *FIRED)
    assert [(one.type, one.payload["threshold"], instant(one)) for one in fired] == [
        ("warning.fired", "P1:50%", started + HOUR / 2),
        ("warning.fired", "P1:5m", started + timedelta(minutes=55)),
        ("breach.fired", "breach", started + HOUR),
    ]
    assert fired[2].created_at > started + HOUR
    (cycle,) = (await service.list_cycles(context, ListCycles(outcome="BREACHED"))).cycles
    assert cycle.breached_at == started + HOUR
    assert cycle.phase == "RUNNING"


@pytest.mark.usefixtures("hourly", "worker")
async def test_what_is_paused_or_done_is_not_fired(service: ClocksService, context: RequestContext) -> None:
    """A Cycle that waits or is done before due breaches nothing; others beside it do."""
    started = now() - HOUR + timedelta(seconds=0.5)
    for subject, state in (("T-waits", "waiting"), ("T-done", "done")):
        await ingest(service, context, starting(subject, started))
        await ingest(service, context, starting(subject, started + HOUR / 4, state=state))
    await ingest(service, context, starting("T-late", started))
    await eventually(lambda: breaches_are(service, context, 1))
    fired = await messages_of(service.feed, context.tenant_id, *FIRED)
    assert {one.payload["subject_id"] for one in fired if one.type == "breach.fired"} == {"T-late"}


@pytest.mark.usefixtures("hourly")
async def test_each_missed_threshold_is_fired_once_after_an_outage(
    service: ClocksService, calendars: CalendarsService, settings: Settings, context: RequestContext
) -> None:
    """What came due while no worker ran is sent when one does: each once, in order, with its true time."""
    text = msgspec.json.encode(HOURLY).replace(b'"1h"', b'"1s"').replace(b"5m", b"20%")
    document = msgspec.json.decode(text)
    await service.save_policy(context, SavePolicy(key="hourly", document=document, expected_version=1))
    started = now()
    await ingest(service, context, *(starting(f"T-{n}", started) for n in range(50)))
    await eventually(lambda: passed(started + timedelta(seconds=1)))
    assert not await fired_are(service, context, 1)
    async with working(settings, calendars):
        await eventually(lambda: fired_are(service, context, 150))
    fired = await messages_of(service.feed, context.tenant_id, *FIRED)
    assert Counter(one.payload["threshold"] for one in fired) == {"P1:20%": 50, "P1:50%": 50, "breach": 50}
    assert [one.payload["threshold"] for one in fired if one.payload["subject_id"] == "T-7"] == [
        "P1:20%",
        "P1:50%",
        "breach",
    ]
    times = {one.payload["threshold"]: instant(one) - started for one in fired}
    assert times == {
        "P1:20%": timedelta(milliseconds=200),
        "P1:50%": timedelta(milliseconds=500),
        "breach": timedelta(seconds=1),
    }


@pytest.mark.usefixtures("hourly")
async def test_two_workers_fire_each_threshold_once(
    service: ClocksService, calendars: CalendarsService, settings: Settings, context: RequestContext
) -> None:
    """Two thousand breaches at one instant, two workers: two thousand messages and ledger entries."""
    started = now() - HOUR + timedelta(seconds=1)
    subjects = [starting(f"T-{n}", started) for n in range(2_000)]
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(working(settings, calendars))
        for start in range(0, 2_000, 500):
            await ingest(service, context, *subjects[start : start + 500])
        await eventually(lambda: breaches_are(service, context, 2_000))
    fired = await messages_of(service.feed, context.tenant_id, *FIRED)
    counts = Counter((one.payload["subject_id"], one.payload["threshold"]) for one in fired)
    assert set(counts.values()) == {1}
    assert len([one for one in fired if one.type == "breach.fired"]) == 2_000
    async with service._database.transaction(context.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM firings") == len(fired)


@pytest.mark.usefixtures("hourly")
async def test_a_cycle_that_ended_past_due_breaches_when_it_is_taken(
    service: ClocksService, context: RequestContext
) -> None:
    """History tells its breaches without a worker, and sends no warnings of what is over."""
    started = now() - timedelta(days=30)
    await ingest(
        service, context, starting("T-1", started), starting("T-1", started + 2 * HOUR, state="done")
    )
    (fired,) = await said(service, context, 1)
    assert (fired.type, instant(fired)) == ("breach.fired", started + HOUR)
    (cycle,) = (await service.read_subject(context, ReadSubject(subject_id="T-1"))).cycles
    assert (cycle.outcome, cycle.breached_at, cycle.revision) == ("BREACHED", started + HOUR, 0)


@pytest.mark.usefixtures("hourly", "worker")
async def test_a_late_stop_revokes_a_breach(service: ClocksService, context: RequestContext) -> None:
    """A late fact withdraws the Breach by a message, and the earlier numbers stay in a Revision."""
    started = now() - 2 * HOUR
    await ingest(service, context, starting("T-1", started))
    await eventually(lambda: breaches_are(service, context, 1))
    await ingest(service, context, starting("T-1", started + HOUR / 2, state="done"))
    fired = await said(service, context, 2)
    assert [one.type for one in fired] == ["breach.fired", "breach.revoked"]
    assert instant(fired[1]) == started + HOUR
    (cycle,) = (await service.read_subject(context, ReadSubject(subject_id="T-1"))).cycles
    assert (cycle.outcome, cycle.phase, cycle.breached_at) == ("MET", "STOPPED", None)
    assert cycle.revision == 1
    async with service._database.transaction(context.tenant_id) as connection:
        revisions = await connection.fetch("SELECT revision, outcome, breached_at FROM revisions")
    assert [tuple(row) for row in revisions] == [(0, "BREACHED", started + HOUR)]


@pytest.mark.usefixtures("hourly", "worker")
async def test_a_late_pause_restates_a_breach(service: ClocksService, context: RequestContext) -> None:
    """A Breach that still came, only later, is restated by one message, and counted as another generation."""
    started = now() - 4 * HOUR
    await ingest(service, context, starting("T-1", started))
    await ingest(service, context, starting("T-1", started + HOUR / 4, state="back"))
    await eventually(lambda: breaches_are(service, context, 1))
    pause = starting("T-1", started + HOUR / 8, state="waiting")
    await ingest(service, context, pause, starting("T-1", started + 2 * HOUR, state="done"))
    fired = await said(service, context, 2)
    assert [one.type for one in fired] == ["breach.fired", "breach.restated"]
    assert [instant(one) for one in fired] == [started + HOUR, started + HOUR * 9 / 8]
    assert [one.payload["generation"] for one in fired] == [1, 2]
    assert fired[1].payload["revision"] == 1


@pytest.mark.usefixtures("hourly", "worker")
async def test_a_breach_that_is_revoked_may_come_again(
    service: ClocksService, context: RequestContext
) -> None:
    """Stopped in time after all, then reopened: the same Cycle breaches once more, in a new generation."""
    started = now() - 4 * HOUR
    await ingest(service, context, starting("T-1", started))
    await eventually(lambda: breaches_are(service, context, 1))
    await ingest(service, context, starting("T-1", started + HOUR / 2, state="done"))
    await ingest(service, context, starting("T-1", started + HOUR, state="back"))
    fired = await said(service, context, 3)
    assert [one.type for one in fired] == ["breach.fired", "breach.revoked", "breach.fired"]
    assert instant(fired[2]) == started + HOUR * 3 / 2
    assert [one.payload["generation"] for one in fired] == [1, 2, 2]


@pytest.mark.usefixtures("hourly", "worker")
async def test_an_amended_calendar_moves_due_without_an_event(
    service: ClocksService, calendars: CalendarsService, context: RequestContext
) -> None:
    """The worker follows the calendars' feed: open Cycles are due by the new hours."""
    started = now() - HOUR / 2
    await ingest(service, context, starting("T-1", started))
    shut = started.date()
    document = ALWAYS | {"special": {shut.isoformat(): [], (shut + timedelta(days=1)).isoformat(): []}}
    request = AmendCalendar(
        key="always",
        expected_version=1,
        document=document,
        mode="RESTATE",
        effective_from=started - timedelta(days=3),
        reason="closed after all",
    )
    await calendars.amend_calendar(context, request)

    async def moved() -> bool:
        (cycle,) = (await service.list_cycles(context, ListCycles())).cycles
        return cycle.calendar_version == 2

    await eventually(moved)
    (cycle,) = (await service.list_cycles(context, ListCycles())).cycles
    assert cycle.due_at is not None
    assert cycle.due_at.date() == shut + timedelta(days=2)
    assert cycle.revision == 1


@pytest.mark.usefixtures("hourly", "worker")
async def test_a_policy_saved_later_holds_for_earlier_events(
    service: ClocksService, context: RequestContext
) -> None:
    """A first version holds always: Subjects that were there before get their Cycles from the worker."""
    started = now() - HOUR / 4
    await ingest(service, context, *(starting(f"T-{n:03}", started) for n in range(450)))
    second = msgspec.json.decode(msgspec.json.encode(HOURLY))
    second["metrics"] = {"restore": second["metrics"]["response"]}
    await service.save_policy(context, SavePolicy(key="second", document=second))

    async def all_there() -> bool:
        async with service._database.transaction(context.tenant_id) as connection:
            count = await connection.fetchval("SELECT count(*) FROM cycles WHERE metric = 'restore'")
        return bool(count == 450)

    await eventually(all_there)
    subject = await service.read_subject(context, ReadSubject(subject_id="T-449"))
    assert [cycle.metric for cycle in subject.cycles] == ["response", "restore"]


async def test_without_redis_every_breach_is_fired(
    settings: Settings, calendars: CalendarsService, context: RequestContext
) -> None:
    """With Redis gone the worker looks by itself, and fires what is due."""
    alone = Settings(
        database_url=settings.database_url,
        redis_url="redis://127.0.0.1:9/0",
        internal_secret=settings.internal_secret,
    )
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(open_clocks(alone, calendars=calendars))
        await stack.enter_async_context(working(alone, calendars))
        await calendars.create_calendar(context, CreateCalendar(key="always", name="Always", document=ALWAYS))
        await service.save_policy(context, SavePolicy(key="hourly", document=HOURLY))
        started = now() - HOUR + timedelta(seconds=0.3)
        await ingest(service, context, starting("T-1", started))
        await eventually(lambda: breaches_are(service, context, 1))
        (fired,) = await messages_of(service.feed, context.tenant_id, "breach.fired")
    assert fired.created_at > started + HOUR


async def ingest(service: ClocksService, context: RequestContext, *events: Any) -> None:
    """Send a batch that must be taken."""
    receipt = await service.ingest_events(context, IngestEvents(events=events))
    assert receipt.refused == ()


def starting(subject_id: str, occurred_at: datetime, **attributes: Any) -> Any:
    """Make an event at an exact instant."""
    made = event(f"{subject_id}@{occurred_at.isoformat()}", subject_id, "2026-01-01T00:00", **attributes)
    return msgspec.structs.replace(made, occurred_at=occurred_at)


async def said(service: ClocksService, context: RequestContext, count: int) -> list[FeedMessage]:
    """Wait for so many messages about thresholds, and give them; warnings left out."""

    async def enough() -> bool:
        return len(await messages_of(service.feed, context.tenant_id, *FIRED[1:])) >= count

    await eventually(enough)
    return await messages_of(service.feed, context.tenant_id, *FIRED[1:])


async def fired_are(service: ClocksService, context: RequestContext, count: int) -> bool:
    """Tell whether so many thresholds were fired, or more."""
    return len(await messages_of(service.feed, context.tenant_id, *FIRED)) >= count


async def breaches_are(service: ClocksService, context: RequestContext, count: int) -> bool:
    """Tell whether so many breaches were fired, or more."""
    return len(await messages_of(service.feed, context.tenant_id, "breach.fired")) >= count


async def passed(moment: datetime) -> bool:
    """Tell whether a moment has passed."""
    return now() > moment


def instant(message: FeedMessage) -> datetime:
    """Read the true time of a message."""
    return datetime.fromisoformat(message.payload["at"])


@pytest.mark.usefixtures("hourly")
async def test_a_cycle_that_would_be_fired_twice_keeps_nobody_from_being_fired(
    service: ClocksService,
    calendars: CalendarsService,
    settings: Settings,
    context: RequestContext,
    database_url: str,
) -> None:
    """It is moved on, and its breach is not told again; those of others are told as ever."""
    started = now() - HOUR + timedelta(seconds=0.5)
    for subject in ("T-sick", "T-well"):
        await ingest(service, context, starting(subject, started))
    administrator = await asyncpg.connect(database_url)
    await administrator.execute(
        "INSERT INTO clocks.firings"
        " (tenant_id, subject_id, policy_key, metric, cycle, generation, threshold, at)"
        " SELECT tenant_id, subject_id, policy_key, metric, cycle, generation, fire_threshold[1], fire_at[1]"
        " FROM clocks.cycles WHERE tenant_id = $1 AND subject_id = 'T-sick'",
        context.tenant_id,
    )
    await administrator.close()
    async with working(settings, calendars):
        await eventually(lambda: breaches_are(service, context, 2))
    fired = await messages_of(service.feed, context.tenant_id, *FIRED)
    told = Counter(one.payload["subject_id"] for one in fired)
    assert told["T-sick"] == told["T-well"] - 1
