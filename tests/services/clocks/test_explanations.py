"""Why is it so, and what was known when: both sides of the door."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from businesstime import to_us
from calendars.app import open_calendars, utc_now
from calendars.contract import AmendCalendar, CreateCalendar
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_clocks
from clocks.contract import (
    Clocks,
    CycleRecord,
    EventRecord,
    ExplainCycle,
    IngestEvents,
    ReadReceipt,
    ReadSubject,
    SavePolicy,
)
from clocks.domain.cycle import empty_state
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.policy import PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.domain.reading import read_cycle
from clocks.domain.verification import verify_receipt
from clocks.service import ClocksService
from clocks.settings import Settings
from pgstore.database import Database
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.conftest import SECRET
from tests.services.clocks.domain.promises import timeline
from tests.services.clocks.stories import OFFICE, SUPPORT, at, event

HOUR_US = 3_600_000_000


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Let time go: what is known when is told by the database's clock and the services'."""
    return utc_now


@pytest.fixture
async def calendars(
    database_url: str, redis_url: str, clock: Callable[[], datetime]
) -> AsyncIterator[CalendarsService]:
    """Open the calendars."""
    settings = CalendarsSettings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)
    async with open_calendars(settings, now=clock) as opened:
        yield opened


@pytest.fixture
async def service(
    settings: Settings, calendars: CalendarsService, clock: Callable[[], datetime]
) -> AsyncIterator[ClocksService]:
    """Open the service."""
    async with open_clocks(settings, calendars=calendars, now=clock) as opened:
        yield opened


async def ingest(door: Clocks, context: RequestContext, *events: EventRecord) -> None:
    """Take events, all of them."""
    receipt = await door.ingest_events(context, IngestEvents(events=events))
    assert receipt.refused == ()


async def moment(service: ClocksService) -> datetime:
    """Tell the database's time, after all that was committed."""
    database: Database = service._database
    async with database.connection() as connection:
        found: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return found


async def cycle_of(door: Clocks, context: RequestContext, **asked: datetime | None) -> CycleRecord:
    """Read the only Cycle of T-1."""
    (cycle,) = (await door.read_subject(context, ReadSubject(subject_id="T-1", **asked))).cycles
    return cycle


async def test_a_cycle_explains_itself(door: Clocks, context: RequestContext, support: str) -> None:
    """Each piece has its cause, its reason and its Calendar's version; the running ones are what elapsed."""
    await ingest(
        door,
        context,
        event("e1", "T-1", "2026-03-06T15:00", priority="2"),
        event("e2", "T-1", "2026-03-09T10:00", state="waiting"),
        event("e3", "T-1", "2026-03-09T11:00", state="working"),
        event("e4", "T-1", "2026-03-09T12:30", state="solved"),
    )
    asked = ExplainCycle(subject_id="T-1", policy_key=support, metric="resolution")
    told = await door.explain_cycle(context, asked)
    assert [(each.kind, each.start, each.because, each.event_id, each.reason) for each in told.segments] == [
        ("running", at("2026-03-06T15:00"), "started", "e1", "weekly_hours"),
        ("closed", at("2026-03-06T17:00"), "started", "e1", "weekly_hours"),
        ("running", at("2026-03-09T09:00"), "started", "e1", "weekly_hours"),
        ("paused", at("2026-03-09T10:00"), "paused", "e2", None),
        ("running", at("2026-03-09T11:00"), "resumed", "e3", "weekly_hours"),
    ]
    assert sum(each.elapsed_us for each in told.segments) == told.cycle.elapsed_us == 9 * HOUR_US // 2
    assert {each.calendar_version for each in told.segments} == {1}
    page = await door.explain_cycle(context, msgspec.structs.replace(asked, first=2, after=3))
    assert (page.segments, page.total, page.has_next) == (told.segments[3:], 5, False)


async def test_holidays_and_versions_are_named(
    door: Clocks, calendars: CalendarsService, context: RequestContext, office: str
) -> None:
    """A holiday has its name; where another version of the Calendar begins to hold, a piece ends."""
    holidays = [{"date": "2026-03-10", "name": "Founders"}]
    amended = AmendCalendar(
        key=office,
        expected_version=1,
        document=OFFICE | {"holidays": holidays},
        mode="RESTATE",
        effective_from=at("2026-03-09T12:00"),
        reason="the founders",
    )
    await calendars.amend_calendar(context, amended)
    await door.save_policy(context, SavePolicy(key="support", document=SUPPORT))
    await ingest(door, context, event("e1", "T-1", "2026-03-09T10:00", priority="2"))
    asked = ExplainCycle(
        subject_id="T-1", policy_key="support", metric="resolution", at=at("2026-03-11T10:00")
    )
    told = await door.explain_cycle(context, asked)
    assert [(each.kind, each.start, each.calendar_version, each.name) for each in told.segments] == [
        ("running", at("2026-03-09T10:00"), 1, None),
        ("running", at("2026-03-09T12:00"), 2, None),
        ("closed", at("2026-03-09T17:00"), 2, None),
        ("closed", at("2026-03-10T00:00"), 2, "Founders"),
        ("closed", at("2026-03-11T00:00"), 2, None),
        ("running", at("2026-03-11T09:00"), 2, None),
    ]
    assert sum(each.elapsed_us for each in told.segments) == told.cycle.elapsed_us == 8 * HOUR_US


