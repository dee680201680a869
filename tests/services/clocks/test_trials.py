"""What if, and backtests: both sides of the door, and nothing of it is written."""

from __future__ import annotations

import copy
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from calendars.contract import CreateCalendar
from calendars.service import CalendarsService
from clocks.contract import (
    BacktestPage,
    BacktestPolicy,
    Clocks,
    EventRecord,
    ImaginedEvent,
    ImaginedSubject,
    ImagineSubject,
    IngestEvents,
    ProposedCalendar,
)
from clocks.service import ClocksService
from pgstore.database import Database
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.stories import OFFICE, SUPPORT, at, event

HOUR_US = 3_600_000_000


async def ingest(door: Clocks, context: RequestContext, *events: EventRecord) -> None:
    """Take events, all of them."""
    receipt = await door.ingest_events(context, IngestEvents(events=events))
    assert receipt.refused == ()


async def rows(service: ClocksService, context: RequestContext) -> list[Any]:
    """Write down what every table that the service can read holds of the tenant."""
    database: Database = service._database
    found = []
    async with database.transaction(context.tenant_id) as connection:
        tables = """
            SELECT tablename FROM pg_tables
            WHERE schemaname = current_schema()
              AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')
            ORDER BY tablename
        """
        for (table,) in await connection.fetch(tables):
            query = f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {table} AS t"  # noqa: S608
            found.append((table, await connection.fetchval(query)))
    assert {"events", "cycles", "subjects", "revisions", "outbox", "idempotency"} <= {
        name for name, _ in found
    }
    return found


async def imagine(door: Clocks, context: RequestContext, **asked: Any) -> ImaginedSubject:
    """Imagine something of T-1."""
    return await door.imagine_subject(context, ImagineSubject(subject_id="T-1", **asked))


@pytest.fixture
async def running(door: Clocks, context: RequestContext, support: str) -> str:
    """Let T-1 run since nine on Monday, by eight hours; it is noon."""
    await ingest(door, context, event("e1", "T-1", "2026-03-02T09:00", priority="2"))
    return support


@pytest.mark.usefixtures("running")
async def test_paused_now_there_is_no_due_time(
    door: Clocks, service: ClocksService, context: RequestContext
) -> None:
    """Paused by hand at noon, and resumed at two: first there is no due time, then it is two hours later."""
    before = await rows(service, context)
    (held,) = (await imagine(door, context, action="pause")).cycles
    assert held.before is not None
    assert held.after is not None
    assert (held.before.phase, held.before.due_at) == ("RUNNING", at("2026-03-02T17:00"))
    assert (held.after.phase, held.after.due_at, held.after.remaining_us) == ("PAUSED", None, 5 * HOUR_US)
    told = await imagine(door, context, action="pause", until=at("2026-03-02T14:00"))
    (later,) = told.cycles
    assert later.after is not None
    assert (later.after.phase, later.after.due_at) == ("RUNNING", at("2026-03-03T11:00"))
    assert told.read_at == at("2026-03-02T14:00")
    assert await rows(service, context) == before


@pytest.mark.usefixtures("running")
async def test_a_pause_with_an_end_leaves_what_stopped(door: Clocks, context: RequestContext) -> None:
    """A Cycle that was stopped before the pause stays stopped after it."""
    await ingest(door, context, event("e2", "T-1", "2026-03-02T11:00", state="solved"))
    (kept,) = (await imagine(door, context, action="pause", until=at("2026-03-02T14:00"))).cycles
    assert kept.before is not None
    assert kept.before.phase == "STOPPED"
    assert kept.after == kept.before


@pytest.mark.usefixtures("running")
async def test_raised_to_p1_it_is_due_sooner(door: Clocks, context: RequestContext) -> None:
    """Another priority is another Target, counted anew from the start."""
    told = await imagine(door, context, attributes={"priority": "1"})
    (raised,) = told.cycles
    assert told.attributes == {"priority": "1"}
    assert raised.after is not None
    assert (raised.after.target, raised.after.due_at) == ("P1", at("2026-03-02T13:00"))


