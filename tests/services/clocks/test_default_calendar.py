"""The tenant's default Calendar through the door: set, counted on, changed, and explained."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from calendars.contract import CreateCalendar
from calendars.service import CalendarsService
from clocks.app import utc_now
from clocks.contract import (
    ActOnClock,
    Clocks,
    CycleChoice,
    CycleRecord,
    IngestEvents,
    ReadCycle,
    ReadDefaultCalendar,
    ReadReceipt,
    ReadSubject,
    SavePolicy,
    SetDefaultCalendar,
)
from clocks.domain.verification import verify_receipt
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.refold_subjects import refold
from clocks.service import ClocksService
from clocks.storage.rulebooks import read_rulebook
from pgstore.database import Database
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.stories import SUPPORT, at, event
from tests.services.standing_time import StandingTime

OPEN: dict[str, Any] = {name: value for name, value in SUPPORT.items() if name != "calendars"}
ALWAYS = {"zone": "Etc/UTC", "hours": {"mon-sun": ["00:00-24:00"]}}


@pytest.fixture
async def always(calendars: CalendarsService, context: RequestContext) -> str:
    """Make a Calendar that is always open."""
    request = CreateCalendar(key="always", name="Always", document=ALWAYS)
    return (await calendars.create_calendar(context, request)).key


async def refusal(work: Any) -> tuple[str, str | None]:
    """Say how something is refused."""
    with pytest.raises(Exception) as refused:  # noqa: PT011 - a Problem or the service's own, by the door
        await work
    problem = describe(refused.value)
    assert problem is not None
    return problem.code, problem.field


async def cycles_of(
    door: Clocks, context: RequestContext, subject_id: str, known_at: datetime | None = None
) -> list[CycleRecord]:
    """Read a Subject's Cycles."""
    request = ReadSubject(subject_id=subject_id, known_at=known_at)
    return list((await door.read_subject(context, request)).cycles)


async def refold_all(database: Database, calendars: CalendarsService, context: RequestContext) -> None:
    """Do all the work that is left, as a worker does."""
    rulebooks = Rulebooks(database=database, calendars=calendars)
    while (await refold(context, database=database, rulebooks=rulebooks)).subjects is not None:
        pass


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open the clocks' database."""
    opened = await Database.open(database_url, schema="clocks")
    yield opened
    await opened.close()


async def test_a_policy_without_a_default_counts_on_the_tenants(
    door: Clocks, context: RequestContext, office: str
) -> None:
    """Which has to be there; the answer says who chose, and a receipt is recomputed."""
    saving = SavePolicy(key="support", document=OPEN)
    assert await refusal(door.save_policy(context, saving)) == (
        "default_calendar_missing",
        "calendars.default",
    )
    assert await refusal(door.read_default_calendar(context, ReadDefaultCalendar())) == (
        "default_calendar_unset",
        None,
    )
    record = await door.set_default_calendar(context, SetDefaultCalendar(calendar_key=office))
    assert await door.read_default_calendar(context, ReadDefaultCalendar()) == record
    assert (record.version, record.calendar_key, record.versions[0].created_by) == (1, office, "user:ada")
    await door.save_policy(context, saving)
    opened = event("e1", "t1", "2026-03-02T09:00", state="new", priority="2")
    await door.ingest_events(context, IngestEvents(events=(opened,)))
    (cycle,) = await cycles_of(door, context, "t1")
    assert (cycle.calendar_key, cycle.calendar_rule) == (office, "tenant_default")
    assert cycle.due_at == at("2026-03-02T17:00")
    assert cycle.choice == CycleChoice(
        covers="true",
        target_when="true",
        target_place=2,
        target_by_hand=False,
        calendar_rule="tenant_default",
        calendar_attribute=None,
        default_version=1,
    )
    reading = ReadReceipt(subject_id="t1", policy_key="support", metric="resolution", cycle=1)
    receipt = await door.read_receipt(context, reading)
    assert verify_receipt(receipt.document).differences == ()


async def test_what_cannot_be_a_default_is_refused_by_its_field(
    door: Clocks, context: RequestContext, office: str
) -> None:
    """A Calendar that is not there, an instant for the first, a version that is not the latest."""
    set_default = door.set_default_calendar
    nowhere = SetDefaultCalendar(calendar_key="nowhere")
    assert await refusal(set_default(context, nowhere)) == ("calendar_unknown", "calendar_key")
    dated = SetDefaultCalendar(calendar_key=office, effective_from=at("2026-01-01T00:00"))
    assert await refusal(set_default(context, dated)) == ("effective_from_invalid", "effective_from")
    second = SetDefaultCalendar(calendar_key=office, expected_version=1)
    assert await refusal(set_default(context, second)) == ("version_conflict", "expected_version")


async def test_another_default_governs_cycles_that_start_from_then_on(
    service: ClocksService,
    calendars: CalendarsService,
    context: RequestContext,
    office: str,
    always: str,
    database: Database,
) -> None:
    """Open ones stay as they are; those that started after the instant are restated."""
    await service.set_default_calendar(context, SetDefaultCalendar(calendar_key=office))
    await service.save_policy(context, SavePolicy(key="support", document=OPEN))
    events = [
        event("e1", "t1", "2026-03-02T09:00", state="new", priority="2"),
        event("e2", "t2", "2026-03-02T11:00", state="new", priority="2"),
    ]
    await service.ingest_events(context, IngestEvents(events=tuple(events)))
    changing = SetDefaultCalendar(
        calendar_key=always, expected_version=1, effective_from=at("2026-03-02T10:00")
    )
    assert (await service.set_default_calendar(context, changing)).version == 2
    (stale,) = await cycles_of(service, context, "t2")
    assert (stale.calendar_key, stale.due_at) == (office, at("2026-03-03T11:00"))
    await refold_all(database, calendars, context)
    (first,) = await cycles_of(service, context, "t1")
    (second,) = await cycles_of(service, context, "t2")
    assert (first.calendar_key, first.due_at, first.revision) == (office, at("2026-03-02T17:00"), 0)
    assert (second.calendar_key, second.due_at, second.revision) == (always, at("2026-03-02T19:00"), 1)
    later = event("e3", "t1", "2026-03-02T11:30", state="new", priority="1")
    await service.ingest_events(context, IngestEvents(events=(later,)))
    (first,) = await cycles_of(service, context, "t1")
    assert (first.calendar_key, first.target) == (office, "P1")