async def test_a_receipt_is_recomputed_offline(door: Clocks, context: RequestContext, support: str) -> None:
    """The document alone gives the same result, and its hash is the one that was answered."""
    await ingest(
        door,
        context,
        event("e1", "T-1", "2026-03-06T15:00", priority="2", weight=1.0, count=2**53 + 1),
        event("e2", "T-1", "2026-03-09T12:30", state="solved", priority="1"),
    )
    asked = ReadReceipt(subject_id="T-1", policy_key=support, metric="resolution")
    receipt = await door.read_receipt(context, asked)
    found = verify_receipt(receipt.document)
    assert (found.differences, found.editions, found.hash) == ((), (), receipt.hash)
    result = msgspec.json.decode(receipt.document)["result"]
    cycle = await cycle_of(door, context)
    assert (result["outcome"], result["elapsed_us"]) == (cycle.outcome, cycle.elapsed_us)


async def test_what_was_known_is_still_known(
    door: Clocks, service: ClocksService, context: RequestContext, support: str
) -> None:
    """A late pause takes a breach back; as of the moment before it, the Cycle is still breached."""
    await ingest(
        door,
        context,
        event("e1", "T-1", "2026-03-02T09:00", priority="1"),
        event("e3", "T-1", "2026-03-03T12:00", state="solved"),
    )
    before = await moment(service)
    await ingest(door, context, event("e2", "T-1", "2026-03-02T10:00", state="waiting"))
    now = await cycle_of(door, context)
    assert (now.outcome, now.elapsed_us) == ("MET", HOUR_US)
    then = await cycle_of(door, context, known_at=before)
    assert (then.outcome, then.breached_at) == ("BREACHED", at("2026-03-02T13:00"))
    assert then.read_at == before
    assert (then.revision, now.revision) == (0, 1)
    told = ExplainCycle(subject_id="T-1", policy_key=support, metric="resolution", known_at=before)
    known = await door.explain_cycle(context, told)
    assert (known.cycle, known.revisions) == (then, ())
    restated = await door.explain_cycle(context, msgspec.structs.replace(told, known_at=None))
    (revision,) = restated.revisions
    assert (revision.revision, revision.outcome, revision.due_at) == (0, "BREACHED", at("2026-03-02T13:00"))
    receipt = ReadReceipt(subject_id="T-1", policy_key=support, metric="resolution", known_at=before)
    document = (await door.read_receipt(context, receipt)).document
    assert verify_receipt(document).differences == ()
    assert len(msgspec.json.decode(document)["inputs"]["events"]) == 2
    between = await moment(service)
    await ingest(door, context, event("e4", "T-1", "2026-03-02T11:00", state="working"))
    known_revisions = [
        (await cycle_of(door, context, known_at=each)).revision for each in (before, between, None)
    ]
    assert known_revisions == [0, 1, 2]


async def test_rules_count_as_they_were_known(
    door: Clocks,
    service: ClocksService,
    calendars: CalendarsService,
    context: RequestContext,
    support: str,
) -> None:
    """A policy and a Calendar that were put right later do not change what was known before."""
    await ingest(door, context, event("e1", "T-1", "2026-03-02T09:00", priority="1"))
    before = await moment(service)
    longer = msgspec.json.decode(msgspec.json.encode(SUPPORT))
    longer["metrics"]["resolution"]["targets"][0]["duration"] = "6h"
    await door.save_policy(
        context,
        SavePolicy(key=support, document=longer, expected_version=1, effective_from=at("2026-01-01T00:00")),
    )
    between = await moment(service)
    late = {"zone": "Etc/UTC", "hours": {"mon-fri": ["10:00-18:00"]}}
    amended = AmendCalendar(
        key="office",
        expected_version=1,
        document=late,
        mode="RESTATE",
        effective_from=at("2026-01-01T00:00"),
        reason="it was wrong",
    )
    await calendars.amend_calendar(context, amended)
    after = await moment(service)
    known = [await cycle_of(door, context, known_at=each) for each in (before, between, after)]
    assert [each.due_at for each in known] == [
        at("2026-03-02T13:00"),
        at("2026-03-02T15:00"),
        at("2026-03-02T16:00"),
    ]
    assert [(each.policy_version, each.calendar_version) for each in known] == [(1, 1), (2, 1), (2, 2)]
    asked = ExplainCycle(subject_id="T-1", policy_key=support, metric="resolution", at=at("2026-03-02T12:00"))
    for known_at, version in ((between, 1), (after, 2)):
        told = await door.explain_cycle(context, msgspec.structs.replace(asked, known_at=known_at))
        assert {each.calendar_version for each in told.segments} == {version}