@pytest.mark.usefixtures("running")
async def test_handed_to_another_calendar(
    door: Clocks, calendars: CalendarsService, context: RequestContext
) -> None:
    """On a Calendar that no policy names: counted as the Metric retargets, here anew."""
    late = {"zone": "Etc/UTC", "hours": {"mon-fri": ["11:00-19:00"]}}
    await calendars.create_calendar(context, CreateCalendar(key="late", name="Late", document=late))
    (handed,) = (await imagine(door, context, calendar_key="late")).cycles
    assert handed.after is not None
    assert (handed.after.calendar_key, handed.after.due_at) == ("late", at("2026-03-02T19:00"))
    assert (handed.after.elapsed_us, handed.after.calendar_version) == (HOUR_US, 1)


@pytest.mark.usefixtures("running")
async def test_anything_else_may_happen(door: Clocks, context: RequestContext) -> None:
    """Events in the past and the future are folded in their order; a Cycle may end, or never have been."""
    events = (
        ImaginedEvent(occurred_at=at("2026-03-02T10:00"), attributes={"state": "waiting"}),
        ImaginedEvent(occurred_at=at("2026-03-02T16:00"), attributes={"state": "solved"}),
    )
    (solved,) = (await imagine(door, context, events=events)).cycles
    assert solved.after is not None
    assert (solved.after.phase, solved.after.outcome, solved.after.elapsed_us) == ("STOPPED", "MET", HOUR_US)
    (deleted,) = (await imagine(door, context, events=(ImaginedEvent(type="deleted"),))).cycles
    assert deleted.after is not None
    assert deleted.after.phase == "CANCELLED"


def by_hand(**about: str) -> ImaginedEvent:
    """Pause by hand, in imagination, the Clocks of a policy or metric."""
    return ImaginedEvent(type="clock.pause", attributes={"reason": "what if", **about})


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"calendar_key": "moon"}, "calendar_unknown", "calendar_key"),
        ({"until": at("2026-03-02T14:00")}, "event_invalid", "until"),
        ({"action": "pause", "until": at("2026-03-02T11:00")}, "event_invalid", "until"),
        ({"events": (ImaginedEvent(type="clock.fly"),)}, "event_invalid", "type"),
        ({"attributes": {"a": "\x00"}}, "event_invalid", "attributes.a"),
        ({"events": (by_hand(policy="suport"),)}, "event_invalid", "events[0].attributes.policy"),
        (
            {"events": (ImaginedEvent(), by_hand(policy="support", metric="reply"))},
            "event_invalid",
            "events[1].attributes.metric",
        ),
        ({"at": at("2026-03-02T09:00").replace(tzinfo=None)}, "time_naive", "at"),
    ],
)
async def test_what_cannot_happen_is_refused(
    door: Clocks, context: RequestContext, asked: dict[str, Any], code: str, field: str
) -> None:
    """Each refusal has its code and names its field."""
    with pytest.raises(Exception, match=re.escape(field.partition(".")[0])) as refused:
        await imagine(door, context, **asked)
    problem = describe(refused.value)
    assert problem is not None
    assert (problem.code, problem.field) == (code, field)


@pytest.fixture
async def history(door: Clocks, context: RequestContext, support: str) -> str:
    """Tell of five tickets in February: three solved in time, one late, one open."""
    await ingest(
        door,
        context,
        event("a1", "A", "2026-02-02T09:00", priority="1"),
        event("a2", "A", "2026-02-02T11:00", state="solved"),
        event("b1", "B", "2026-02-02T09:00", priority="1"),
        event("b2", "B", "2026-02-02T13:00", state="solved"),
        event("c1", "C", "2026-02-02T09:00", priority="1"),
        event("c2", "C", "2026-02-02T15:00", state="solved"),
        event("d1", "D", "2026-02-02T09:00", priority="2"),
        event("d2", "D", "2026-02-27T12:00", state="waiting"),
        event("e1", "E", "2026-03-02T09:00", priority="2"),
    )
    return support


def shorter(hours: int) -> dict[str, Any]:
    """Promise P1 in other hours."""
    document = copy.deepcopy(SUPPORT)
    document["metrics"]["resolution"]["targets"][0]["duration"] = f"{hours}h"
    return document


