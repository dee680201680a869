"""The door from inside: each call checks the scope and runs its operation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from businesstime.zones import PACKAGED, ZoneDatabase
from calendars.contract import (
    AcceptedIcsEdition,
    AcceptIcsEdition,
    AdoptedZoneRules,
    AdoptZoneRules,
    AmendCalendar,
    AmendmentPage,
    AmendmentPlan,
    AppliedCalendars,
    ApplyCalendars,
    AskCalendarDeadline,
    AskCalendarElapsed,
    AskCalendarState,
    AskCalendarWindow,
    CalendarDeadlines,
    CalendarDifference,
    CalendarElapsed,
    CalendarPage,
    CalendarRecord,
    CalendarStates,
    CalendarWatches,
    CalendarWindows,
    ClosureFeed,
    ClosureFeeds,
    Closures,
    CompareVersions,
    CreateCalendar,
    DismissIcsEdition,
    IcsHolidays,
    IcsSourcePage,
    IcsSourceRecord,
    ListAmendments,
    ListCalendars,
    ListClosureFeeds,
    ListIcsSources,
    OfferIcsContent,
    OpenClosureFeed,
    OpenedClosureFeed,
    ReadCalendar,
    ReadClosures,
    ReadIcs,
    ReadIcsSource,
    ReadTimelines,
    ReadWatches,
    RefreshIcsSource,
    RevertCalendar,
    RevokeClosureFeed,
    SavedCalendar,
    SaveIcsSource,
    TimelinesRecord,
)
from calendars.operations import (
    adopt_zone_rules,
    amend_calendar,
    apply_calendars,
    ask_calendar,
    compare_versions,
    create_calendar,
    decide_ics_edition,
    list_amendments,
    list_calendars,
    offer_ics_content,
    plan_amendment,
    publish_closures,
    read_calendar,
    read_ics,
    read_ics_source,
    read_timelines,
    read_watches,
    refresh_ics_source,
    revert_calendar,
    save_ics_source,
)
from calendars.operations.obtain_timelines import TimelineSource
from calendars.operations.refresh_ics_source import FeedAccess
from calendars.storage.messages import FEED_CHANNEL
from calendars.storage.timelines import TimelineShelf
from pgstore.database import Database
from pgstore.feed import DatabaseFeed, Feed
from serving.context import RequestContext
from serving.guarded_redis import GuardedRedis
from serving.nudges import Nudges
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
        feeds: FeedAccess,
        now: Callable[[], datetime],
        zones: ZoneDatabase = PACKAGED,
    ) -> None:
        self._database = database
        self._redis = redis
        self._shelf = shelf
        self._feeds = feeds
        self._zones = zones
        self._now = now
        self._nudges = Nudges(redis)
        self.feed: Feed = DatabaseFeed(database)

    async def check_database(self) -> None:
        """Raise where PostgreSQL does not answer."""
        await self._database.ping()

    async def check_redis(self) -> None:
        """Raise where there is a Redis and it does not answer."""
        if self._redis is not None:
            await self._redis.check()

    async def create_calendar(self, context: RequestContext, request: CreateCalendar) -> SavedCalendar:
        """Create a Calendar."""
        require(context, "calendars")
        record = await create_calendar.create(context, request, database=self._database, now=self._now())
        await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
        return record

    async def amend_calendar(self, context: RequestContext, request: AmendCalendar) -> SavedCalendar:
        """Add a version."""
        require(context, "calendars")
        record = await amend_calendar.add(context, request, database=self._database, now=self._now())
        await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
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
        return await read_timelines.read(context, request, self._source())

    async def revert_calendar(self, context: RequestContext, request: RevertCalendar) -> SavedCalendar:
        """Say an earlier version again."""
        require(context, "calendars")
        record = await revert_calendar.revert(context, request, database=self._database, now=self._now())
        await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
        return record

    async def compare_versions(self, context: RequestContext, request: CompareVersions) -> CalendarDifference:
        """Compare in days and hours."""
        require(context, "read")
        return await compare_versions.compare(context, request, self._source())

    async def list_amendments(self, context: RequestContext, request: ListAmendments) -> AmendmentPage:
        """Read a page of the audit."""
        require(context, "read")
        return await list_amendments.read(context, request, database=self._database)

    async def plan_amendment(self, context: RequestContext, request: AmendCalendar) -> AmendmentPlan:
        """Say what an amendment would mean."""
        require(context, "calendars")
        return await plan_amendment.plan(context, request, database=self._database, now=self._now())

    async def apply_calendars(self, context: RequestContext, request: ApplyCalendars) -> AppliedCalendars:
        """Apply files, or plan to."""
        require(context, "calendars")
        record = await apply_calendars.apply(
            context, request, database=self._database, access=self._feeds, now=self._now()
        )
        if not request.plan:
            await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
        return record

    async def ask_calendar_state(self, context: RequestContext, request: AskCalendarState) -> CalendarStates:
        """Say whether it is open, why, and what comes next."""
        require(context, "read")
        return await ask_calendar.state(context, request, self._source())

    async def ask_calendar_elapsed(
        self, context: RequestContext, request: AskCalendarElapsed
    ) -> CalendarElapsed:
        """Sum open time."""
        require(context, "read")
        return await ask_calendar.elapsed(context, request, self._source())

    async def ask_calendar_deadline(
        self, context: RequestContext, request: AskCalendarDeadline
    ) -> CalendarDeadlines:
        """Find when a duration has passed."""
        require(context, "read")
        return await ask_calendar.deadline(context, request, self._source())

    async def ask_calendar_window(
        self, context: RequestContext, request: AskCalendarWindow
    ) -> CalendarWindows:
        """Take a window of time apart."""
        require(context, "read")
        return await ask_calendar.window(context, request, self._source())

    async def read_ics(self, context: RequestContext, request: ReadIcs) -> IcsHolidays:
        """Read holidays from a file."""
        require(context, "calendars")
        return await read_ics.read(context, request, self._feeds.reader)

    async def open_closure_feed(self, context: RequestContext, request: OpenClosureFeed) -> OpenedClosureFeed:
        """Open a feed."""
        require(context, "calendars")
        return await publish_closures.open_one(context, request, database=self._database, now=self._now())

    async def revoke_closure_feed(self, context: RequestContext, request: RevokeClosureFeed) -> ClosureFeed:
        """End a feed."""
        require(context, "calendars")
        return await publish_closures.revoke(context, request, database=self._database, now=self._now())

    async def list_closure_feeds(self, context: RequestContext, request: ListClosureFeeds) -> ClosureFeeds:
        """List feeds."""
        require(context, "calendars")
        return await publish_closures.list_all(context, request, database=self._database)

    async def read_closures(self, context: RequestContext, request: ReadClosures) -> Closures:
        """Read what a feed shows; the secret is the credential."""
        return await publish_closures.read(context, request, self._source())

    async def save_ics_source(self, context: RequestContext, request: SaveIcsSource) -> IcsSourceRecord:
        """Make or change a source of holidays."""
        require(context, "calendars")
        return await save_ics_source.save(
            context, request, database=self._database, now=self._now(), allowed=self._feeds.allowed
        )

    async def offer_ics_content(self, context: RequestContext, request: OfferIcsContent) -> IcsSourceRecord:
        """Upload what a source says; it waits."""
        require(context, "calendars")
        record = await offer_ics_content.offer_content(
            context, request, database=self._database, reader=self._feeds.reader, now=self._now()
        )
        await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
        return record

    async def refresh_ics_source(self, context: RequestContext, request: RefreshIcsSource) -> IcsSourceRecord:
        """Look at a feed now."""
        require(context, "calendars")
        record = await refresh_ics_source.refresh(
            context, request, database=self._database, access=self._feeds, now=self._now()
        )
        await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
        return record

    async def accept_ics_edition(
        self, context: RequestContext, request: AcceptIcsEdition
    ) -> AcceptedIcsEdition:
        """Let what waits count, or plan to."""
        require(context, "calendars")
        record = await decide_ics_edition.accept(context, request, database=self._database, now=self._now())
        await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
        return record

    async def dismiss_ics_edition(
        self, context: RequestContext, request: DismissIcsEdition
    ) -> IcsSourceRecord:
        """Turn what waits down."""
        require(context, "calendars")
        return await decide_ics_edition.dismiss(context, request, database=self._database, now=self._now())

    async def read_ics_source(self, context: RequestContext, request: ReadIcsSource) -> IcsSourceRecord:
        """Read one source."""
        require(context, "read")
        return await read_ics_source.read(context, request, database=self._database)

    async def list_ics_sources(self, context: RequestContext, request: ListIcsSources) -> IcsSourcePage:
        """Read a page of sources."""
        require(context, "read")
        return await read_ics_source.list_page(context, request, database=self._database)

    async def read_watches(self, context: RequestContext, request: ReadWatches) -> CalendarWatches:
        """Say what runs out, and which zones changed."""
        require(context, "read")
        return await read_watches.read(
            context, request, database=self._database, zones=self._zones, now=self._now()
        )

    async def adopt_zone_rules(self, context: RequestContext, request: AdoptZoneRules) -> AdoptedZoneRules:
        """Take a zone's changed rules over, once."""
        require(context, "calendars")
        record = await adopt_zone_rules.adopt(
            context, request, database=self._database, zones=self._zones, now=self._now()
        )
        await self._nudges.publish(context.tenant_id, FEED_CHANNEL)
        return record

    def _source(self) -> TimelineSource:
        return TimelineSource(database=self._database, shelf=self._shelf, now=self._now())