@pytest.mark.parametrize("seed", range(3))
async def test_as_of_is_the_fold_of_what_had_arrived(
    service: ClocksService, context: RequestContext, support: str, seed: int
) -> None:
    """Events arrive in any order; as of each moment, the Cycles are those of the events until then."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    story = [
        event(
            f"e{place}",
            "T-1",
            (datetime(2026, 3, 2, 9) + timedelta(minutes=30 * chance.randrange(60))).isoformat(),  # noqa: DTZ001
            state=chance.choice(["working", "waiting", "solved"]),
            priority=chance.choice(["1", "2"]),
        )
        for place in range(8)
    ]
    moments = []
    for each in story:
        await ingest(service, context, each)
        moments.append(await moment(service))
    versions = {support: [PolicyVersion(policy_key=support, version=1, policy=parse_policy(SUPPORT))]}
    for place, known_at in enumerate(moments, start=1):
        arrived = [
            Event(
                event_id=each.event_id,
                subject_id="T-1",
                type=each.type,
                occurred_at_us=to_us(each.occurred_at),
                attributes=each.attributes,
            )
            for each in story[:place]
        ]
        clocks = fold(empty_state("T-1"), arrived, versions).clocks
        asked = ReadSubject(subject_id="T-1", known_at=known_at)
        record = await service.read_subject(context, asked)
        assert record.events == place
        readings = [
            read_cycle(cycle, to_us(known_at), {"office": timeline(OFFICE)})
            for clock in clocks
            for cycle in clock.cycles
        ]
        assert [(each.elapsed_us, each.outcome, each.phase) for each in record.cycles] == [
            (each.elapsed_us, each.outcome, each.phase) for each in readings
        ]


async def test_nothing_was_known_before_the_first_event(
    door: Clocks, service: ClocksService, context: RequestContext, support: str
) -> None:
    """A Subject of which nothing had been recorded is unknown then, and so is a Cycle that never was."""
    before = await moment(service)
    await ingest(door, context, event("e1", "T-1", "2026-03-02T09:00", priority="1"))
    with pytest.raises(Exception, match="no event was known") as refused:
        await cycle_of(door, context, known_at=before)
    problem = describe(refused.value)
    assert problem is not None
    assert problem.code == "subject_unknown"
    with pytest.raises(Exception, match="has no cycle 2") as refused:
        await door.explain_cycle(
            context, ExplainCycle(subject_id="T-1", policy_key=support, metric="resolution", cycle=2)
        )
    problem = describe(refused.value)
    assert problem is not None
    assert problem.code == "cycle_unknown"


async def test_another_calendar_has_its_own_versions(
    door: Clocks, calendars: CalendarsService, context: RequestContext, support: str
) -> None:
    """A handover splits a Cycle: each piece is counted on the Calendar that it stands under."""
    late = {"zone": "Etc/UTC", "hours": {"mon-fri": ["12:00-20:00"]}}
    await calendars.create_calendar(context, CreateCalendar(key="late", name="Late", document=late))
    document = msgspec.json.decode(msgspec.json.encode(SUPPORT))
    document["calendars"] = {"default": "office", "attribute": "team", "mapping": {"late": "late"}}
    document["metrics"]["resolution"]["retarget"] = "CARRY"
    await door.save_policy(context, SavePolicy(key="handed", document=document))
    del support
    await ingest(
        door,
        context,
        event("e1", "T-1", "2026-03-02T10:00", priority="2"),
        event("e2", "T-1", "2026-03-02T16:00", team="late"),
    )
    asked = ExplainCycle(
        subject_id="T-1", policy_key="handed", metric="resolution", at=at("2026-03-02T18:00")
    )
    told = await door.explain_cycle(context, asked)
    assert [(each.calendar_key, each.start, each.because) for each in told.segments] == [
        ("office", at("2026-03-02T10:00"), "started"),
        ("late", at("2026-03-02T16:00"), "retargeted"),
    ]
    assert told.cycle.elapsed_us == 8 * HOUR_US
