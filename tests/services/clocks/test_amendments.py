"""What an amended Calendar does to Cycles: the quick way and the slow one, the same to the last column."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest

from calendars.contract import AmendCalendar, CreateCalendar, ReadCalendar
from calendars.service import CalendarsService
from clocks.contract import EventRecord, IngestEvents, ReadSubject, SavePolicy
from clocks.domain.amendment_door import (
    CalendarChange,
    CalendarChangePlan,
    CheckCalendarPlan,
    CheckedCalendarPlan,
    PlanCalendarChange,
)
from clocks.domain.refusals import PlanStaleError
from clocks.operations import fire_thresholds, follow_calendars, plan_calendar_change, refold_subjects
from clocks.operations.load_rulebook import Rulebooks
from clocks.service import ClocksService
from clocks.storage.firing import FIRST_INSTANT
from serving.context import RequestContext
from tests.services.clocks.conftest import acting_for
from tests.services.clocks.following import messages_of
from tests.services.clocks.stories import OFFICE, at, event
from tests.services.standing_time import StandingTime

POLICY: dict[str, Any] = {
    "name": "Support",
    "calendars": {"default": "office", "attribute": "region", "mapping": {"late": "late"}},
    "metrics": {
        "work": {
            "start": 'event.type == "opened"',
            "pause": 'subject.state == "waiting"',
            "stop": 'subject.state == "solved"',
            "cancel": 'event.type == "deleted"',
            "targets": [
                {
                    "name": "P1",
                    "when": 'subject.priority == "1"',
                    "duration": "3h",
                    "warnings": ["50%", "30m"],
                },
                {"name": "P2", "when": 'subject.priority == "2"', "duration": "9h", "warnings": ["75%"]},
                {"name": "day", "when": "true", "duration": "1bd"},
            ],
        },
        "reply": {
            "start": "true",
            "stop": 'event.type == "replied"',
            "repeats": True,
            "retarget": "CARRY",
            "targets": [
                {"name": "P1", "when": 'subject.priority == "1"', "duration": "1h"},
                {"name": "rest", "when": "true", "duration": "6h", "warnings": ["10%", "90%"]},
            ],
        },
    },
}
LATE: dict[str, Any] = {"zone": "Etc/UTC", "hours": {"mon-sun": ["15:00-23:00"]}}
SHORTER: dict[str, Any] = {"zone": "Etc/UTC", "hours": {"mon-fri": ["10:00-12:00", "14:00-16:30"]}}
LONGER: dict[str, Any] = {"zone": "Etc/UTC", "hours": {"mon-sun": ["07:00-21:00"]}}
Mode = Literal["FORWARD", "RESTATE"]
SINCE = at("2026-03-03T00:00")
SUBJECTS = 60
PAST, AHEAD = 2026, 2037  # years in which 2 March is a Monday; in the latter nothing is fired
KEY = "subject_id, policy_key, metric, cycle"
COLUMNS = {
    "cycles": f"{KEY}, policy_version, target, target_us, calendar_key, calendar_version, calendar_rule,"
    " calendar_keys, phase, outcome, started_at, due_at, breached_at, stopped_at, ended_at, left_us,"
    " fire_at, fire_threshold, fired, generation, revision",
    "revisions": f"{KEY}, revision, generation, outcome, due_at, breached_at, cause",
    "firings": f"{KEY}, generation, threshold, at",
}


def story(seed: int, year: int = PAST) -> Iterator[EventRecord]:
    """Tell of Subjects that wait, change and end, most of them not, around a Monday in March."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for number in range(SUBJECTS):
        subject_id = f"T-{number:03}"
        minute = chance.randrange(3 * 24 * 60)
        for step in range(chance.randint(1, 6)):
            day, left = divmod(minute, 24 * 60)
            attributes: dict[str, Any] = {"state": chance.choice(("open", "open", "waiting", "solved"))}
            if step == 0 or chance.random() < 0.2:
                attributes["priority"] = chance.choice("1223")
                attributes["region"] = chance.choice(("near", "near", "late"))
            yield event(
                f"{subject_id}-{step}",
                subject_id,
                f"{year}-03-{day + 2:02}T{left // 60:02}:{left % 60:02}",
                sequence=step,
                type="opened" if step == 0 else chance.choice(("updated", "updated", "replied", "deleted")),
                **attributes,
            )
            minute += chance.randrange(1, 8 * 60)


