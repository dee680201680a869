"""Time left on the rows of paused Cycles: after an amendment, and in rows from before the column."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from calendars.app import open_calendars
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from cli.tracks import migrate_all
from clocks.app import open_clocks
from clocks.contract import CycleRecord, ListCycles
from clocks.service import ClocksService
from clocks.settings import Settings
from clocks.storage import TRACK
from serving.context import RequestContext
from tests.services.clocks.conftest import SECRET
from tests.services.clocks.test_amendments import (
    SHORTER,
    amend,
    follow_all,
    refold_all,
    tell_story,
    values,
)
from tests.services.clocks.test_board import walk
from tests.services.standing_time import StandingTime

LEFT = (
    "SELECT left_us FROM cycles WHERE phase = 'PAUSED'"
    " ORDER BY left_order, subject_id, policy_key, metric, cycle"
)
PAUSED = ListCycles(phase="PAUSED", sort="REMAINING", first=2)


async def listed(service: ClocksService, context: RequestContext) -> list[CycleRecord]:
    """List what is paused, by time left, when all of the story is over."""
    cycles = await walk(service, context, PAUSED)
    assert [cycle.remaining_us for cycle in cycles] == await values(service, context, LEFT)
    assert len(cycles) > 1
    return cycles


@pytest.mark.parametrize("seed", range(2))
async def test_an_amendment_puts_time_left_right(
    service: ClocksService,
    calendars: CalendarsService,
    context: RequestContext,
    clock: StandingTime,
    seed: int,
) -> None:
    """Hours that are shorter in the past leave more; list, row and Reading go on agreeing."""
    clock.move(timedelta(days=9))
    await tell_story(service, calendars, context, seed)
    before = await listed(service, context)
    await amend(calendars, context, SHORTER, "RESTATE")
    await follow_all(service, calendars)
    await refold_all(service, calendars, context)
    after = await listed(service, context)
    assert {cycle.remaining_us for cycle in after} != {cycle.remaining_us for cycle in before}


@pytest.fixture
async def fresh(fresh_database_url: str) -> str:
    """Bring a database of the test's own up to date: the migration is about all of its tenants."""
    await migrate_all(fresh_database_url)
    return fresh_database_url


@pytest.fixture
async def fresh_calendars(fresh: str, redis_url: str) -> AsyncIterator[CalendarsService]:
    """Open the calendars there."""
    settings = CalendarsSettings(database_url=fresh, redis_url=redis_url, internal_secret=SECRET)
    async with open_calendars(settings) as opened:
        yield opened


@pytest.fixture
async def fresh_service(
    fresh: str, redis_url: str, fresh_calendars: CalendarsService, clock: StandingTime
) -> AsyncIterator[ClocksService]:
    """Open the service there."""
    settings = Settings(database_url=fresh, redis_url=redis_url, internal_secret=SECRET)
    async with open_clocks(settings, calendars=fresh_calendars, now=clock) as opened:
        yield opened


async def test_what_was_paused_before_the_migration_is_looked_at(
    fresh: str,
    fresh_service: ClocksService,
    fresh_calendars: CalendarsService,
    context: RequestContext,
    clock: StandingTime,
) -> None:
    """The migration leaves work; workers give old rows their time left, with no Revision and no message."""
    clock.move(timedelta(days=9))
    await tell_story(fresh_service, fresh_calendars, context, seed=3)
    await refold_all(fresh_service, fresh_calendars, context)
    expected = await listed(fresh_service, context)
    counts = "SELECT count(*) FROM revisions UNION ALL SELECT count(*) FROM outbox"
    said = await values(fresh_service, context, counts)
    owner = await asyncpg.connect(fresh, server_settings={"search_path": TRACK.schema})
    try:
        await owner.execute("ALTER TABLE cycles DROP COLUMN left_order, DROP COLUMN left_us")
        await owner.execute(next(one.sql for one in TRACK.migrations() if one.name == "time_left"))
    finally:
        await owner.close()
    assert set(await values(fresh_service, context, LEFT)) == {None}
    await refold_all(fresh_service, fresh_calendars, context)
    assert await listed(fresh_service, context) == expected
    assert await values(fresh_service, context, counts) == said
