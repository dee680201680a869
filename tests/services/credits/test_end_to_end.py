"""Calendars, clocks and credits together, all real: from a ticket's events to what a customer is owed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendars.app import open_calendars
from calendars.contract import CreateCalendar
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_clocks
from clocks.contract import Clocks, EventRecord, IngestEvents, SavePolicy
from clocks.settings import Settings as ClocksSettings
from credits.app import open_credits
from credits.contract import AssessPeriod, CloseStatement, Credits, SaveAgreement
from credits.settings import Settings
from serving.context import RequestContext
from tests.services.credits.conftest import SECRET, acting_for
from tests.services.credits.documents import ACME, level
from tests.services.standing_time import StandingTime

POLICY = {
    "name": "Resolution",
    "calendars": {"default": "desk"},
    "metrics": {
        "resolution": {
            "start": "true",
            "stop": 'subject.state == "Resolved"',
            "targets": [
                {"name": "P1", "when": 'subject.priority == "1"', "duration": "2h"},
                {"name": "P3", "when": 'subject.priority == "3"', "duration": "4h"},
            ],
        }
    },
}
MORNING = datetime(2016, 3, 1, 12, tzinfo=UTC)
"""Tuesday, 09:00 in São Paulo: an hour after the desk opens."""


@pytest.fixture
def context(tenant: str) -> RequestContext:
    """Act with every scope."""
    return acting_for(
        tenant, scopes=frozenset({"read", "ingest", "calendars", "policies", "agreements", "billing"})
    )


@pytest.fixture
async def doors(
    database_url: str, redis_url: str, clock: StandingTime, context: RequestContext
) -> AsyncIterator[tuple[Clocks, Credits]]:
    """Open the three services, with a desk's calendar and a policy."""
    servers: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "internal_secret": SECRET,
    }
    async with AsyncExitStack() as stack:
        calendars = await stack.enter_async_context(open_calendars(CalendarsSettings(**servers), now=clock))
        clocks = await stack.enter_async_context(
            open_clocks(ClocksSettings(**servers), calendars=calendars, now=clock)
        )
        settings = Settings(database_url=database_url, internal_secret=SECRET)
        opened = await stack.enter_async_context(open_credits(settings, clocks=clocks, now=clock))
        desk = {"zone": "America/Sao_Paulo", "hours": {"mon-fri": ["08:00-18:00"]}}
        await calendars.create_calendar(context, CreateCalendar(key="desk", name="Desk", document=desk))
        await clocks.save_policy(context, SavePolicy(key="resolution", document=POLICY))
        yield clocks, opened


def ticket(name: str, hours: float, *, priority: str = "3", day: int = 0) -> list[EventRecord]:
    """Tell of a ticket opened on a morning and resolved some hours later."""
    opened_at = MORNING + timedelta(days=day)
    return [
        EventRecord(
            event_id=f"{name}-{sequence}",
            subject_id=name,
            occurred_at=at,
            sequence=sequence,
            type="updated",
            attributes={"state": state, "priority": priority},
        )
        for sequence, (at, state) in enumerate(
            [(opened_at, "New"), (opened_at + timedelta(hours=hours), "Resolved")]
        )
    ]


async def test_from_events_to_what_is_owed(doors: tuple[Clocks, Credits], context: RequestContext) -> None:
    """Of ten promises that fell due in March nine were kept, one of them at the last microsecond: 5 %."""
    clocks, opened = doors
    kept = [event for number in range(8) for event in ticket(f"kept-{number}", 1 + number / 4)]
    at_due = ticket("at-due", 4)
    late = ticket("late", 4 + 1 / 3_600_000_000)
    april = ticket("april", 5, day=31)
    await clocks.ingest_events(context, IngestEvents(events=(*kept, *at_due, *late, *april)))
    await opened.save_agreement(context, SaveAgreement(key="acme", document=ACME))
    record = await opened.assess_period(context, AssessPeriod(agreement_key="acme", period="2016-03"))
    (owed,) = record.credits
    assert (owed.measurement.numerator, owed.measurement.denominator, owed.verdict) == (9, 10, "MISSED")
    assert record.amount_minor == 50_000


async def test_a_level_of_one_target_counts_that_alone(
    doors: tuple[Clocks, Credits], context: RequestContext
) -> None:
    """A late P1 is a miss of the level that is about P1, and nothing to the one about P3."""
    clocks, opened = doors
    await clocks.ingest_events(
        context, IngestEvents(events=(*ticket("urgent", 3, priority="1"), *ticket("easy", 3)))
    )
    levels = [
        level(
            f"{target.lower()}",
            measure={"kind": "attainment", "policy": "resolution", "metric": "resolution", "target": target},
        )
        for target in ("P1", "P3")
    ]
    await opened.save_agreement(context, SaveAgreement(key="acme", document=ACME | {"levels": levels}))
    closed = await opened.close_statement(context, CloseStatement(agreement_key="acme", period="2016-03"))
    assert [(owed.level, owed.verdict, owed.amount_minor) for owed in closed.assessment.credits] == [
        ("p1", "MISSED", 100_000),
        ("p3", "MET", 0),
    ]


async def test_late_facts_leave_a_closed_month_as_it_is(
    doors: tuple[Clocks, Credits], context: RequestContext
) -> None:
    """An event that comes after the close changes the assessment, not the Statement."""
    clocks, opened = doors
    await clocks.ingest_events(context, IngestEvents(events=tuple(ticket("kept", 1))))
    await opened.save_agreement(context, SaveAgreement(key="acme", document=ACME))
    march = CloseStatement(agreement_key="acme", period="2016-03")
    closed = await opened.close_statement(context, march)
    await clocks.ingest_events(context, IngestEvents(events=tuple(ticket("late", 9))))
    again = await opened.assess_period(context, AssessPeriod(agreement_key="acme", period="2016-03"))
    assert (closed.assessment.amount_minor, again.amount_minor) == (0, 100_000)
    assert again.inputs_hash != closed.assessment.inputs_hash
    assert await opened.close_statement(context, march) == closed


@pytest.mark.parametrize("missing", [{"policy": "unknown"}, {"metric": "unknown"}])
async def test_what_the_clocks_do_not_know_cannot_be_measured(
    doors: tuple[Clocks, Credits], context: RequestContext, missing: dict[str, str]
) -> None:
    """The real clocks refuse a policy or metric that there is not, and the level is named."""
    measure = {"kind": "attainment", "policy": "resolution", "metric": "resolution"} | missing
    document = ACME | {"levels": [level(measure=measure)]}
    _, opened = doors
    await opened.save_agreement(context, SaveAgreement(key="acme", document=document))
    with pytest.raises(Exception, match="level 'resolution' cannot be measured") as refused:
        await opened.assess_period(context, AssessPeriod(agreement_key="acme", period="2016-03"))
    assert getattr(refused.value, "code", None) == "level_unmeasurable"