@pytest.mark.parametrize("mode", ["FORWARD", "RESTATE"])
@pytest.mark.parametrize(("seed", "year"), [(0, PAST), (1, PAST), (0, AHEAD), (1, AHEAD)])
async def test_the_quick_way_and_the_slow_one_come_to_the_same(
    service: ClocksService, calendars: CalendarsService, tenant: str, seed: int, year: int, mode: Mode
) -> None:
    """Two tenants with one story, one without spans: rows, revisions, ledger and messages are equal.

    Of the Cycles that the amendment is about, that is: the slow way also looks at others of their Subjects.
    """
    quick, slow = acting_for(tenant), acting_for(f"{tenant}-slow")
    for context in (quick, slow):
        await tell_story(service, calendars, context, seed, year)
        await refold_all(service, calendars, context)  # what the saved policy left
        await fire_all(service)
    await forget_spans(service, slow)
    assert await rows_of(service, quick, "cycles") == await rows_of(service, slow, "cycles")
    for document in (SHORTER, LONGER):
        for context in (quick, slow):
            await amend(calendars, context, document, mode)
        await follow_all(service, calendars)
        for context in (quick, slow):
            await refold_all(service, calendars, context)
        about = await cycles_about(service, quick, mode)
        for table in COLUMNS:
            rows = [await rows_of(service, context, table) for context in (quick, slow)]
            assert about.of(rows[0]) == about.of(rows[1]), table
        await fire_all(service)
        await forget_spans(service, slow)
    about = await cycles_about(service, quick, mode)
    assert await said(service, quick, about) == await said(service, slow, about)


async def test_a_running_cycle_is_due_anew_without_an_event(
    service: ClocksService, calendars: CalendarsService, context: RequestContext
) -> None:
    """An amendment moves due; the Cycle's numbers before it stay in a Revision."""
    await prepare(service, calendars, context)
    opened = event("e", "T", "2026-03-03T09:00", type="opened", priority="1", state="open")
    await service.ingest_events(context, IngestEvents(events=(opened,)))
    await amend(calendars, context, SHORTER, "RESTATE")
    await follow_all(service, calendars)
    await refold_all(service, calendars, context)
    subject = await service.read_subject(context, ReadSubject(subject_id="T"))
    assert {cycle.metric: cycle.due_at for cycle in subject.cycles} == {
        "work": at("2026-03-03T15:00"),
        "reply": at("2026-03-03T11:00"),
    }
    assert await values(service, context, "SELECT revision FROM cycles ORDER BY metric") == [1, 1]
    assert await values(service, context, "SELECT due_at FROM revisions ORDER BY metric") == [
        at("2026-03-03T10:00"),
        at("2026-03-03T12:00"),
    ]


async def prepare(service: ClocksService, calendars: CalendarsService, context: RequestContext) -> None:
    """Give a tenant two Calendars and the Policy."""
    for key, document in (("office", OFFICE), ("late", LATE)):
        await calendars.create_calendar(context, CreateCalendar(key=key, name=key, document=document))
    await service.save_policy(context, SavePolicy(key="support", document=POLICY))


async def tell_story(
    service: ClocksService, calendars: CalendarsService, context: RequestContext, seed: int, year: int = PAST
) -> None:
    """Ingest it whole."""
    await prepare(service, calendars, context)
    receipt = await service.ingest_events(context, IngestEvents(events=tuple(story(seed, year))))
    assert not receipt.refused


async def amend(
    calendars: CalendarsService, context: RequestContext, document: dict[str, Any], mode: Mode
) -> None:
    """Amend the office, from the story's Tuesday on or from now on."""
    record = await calendars.amend_calendar(context, await amendment(calendars, context, document, mode))
    assert record.version > 1


async def amendment(
    calendars: CalendarsService, context: RequestContext, document: dict[str, Any], mode: Mode
) -> AmendCalendar:
    """Ask for it."""
    return AmendCalendar(
        key="office",
        expected_version=await version_of(calendars, context),
        document=document,
        mode=mode,
        effective_from=SINCE if mode == "RESTATE" else None,
        reason="a test",
    )


async def version_of(calendars: CalendarsService, context: RequestContext) -> int:
    """Read the office's version."""
    return (await calendars.read_calendar(context, ReadCalendar(key="office"))).version


async def follow_all(service: ClocksService, calendars: CalendarsService) -> None:
    """Read the calendars' feed to its end."""
    while await follow_calendars.follow(calendars.feed, database=service._database, calendars=calendars):
        pass


async def refold_all(service: ClocksService, calendars: CalendarsService, context: RequestContext) -> None:
    """Do all work that is left of a tenant."""
    rulebooks = Rulebooks(database=service._database, calendars=calendars)
    done = await refold_subjects.refold(context, database=service._database, rulebooks=rulebooks)
    while done.subjects is not None:
        done = await refold_subjects.refold(context, database=service._database, rulebooks=rulebooks)


async def fire_all(service: ClocksService) -> None:
    """Fire what is past."""
    while await fire_thresholds.fire(service._database, low=FIRST_INSTANT):
        pass


async def forget_spans(service: ClocksService, context: RequestContext) -> None:
    """Leave a tenant nothing to be counted by quickly."""
    async with service._database.transaction(context.tenant_id) as connection:
        await connection.execute("UPDATE cycles SET spans = NULL")