async def run(door: Clocks, context: RequestContext, **asked: Any) -> list[BacktestPage]:
    """Drive a backtest to its end."""
    pages: list[BacktestPage] = []
    request = BacktestPolicy(policy_key="support", **asked)
    while not pages or pages[-1].cursor is not None:
        pages.append(await door.backtest_policy(context, request))
        request = msgspec.structs.replace(request, after=pages[-1].cursor, at=pages[-1].at)
    return pages


def counts(page: BacktestPage) -> tuple[dict[str, tuple[int, int, int]], ...]:
    """Take met, breached and pending by Target, before and after."""
    return tuple(
        {each.target: (each.met, each.breached, each.pending) for each in side}
        for side in (page.before, page.after)
    )


@pytest.mark.usefixtures("history")
async def test_another_policy_over_what_happened(
    door: Clocks, service: ClocksService, context: RequestContext
) -> None:
    """Three hours instead of four: one more is breached, and it is named; nothing is written."""
    before = await rows(service, context)
    (page,) = await run(door, context, document=shorter(3))
    assert (page.subjects, page.events, page.total_subjects) == (5, 9, 5)
    assert counts(page) == (
        {"P1": (2, 1, 0), "P2": (0, 1, 1)},
        {"P1": (1, 2, 0), "P2": (0, 1, 1)},
    )
    (flip,) = page.flips
    assert (flip.subject_id, flip.outcome_before, flip.outcome_after) == ("B", "MET", "BREACHED")
    assert (flip.due_before, flip.due_after) == (at("2026-02-02T13:00"), at("2026-02-02T12:00"))
    assert await rows(service, context) == before


@pytest.mark.usefixtures("history")
async def test_pages_sum_to_the_whole(door: Clocks, context: RequestContext) -> None:
    """Driven two Subjects at a time, the counts and flips are those of one page; stopping is cancelling."""
    (whole,) = await run(door, context, document=shorter(3))
    pages = await run(door, context, document=shorter(3), first=2)
    assert [page.subjects for page in pages] == [2, 2, 1]
    assert [page.total_subjects for page in pages] == [5, None, None]
    assert [flip for page in pages for flip in page.flips] == list(whole.flips)
    assert sum(each.breached for page in pages for each in page.after) == 3
    assert sum(each.met for page in pages for each in page.before) == 2


@pytest.mark.usefixtures("history")
async def test_another_calendar_over_what_happened(door: Clocks, context: RequestContext) -> None:
    """A closed morning in February makes C's six hours three: it would have been met."""
    document = OFFICE | {"special": {"2026-02-02": ["12:00-17:00"]}}
    (page,) = await run(door, context, calendar=ProposedCalendar(key="office", document=document))
    assert [(each.subject_id, each.outcome_before, each.outcome_after) for each in page.flips] == [
        ("C", "BREACHED", "MET")
    ]
    later = ProposedCalendar(key="office", document=document, effective_from=at("2026-02-10T00:00"))
    (page,) = await run(door, context, calendar=later)
    assert page.flips == ()


@pytest.mark.usefixtures("history")
async def test_only_what_counts_in_the_period(door: Clocks, context: RequestContext) -> None:
    """Met at its stop, breached at due: each counts where that lies, on both sides."""
    (page,) = await run(
        door, context, document=shorter(3), start=at("2026-02-02T11:30"), end=at("2026-02-02T14:00")
    )
    assert counts(page) == ({"P1": (1, 1, 0), "P2": (0, 0, 1)}, {"P1": (0, 2, 0), "P2": (0, 0, 1)})


@pytest.mark.usefixtures("history")
async def test_a_policy_that_is_not_there_yet(door: Clocks, context: RequestContext) -> None:
    """With a document the key may be new: there is nothing to flip; without one it is unknown."""
    request = BacktestPolicy(policy_key="fresh", document=SUPPORT)
    page = await door.backtest_policy(context, request)
    assert (page.before, page.flips) == ((), ())
    assert [each.message for each in page.advice] == [
        "policy_key: there is no policy 'fresh' to hold it against"
    ]
    assert sum(each.met for each in page.after) == 2
    with pytest.raises(Exception, match="there is no policy") as refused:
        await door.backtest_policy(context, BacktestPolicy(policy_key="fresh"))
    problem = describe(refused.value)
    assert problem is not None
    assert problem.code == "policy_unknown"