async def test_the_first_default_leaves_all_that_was_folded(
    service: ClocksService, context: RequestContext, support: str, always: str, database: Database
) -> None:
    """Nothing can have been counted on it yet: no Subject is folded again."""
    del support
    opened = event("e1", "t1", "2026-03-02T09:00", state="new", priority="2")
    await service.ingest_events(context, IngestEvents(events=(opened,)))
    async with database.transaction(context.tenant_id) as connection:
        before = await read_rulebook(connection)
    await service.set_default_calendar(context, SetDefaultCalendar(calendar_key=always))
    async with database.transaction(context.tenant_id) as connection:
        after = await read_rulebook(connection)
    assert after.revision > before.revision
    assert after.policies == before.policies


async def test_a_default_that_nothing_counts_on_leaves_no_work_that_fails(
    service: ClocksService,
    calendars: CalendarsService,
    context: RequestContext,
    support: str,
    always: str,
    database: Database,
) -> None:
    """The work that follows of a Calendar that no Policy names is done, and none of it was put off."""
    opened = event("e1", "t1", "2026-03-02T09:00", state="new", priority="2")
    await service.ingest_events(context, IngestEvents(events=(opened,)))
    await service.set_default_calendar(context, SetDefaultCalendar(calendar_key=always))
    await refold_all(database, calendars, context)
    async with database.transaction(context.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM refolds") == 0
    rulebook = await Rulebooks(database=database, calendars=calendars).load(context)
    assert set(rulebook.counted_on.timelines) == {"office", always}
    assert [cycle.policy_key for cycle in await cycles_of(service, context, "t1")] == [support]


async def test_one_cycle_is_read_as_it_stands_in_its_subject(
    door: Clocks, context: RequestContext, office: str
) -> None:
    """With what chose its Policy, Target and Calendar; one that is not there is said to be unknown."""
    document = copy.deepcopy(SUPPORT)
    document["covers"] = 'subject.state != "spam"'
    document["calendars"] = {"default": office, "attribute": "region", "mapping": {"emea": office}}
    await door.save_policy(context, SavePolicy(key="support", document=document))
    opened = event("e1", "t1", "2026-03-02T09:00", state="new", priority="1", region="emea")
    await door.ingest_events(context, IngestEvents(events=(opened,)))
    await door.act_on_clock(
        context, ActOnClock(subject_id="t1", action="override", target="P2", reason="agreed")
    )
    wanted = ReadCycle(subject_id="t1", policy_key="support", metric="resolution", cycle=1)
    (cycle,) = await cycles_of(door, context, "t1")
    assert await door.read_cycle(context, wanted) == cycle
    assert (cycle.choice.covers, cycle.choice.target_when) == ('subject.state != "spam"', "true")
    assert (cycle.choice.target_by_hand, cycle.choice.calendar_attribute) == (True, "region")
    for change in ({"cycle": 2}, {"cycle": 2**31}, {"metric": "none"}, {"subject_id": "t2"}):
        unknown = msgspec.structs.replace(wanted, **change)
        assert await refusal(door.read_cycle(context, unknown)) == ("cycle_unknown", "cycle")


async def test_hosts_whose_clocks_differ_do_not_part_a_policy_from_its_default(
    service: ClocksService, context: RequestContext, office: str, clock: StandingTime
) -> None:
    """A Policy that a slow host saved after the default of a fast one was not known before it."""
    now = utc_now()
    clock.at = now + timedelta(hours=1)
    await service.set_default_calendar(context, SetDefaultCalendar(calendar_key=office))
    clock.at = now
    saved = await service.save_policy(context, SavePolicy(key="support", document=OPEN))
    opened = event("e1", "t1", "2026-03-02T09:00", state="new", priority="2")
    await service.ingest_events(context, IngestEvents(events=(opened,)))
    assert await cycles_of(service, context, "t1", now + timedelta(minutes=30)) == []
    assert len(await cycles_of(service, context, "t1", now + timedelta(hours=1))) == 1
    assert saved.versions[0].created_at == now + timedelta(hours=1)


async def test_a_tenant_may_count_on_more_calendars_than_a_process_keeps(
    service: ClocksService,
    calendars: CalendarsService,
    context: RequestContext,
    support: str,
    always: str,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is kept is for speed: a rulebook has all of its Timelines in it."""
    monkeypatch.setattr("clocks.operations.load_rulebook._MAX_TIMELINES", 1)
    del support
    await service.set_default_calendar(context, SetDefaultCalendar(calendar_key=always))
    rulebook = await Rulebooks(database=database, calendars=calendars).load(context)
    assert set(rulebook.counted_on.timelines) == {"office", always}
    counted_on = await Rulebooks(database=database, calendars=calendars).counted_on(
        context, ["office", always], None
    )
    assert set(counted_on.timelines) == {"office", always}
