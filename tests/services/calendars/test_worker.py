"""The worker of calendars, as it runs beside the others."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calendars.app import open_worker
from calendars.contract import CreateCalendar, ReadIcsSource, SaveIcsSource
from calendars.service import CalendarsService
from calendars.settings import Settings
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import hours
from tests.services.calendars.test_ics_sources import FAIR, Publisher, ics, publisher
from tests.services.calendars.test_watches import messages
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

__all__ = ["publisher"]


async def test_a_running_worker_looks_at_feeds_and_tells_what_runs_out(
    service: CalendarsService,
    settings: Settings,
    context: RequestContext,
    tenant: str,
    clock: StandingTime,
    publisher: Publisher,
) -> None:
    """Both loops go round, and their checks are content."""
    await service.save_ics_source(context, SaveIcsSource(key="company", name="Days", url=publisher.url))
    document = hours("UTC", "09:00-17:00", holidays=[{"date": "2026-03-11", "name": "Fair"}])
    await service.create_calendar(context, CreateCalendar(key="office", name="Office", document=document))
    async with open_worker(settings, now=clock) as worker:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(60):
            while len(told := await messages(service, tenant)) < 2:  # noqa: ASYNC110 - of two loops at work
                await asyncio.sleep(0.05)
        await worker.check_loops()
        await end(running)
    assert (await service.read_ics_source(context, ReadIcsSource(key="company"))).pending is not None
    assert {message.type for message in told} == {"calendar.import_pending", "calendar.holidays_run_out"}


async def test_one_tenants_many_slow_feeds_keep_nobody_elses_waiting(
    service: CalendarsService,
    settings: Settings,
    tenant: str,
    clock: StandingTime,
    publisher: Publisher,
) -> None:
    """While a host lets forty feeds of one tenant hang, that of another, due after them all, is looked at."""
    clock.at += timedelta(days=900)  # nothing else is due before these
    publisher.answers_once_asked = 1_000
    sick, well = acting_for(f"{tenant}-sick"), acting_for(f"{tenant}-well")
    for number in range(40):
        source = SaveIcsSource(key=f"s{number}", name="S", url=publisher.url)
        await service.save_ics_source(sick, source)
    app = Starlette(routes=[Route("/days.ics", quick)])
    async with listening(app) as url, open_worker(settings, now=clock) as worker:
        clock.move(timedelta(minutes=1))
        await service.save_ics_source(well, SaveIcsSource(key="one", name="One", url=f"{url}/days.ics"))
        clock.move(timedelta(minutes=1))
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(8):  # before any of those that hang is given up
            while (await service.read_ics_source(well, ReadIcsSource(key="one"))).pending is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await end(running)
    asked, publisher.answers_once_asked = publisher.asked, 0
    assert asked <= 8
    for number in range(40):  # done with: they would be due in other tests
        source = SaveIcsSource(key=f"s{number}", name="S")
        await service.save_ics_source(sick, source)


async def quick(_request: Request) -> Response:
    """Say at once what the days are."""
    return Response(ics(FAIR), media_type="text/calendar")


async def end(running: asyncio.Task[None]) -> None:
    """End a worker that runs."""
    while not running.done():
        running.cancel()
        await asyncio.wait([running], timeout=1)