@pytest.mark.usefixtures("history")
async def test_what_has_no_effect_in_a_trial_is_told_once(door: Clocks, context: RequestContext) -> None:
    """A misspelt key of a policy and a Target that is never asked, on the first page and on no other."""
    metric = SUPPORT["metrics"]["resolution"]
    swapped = {"resolution": metric | {"targets": list(reversed(metric["targets"]))}}
    request = BacktestPolicy(policy_key="suport", document=SUPPORT | {"metrics": swapped}, first=2)
    first = await door.backtest_policy(context, request)
    assert [each.field for each in first.advice] == [
        "policy_key",
        "document.metrics.resolution.targets[1].when",
    ]
    assert first.advice[0].message.endswith("; is 'support' meant?")
    later = await door.backtest_policy(context, msgspec.structs.replace(request, after=first.cursor))
    assert later.advice == ()


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("key", ["ofice", "late"])
async def test_a_calendar_on_which_nothing_counts_is_refused(
    door: Clocks, calendars: CalendarsService, context: RequestContext, key: str
) -> None:
    """Whether it is there or not: the numbers would be the same, and seem to say something."""
    await calendars.create_calendar(context, CreateCalendar(key="late", name="Late", document=OFFICE))
    with pytest.raises(
        Exception, match=rf"'support' counts neither on calendar '{key}'.*: office$"
    ) as refused:
        await run(door, context, calendar=ProposedCalendar(key=key, document=OFFICE))
    problem = describe(refused.value)
    assert problem is not None
    assert (problem.code, problem.field) == ("calendar_unconcerned", "calendar.key")


@pytest.mark.usefixtures("history")
async def test_the_same_policy_flips_nothing(door: Clocks, context: RequestContext) -> None:
    """Folded again by what is in force, everything is as it happened."""
    (page,) = await run(door, context)
    assert page.flips == ()
    assert page.before == page.after
    earlier = at("2026-02-02T12:00") + timedelta(microseconds=1)
    (page,) = await run(door, context, at=earlier)
    assert counts(page) == ({"P1": (1, 0, 2), "P2": (0, 0, 1)},) * 2


async def test_attributes_that_do_not_matter_are_not_read(
    door: Clocks, context: RequestContext, support: str
) -> None:
    """Names of any kind, null and absent, manual actions: the outcome is that of the whole log."""
    document = copy.deepcopy(SUPPORT)
    metric = document["metrics"]["resolution"]
    metric["pause"] = 'subject["my state"] == "waiting"'
    plain, accented = copy.deepcopy(document), copy.deepcopy(document)
    plain["metrics"]["resolution"]["pause"] = "subject.my_state == 'waiting'"
    accented["metrics"]["resolution"]["pause"] = 'subject["état"] == "waiting"'
    await ingest(
        door,
        context,
        event(
            "e1",
            "T-1",
            "2026-02-02T09:00",
            priority="1",
            noise=1,
            **{"my state": "waiting", "état": "waiting"},
        ),
        event(
            "e2",
            "T-1",
            "2026-02-02T10:00",
            my_state="waiting",
            noise=None,
            **{"my state": None, "état": None},
        ),
        event("e3", "T-1", "2026-02-02T11:00", my_state=None, other="x"),
        event("e4", "T-1", "2026-02-02T12:00", type="clock.pause", reason="a note", actor="ada"),
        event("e5", "T-1", "2026-02-02T16:00", type="clock.resume", reason="again"),
        event("e6", "T-1", "2026-02-02T16:30", state="solved"),
    )
    del support
    for tried in (document, plain, accented):
        (page,) = await run(door, context, document=tried)
        assert [(each.target, each.met, each.breached) for each in page.after] == [("P1", 1, 0)]