async def rows_of(service: ClocksService, context: RequestContext, table: str) -> list[tuple[Any, ...]]:
    """Read a table's rows in order."""
    async with service._database.transaction(context.tenant_id) as connection:
        rows = await connection.fetch(f"SELECT {COLUMNS[table]} FROM {table}")  # noqa: S608 - our own names
    return sorted((tuple(row) for row in rows), key=repr)


async def values(service: ClocksService, context: RequestContext, query: str) -> list[Any]:
    """Read one column."""
    async with service._database.transaction(context.tenant_id) as connection:
        return [row[0] for row in await connection.fetch(query)]


class About(frozenset[tuple[str, str, str, int]]):
    """The keys of Cycles that an amendment is about."""

    def of(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Keep the rows of these Cycles; each begins with its key."""
        return [row for row in rows if row[:4] in self]


async def cycles_about(service: ClocksService, context: RequestContext, mode: Mode) -> About:
    """Find the Cycles that are open, or ended at or after the instant of the amendment."""
    since = SINCE if mode == "RESTATE" else at("2199-01-01T00:00")
    async with service._database.transaction(context.tenant_id) as connection:
        rows = await connection.fetch(
            f"SELECT {KEY} FROM cycles WHERE ended_at IS NULL OR ended_at >= $1",  # noqa: S608 - our own names
            since,
        )
    return About(tuple(row) for row in rows)


async def said(service: ClocksService, context: RequestContext, about: About) -> list[str]:
    """List what was told of some Cycles, each as a text."""
    messages = await messages_of(service.feed, context.tenant_id)
    rows = [
        (
            *(one.payload[name] for name in ("subject_id", "policy_key", "metric", "cycle")),
            f"{one.type} {sorted(one.payload.items())}",
        )
        for one in messages
    ]
    return sorted(map(repr, about.of(rows)))


@pytest.mark.parametrize("document", [SHORTER, LONGER], ids=["shorter", "longer"])
@pytest.mark.parametrize("seed", range(2))
async def test_a_plan_says_what_will_be(
    service: ClocksService,
    calendars: CalendarsService,
    context: RequestContext,
    clock: StandingTime,
    document: dict[str, Any],
    seed: int,
) -> None:
    """What a plan counts is what the amendment then does; the plan itself writes nothing."""
    clock.move(timedelta(days=3))
    await tell_story(service, calendars, context, seed)
    before = await numbers_of(service, context)
    asked = await amendment(calendars, context, document, "RESTATE")
    drawn = await calendars.plan_amendment(context, asked)
    request = PlanCalendarChange(
        calendars=tuple(CalendarChange(key=line.key, blob=line.blob) for line in drawn.timelines),
        effective_from=drawn.effective_from,
    )
    plan = await plan_of(service, calendars, context, request)
    assert await numbers_of(service, context) == before
    assert (await check_of(service, context, plan)).calendar_keys == ("office",)
    await calendars.amend_calendar(context, asked)
    await follow_all(service, calendars)
    await refold_all(service, calendars, context)
    after = await numbers_of(service, context)
    about = {key for key in before if key[0:4] in await cycles_about(service, context, "RESTATE")}
    moved = {key for key in about if before[key][0] != after[key][0]}
    assert plan.moved == len(moved)
    assert plan.earlier + plan.later <= plan.moved
    now = service._now()
    was = {key for key in about if breached(before[key], now)}
    will = {key for key in about if breached(after[key], now)}
    assert (plan.breaches_gained, plan.breaches_lost) == (len(will - was), len(was - will))
    assert sum(shift.breached for shift in plan.shifts) == len(will) - len(was)
    assert plan.breaches_gained or plan.breaches_lost
    with pytest.raises(PlanStaleError):
        await check_of(service, context, plan)


async def plan_of(
    service: ClocksService, calendars: CalendarsService, context: RequestContext, request: PlanCalendarChange
) -> CalendarChangePlan:
    """Plan."""
    rulebooks = Rulebooks(database=service._database, calendars=calendars)
    return await plan_calendar_change.plan(
        context, request, database=service._database, rulebooks=rulebooks, now=service._now()
    )


async def check_of(
    service: ClocksService, context: RequestContext, plan: CalendarChangePlan
) -> CheckedCalendarPlan:
    """Check its token."""
    return await plan_calendar_change.check(
        context, CheckCalendarPlan(plan_token=plan.token), database=service._database
    )


Numbers = tuple[datetime | None, str, bool]


async def numbers_of(
    service: ClocksService, context: RequestContext
) -> dict[tuple[str, str, str, int], Numbers]:
    """Read due, outcome and whether it is open, of each Cycle."""
    async with service._database.transaction(context.tenant_id) as connection:
        rows = await connection.fetch(f"SELECT {KEY}, due_at, outcome, ended_at IS NULL FROM cycles")  # noqa: S608
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5], row[6]) for row in rows}


def breached(numbers: Numbers, now: datetime) -> bool:
    """Tell whether it is breached, fired or not."""
    due_at, outcome, is_open = numbers
    return outcome == "BREACHED" or (is_open and due_at is not None and due_at < now)
