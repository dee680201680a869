"""What happens when others are gone, and what strange but lawful input does."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from calendars.client import CalendarsClient
from calendars.contract import AmendCalendar, CreateCalendar
from calendars.service import CalendarsService
from clocks.app import build_worker_app, open_clocks, open_worker
from clocks.contract import IngestEvents, ReadSubject, SavePolicy
from clocks.operations import follow_calendars
from clocks.service import ClocksService
from clocks.settings import Settings
from serving.client import open_session
from serving.context import RequestContext
from serving.environment import SettingError
from serving.problems import Problem
from serving.tokens import InternalTokens
from tests.services.clocks.conftest import SECRET
from tests.services.clocks.following import messages_of
from tests.services.clocks.stories import SUPPORT, event
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def no_calendars(clock: StandingTime) -> AsyncIterator[CalendarsClient]:
    """Give a client of calendars that do not answer."""
    async with open_session() as session:
        yield CalendarsClient(NOWHERE, InternalTokens(SECRET, now=clock), session)


@pytest.mark.usefixtures("support")
async def test_without_redis_a_batch_is_taken_all_the_same(
    settings: Settings, calendars: CalendarsService, context: RequestContext
) -> None:
    """A Redis that is gone keeps no batch from being taken."""
    alone = Settings(
        database_url=settings.database_url, redis_url="redis://127.0.0.1:9/0", internal_secret=SECRET
    )
    async with open_clocks(alone, calendars=calendars) as service:
        for number in range(20):
            batch = IngestEvents(events=(event(f"e{number}", f"T-{number}", "2026-03-02T09:00"),))
            assert (await service.ingest_events(context, batch)).accepted == 1
        with pytest.raises(Exception, match="9"):
            await service.check_redis()


@pytest.mark.usefixtures("support", "service")
async def test_a_process_goes_on_without_the_calendars(
    settings: Settings, context: RequestContext, no_calendars: CalendarsClient
) -> None:
    """Even a cold one needs them for nothing that is counted on already; a new policy asks for them."""
    async with open_clocks(settings, calendars=no_calendars) as cold:
        batch = IngestEvents(events=(event("e1", "T-1", "2026-03-02T09:00"),))
        assert (await cold.ingest_events(context, batch)).accepted == 1
        with pytest.raises(Problem) as refused:
            await cold.save_policy(context, SavePolicy(key="other", document=SUPPORT))
    assert (refused.value.code, refused.value.kind) == ("service_unavailable", "unavailable")


async def test_rules_do_not_change_under_a_fold(
    service: ClocksService, context: RequestContext, support: str
) -> None:
    """While a transaction holds the rulebook, a policy that is to be saved waits."""
    async with service._database.transaction(context.tenant_id) as connection:
        await connection.fetchval("SELECT revision FROM rulebooks FOR SHARE")
        saving = asyncio.create_task(
            service.save_policy(context, SavePolicy(key=support, document=SUPPORT, expected_version=1))
        )
        done, _ = await asyncio.wait({saving}, timeout=0.3)
        assert not done
    assert (await saving).version == 2


async def test_a_process_notices_rules_that_another_has_changed(
    settings: Settings,
    calendars: CalendarsService,
    service: ClocksService,
    context: RequestContext,
    support: str,
) -> None:
    """A rulebook in memory is trusted by its revision: the next batch folds by the policy just saved."""
    async with open_clocks(settings, calendars=calendars) as other:
        await other.ingest_events(context, IngestEvents(events=(event("e1", "T-1", "2026-03-02T09:00"),)))
        document = copy.deepcopy(SUPPORT)
        document["metrics"]["restore"] = document["metrics"]["resolution"]
        await service.save_policy(context, SavePolicy(key="second", document=document))
        await other.ingest_events(context, IngestEvents(events=(event("e2", "T-2", "2026-03-02T09:00"),)))
        cycles = (await other.read_subject(context, ReadSubject(subject_id="T-2"))).cycles
    assert [(cycle.policy_key, cycle.metric) for cycle in cycles] == [
        ("second", "resolution"),
        ("second", "restore"),
        (support, "resolution"),
    ]


async def test_a_subject_that_cannot_be_folded_is_refused_alone(
    service: ClocksService, calendars: CalendarsService, context: RequestContext, support: str
) -> None:
    """A Calendar that never opens again refuses the events that need it; the rest of the batch is taken."""
    closed = {"zone": "Etc/UTC", "hours": {}, "special": {"2026-03-02": ["09:00-10:00"]}}
    await calendars.create_calendar(context, CreateCalendar(key="closed", name="Closed", document=closed))
    document = copy.deepcopy(SUPPORT)
    document["calendars"] = {"default": "office", "attribute": "site", "mapping": {"shut": "closed"}}
    await service.save_policy(context, SavePolicy(key=support, document=document, expected_version=1))
    moment = "2026-03-02T12:30"
    receipt = await service.ingest_events(
        context,
        IngestEvents(
            events=(
                event("e1", "T-1", moment, site="shut"),
                event("e2", "T-2", moment),
                event("e3", "T-1", moment),
            )
        ),
    )
    assert receipt.accepted == 1
    assert {(one.index, one.code) for one in receipt.refused} == {(0, "never_opens"), (2, "never_opens")}
    assert (await service.read_subject(context, ReadSubject(subject_id="T-2"))).events == 1
    again = await service.ingest_events(context, IngestEvents(events=(event("e1", "T-1", moment),)))
    assert again.accepted == 1
    everything = IngestEvents(events=(event("e4", "T-4", moment, site="shut"),))
    assert [one.code for one in (await service.ingest_events(context, everything)).refused] == ["never_opens"]


@pytest.mark.usefixtures("office")
async def test_names_may_hold_what_they_like(service: ClocksService, context: RequestContext) -> None:
    """Quotes, braces, backslashes and commas in ids, Targets and warnings survive every statement."""
    strange = "P\"1\\,{x}'; DROP TABLE cycles --\n☃"
    document: dict[str, Any] = copy.deepcopy(SUPPORT)
    document["metrics"]["resolution"]["targets"] = [
        {"name": strange, "when": "true", "duration": "4h", "warnings": ["75%"]}
    ]
    await service.save_policy(context, SavePolicy(key="support", document=document))
    await service.ingest_events(
        context, IngestEvents(events=(event(strange, strange, "2100-03-01T09:00", note=strange),))
    )
    subject = await service.read_subject(context, ReadSubject(subject_id=strange))
    assert subject.attributes == {"note": strange}
    (cycle,) = subject.cycles
    assert cycle.target == strange
    async with service._database.transaction(context.tenant_id) as connection:
        assert await connection.fetchval("SELECT fire_threshold FROM cycles") == [f"{strange}:75%", "breach"]
    (changed,) = await messages_of(service.feed, context.tenant_id, "cycle.changed")
    assert (changed.subject, changed.payload["target"]) == (strange, strange)


async def test_numbers_come_back_as_they_were_written(
    service: ClocksService, context: RequestContext, support: str
) -> None:
    """Folded again from the log, 1e16 is a double, 1.0 no integer, and a big integer exact."""
    del support
    numbers: dict[str, Any] = {"a": 1e16, "b": 1.0, "c": 2**62 + 1, "d": 1, "e": True, "f": 5e-324}
    await service.ingest_events(
        context, IngestEvents(events=(event("e2", "T-1", "2026-03-02T10:00", **numbers),))
    )
    await service.ingest_events(context, IngestEvents(events=(event("e1", "T-1", "2026-03-02T09:00"),)))
    found = (await service.read_subject(context, ReadSubject(subject_id="T-1"))).attributes
    assert {name: (type(value), value) for name, value in found.items()} == {
        name: (type(value), value) for name, value in numbers.items()
    }


async def test_a_process_that_starts_counts_on_what_all_count_on(
    settings: Settings,
    calendars: CalendarsService,
    service: ClocksService,
    context: RequestContext,
    support: str,
) -> None:
    """An amendment counts for all processes once the feed is read; before, not even for a cold one."""
    del support
    await service.ingest_events(
        context, IngestEvents(events=(event("e1", "T-1", "2026-03-02T09:00", priority="2"),))
    )
    longer = {"zone": "Etc/UTC", "hours": {"mon-fri": ["09:00-19:00"]}}
    await calendars.amend_calendar(
        context, AmendCalendar(key="office", expected_version=1, document=longer, effective_from=None)
    )
    async with open_clocks(settings, calendars=calendars) as cold:
        await cold.ingest_events(context, IngestEvents(events=(event("e2", "T-2", "2026-03-02T09:00"),)))
        (cycle,) = (await cold.read_subject(context, ReadSubject(subject_id="T-2"))).cycles
        assert cycle.calendar_version == 1
        while await follow_calendars.follow(calendars.feed, database=cold._database, calendars=calendars):
            pass
        await cold.ingest_events(context, IngestEvents(events=(event("e3", "T-3", "2026-03-02T09:00"),)))
        (cycle,) = (await cold.read_subject(context, ReadSubject(subject_id="T-3"))).cycles
        assert cycle.calendar_version == 2
    async with service._database.transaction(context.tenant_id) as connection:
        works = await connection.fetch("SELECT scope FROM refolds WHERE calendar_key = 'office'")
    assert sorted(work["scope"] for work in works) == ["plain", "plain", "rest", "rest"]


async def test_a_worker_says_how_it_is(settings: Settings, calendars: CalendarsService) -> None:
    """Health, readiness and metrics of a worker, over HTTP: the lag of firing is among them."""
    async with open_worker(settings, calendars=calendars, feed=calendars.feed) as worker:
        running = asyncio.create_task(worker.run())
        async with listening(build_worker_app(worker)) as url, aiohttp.ClientSession() as session:
            for path, expected in (
                ("healthz", "alive"),
                ("readyz", "ready"),
                ("metrics", "clocks_firing_lag"),
            ):
                async with session.get(f"{url}/{path}") as response:
                    assert response.status == 200
                    assert expected in await response.text()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "http://x"),
        ("MEANTIME_INTERNAL_SECRET", ""),
    ],
)
def test_settings_name_the_variable_that_is_wrong(variable: str, value: str) -> None:
    """A missing or wrong variable is named; a secret is never quoted."""
    environment = {
        "DATABASE_URL": "postgresql://localhost/meantime",
        "REDIS_URL": "",
        "MEANTIME_INTERNAL_SECRET": SECRET,
    }
    assert Settings.from_environment(environment).redis_url is None
    with pytest.raises(SettingError, match=variable):
        Settings.from_environment(environment | {variable: value})
    assert SECRET not in repr(Settings.from_environment(environment))
