"""Compare two versions of a Calendar in days and hours: as it stood after the one, and after the other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from businesstime import Timeline
from calendars.contract import CompareVersions
from calendars.domain.answer import read_window
from calendars.domain.calendar import read_instant, version_numbered
from calendars.domain.document import read_key
from calendars.domain.version_difference import CalendarDifference, difference_between
from calendars.operations.obtain_timelines import TimelineSource, obtain
from calendars.operations.read_calendar import load
from serving.context import RequestContext

__all__ = ["compare"]

YEAR = timedelta(days=366)


async def compare(
    context: RequestContext, request: CompareVersions, source: TimelineSource
) -> CalendarDifference:
    """Compare; what the Calendar is made of counts as it is now, in both.

    Raises CalendarUnknownError, VersionUnknownError, WindowInvalidError, InstantNaiveError,
    InstantOutOfBoundsError.
    """
    key = read_key(request.key)
    async with source.database.transaction(context.tenant_id, read_only=True) as connection:
        calendar = await load(connection, context.tenant_id, key)
    version_numbered(calendar, request.from_version, field="from_version")
    later = version_numbered(calendar, request.to_version, field="to_version")
    start = read_instant(request.start or later.effective_from or source.now, field="start")
    end = start + YEAR  # past 2100, too, where that was not asked for
    if request.end is not None:
        start, end = read_window(start, request.end)
    before, after = [
        (await obtain(context, {key: "key"}, source, until={key: number}))[key].compiled.blob
        for number in (request.from_version, request.to_version)
    ]
    return await asyncio.to_thread(
        lambda: difference_between(
            Timeline.from_bytes(before),
            Timeline.from_bytes(after),
            key=key,
            versions=(request.from_version, request.to_version),
            start=start,
            end=end,
        )
    )
