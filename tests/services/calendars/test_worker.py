"""The worker of calendars, as it runs beside the others."""

from __future__ import annotations

import asyncio

from calendars.app import open_worker
from calendars.contract import CreateCalendar, ReadIcsSource, SaveIcsSource
from calendars.service import CalendarsService
from calendars.settings import Settings
from serving.context import RequestContext
from tests.services.calendars.documents import hours
from tests.services.calendars.test_ics_sources import Publisher, publisher
from tests.services.calendars.test_watches import messages
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
        while not running.done():
            running.cancel()
            await asyncio.wait([running], timeout=1)
    assert (await service.read_ics_source(context, ReadIcsSource(key="company"))).pending is not None
    assert {message.type for message in told} == {"calendar.import_pending", "calendar.holidays_run_out"}
