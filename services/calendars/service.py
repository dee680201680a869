"""The door from inside: each call checks the scope and runs its operation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from calendars.contract import (
    AmendCalendar,
    CalendarPage,
    CalendarRecord,
    CreateCalendar,
    ListCalendars,
    ReadCalendar,
    ReadTimelines,
    TimelinesRecord,
)
from calendars.operations import (
    amend_calendar,
    create_calendar,
    list_calendars,
    nudge_followers,
    read_calendar,
    read_timelines,
)
from calendars.storage.guarded_redis import GuardedRedis
from calendars.storage.timelines import TimelineShelf
from pgstore.database import Database
from pgstore.feed import DatabaseFeed, Feed
from serving.context import RequestContext
from serving.scopes import require

__all__ = ["CalendarsService"]


class CalendarsService:
    """Implements `contract.Calendars` in this process; see there for what each call answers and raises."""

    def __init__(
        self,
        *,
        database: Database,
        redis: GuardedRedis | None,
        shelf: TimelineShelf,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._redis = redis
        self._shelf = shelf
        self._now = now
        self.feed: Feed = DatabaseFeed(database)

    async def check_database(self) -> None:
        """Raise where PostgreSQL does not answer."""
        await self._database.ping()

    async def check_redis(self) -> None:
        """Raise where there is a Redis and it does not answer."""
        if self._redis is not None:
            await self._redis.check()

    async def create_calendar(self, context: RequestContext, request: CreateCalendar) -> CalendarRecord:
        """Create a Calendar."""
        require(context, "calendars")
        record = await create_calendar.create(context, request, database=self._database, now=self._now())
        await nudge_followers.nudge(self._redis, context.tenant_id)
        return record

    async def amend_calendar(self, context: RequestContext, request: AmendCalendar) -> CalendarRecord:
        """Add a version."""
        require(context, "calendars")
        record = await amend_calendar.add(context, request, database=self._database, now=self._now())
        await nudge_followers.nudge(self._redis, context.tenant_id)
        return record

    async def read_calendar(self, context: RequestContext, request: ReadCalendar) -> CalendarRecord:
        """Read one."""
        require(context, "read")
        return await read_calendar.read(context, request, database=self._database)

    async def list_calendars(self, context: RequestContext, request: ListCalendars) -> CalendarPage:
        """Read a page."""
        require(context, "read")
        return await list_calendars.read(context, request, database=self._database)

    async def read_timelines(self, context: RequestContext, request: ReadTimelines) -> TimelinesRecord:
        """Read compiled Timelines."""
        require(context, "read")
        return await read_timelines.read(
            context, request, database=self._database, shelf=self._shelf, now=self._now()
        )
