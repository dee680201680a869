"""The door from outside: each call asks the service over HTTP and answers as the service itself would."""

from __future__ import annotations

import aiohttp

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
from serving.client import DoorClient
from serving.context import RequestContext
from serving.tokens import InternalTokens

__all__ = ["CalendarsClient"]


class CalendarsClient:
    """Implements `contract.Calendars` by asking the service at `base_url`; see there for each call."""

    def __init__(self, base_url: str, tokens: InternalTokens, session: aiohttp.ClientSession) -> None:
        self._door = DoorClient(base_url, tokens, session)

    async def create_calendar(self, context: RequestContext, request: CreateCalendar) -> SavedCalendar:
        """Create a Calendar."""
        return await self._door.call(context, "create_calendar", request, SavedCalendar)

    async def amend_calendar(self, context: RequestContext, request: AmendCalendar) -> SavedCalendar:
        """Add a version."""
        return await self._door.call(context, "amend_calendar", request, SavedCalendar)

    async def read_calendar(self, context: RequestContext, request: ReadCalendar) -> CalendarRecord:
        """Read one."""
        return await self._door.call(context, "read_calendar", request, CalendarRecord)

    async def list_calendars(self, context: RequestContext, request: ListCalendars) -> CalendarPage:
        """Read a page."""
        return await self._door.call(context, "list_calendars", request, CalendarPage)

    async def read_timelines(self, context: RequestContext, request: ReadTimelines) -> TimelinesRecord:
        """Read compiled Timelines."""
        return await self._door.call(context, "read_timelines", request, TimelinesRecord)

    async def revert_calendar(self, context: RequestContext, request: RevertCalendar) -> SavedCalendar:
        """Say an earlier version again."""
        return await self._door.call(context, "revert_calendar", request, SavedCalendar)

    async def compare_versions(self, context: RequestContext, request: CompareVersions) -> CalendarDifference:
        """Compare in days and hours."""
        return await self._door.call(context, "compare_versions", request, CalendarDifference)

    async def list_amendments(self, context: RequestContext, request: ListAmendments) -> AmendmentPage:
        """Read a page of the audit."""
        return await self._door.call(context, "list_amendments", request, AmendmentPage)

    async def plan_amendment(self, context: RequestContext, request: AmendCalendar) -> AmendmentPlan:
        """Say what an amendment would mean."""
        return await self._door.call(context, "plan_amendment", request, AmendmentPlan)

    async def apply_calendars(self, context: RequestContext, request: ApplyCalendars) -> AppliedCalendars:
        """Apply files, or plan to."""
        return await self._door.call(context, "apply_calendars", request, AppliedCalendars)

    async def ask_calendar_state(self, context: RequestContext, request: AskCalendarState) -> CalendarStates:
        """Say whether it is open, why, and what comes next."""
        return await self._door.call(context, "ask_calendar_state", request, CalendarStates)

    async def ask_calendar_elapsed(
        self, context: RequestContext, request: AskCalendarElapsed
    ) -> CalendarElapsed:
        """Sum open time."""
        return await self._door.call(context, "ask_calendar_elapsed", request, CalendarElapsed)

    async def ask_calendar_deadline(
        self, context: RequestContext, request: AskCalendarDeadline
    ) -> CalendarDeadlines:
        """Find when a duration has passed."""
        return await self._door.call(context, "ask_calendar_deadline", request, CalendarDeadlines)

    async def ask_calendar_window(
        self, context: RequestContext, request: AskCalendarWindow
    ) -> CalendarWindows:
        """Take a window of time apart."""
        return await self._door.call(context, "ask_calendar_window", request, CalendarWindows)

    async def read_ics(self, context: RequestContext, request: ReadIcs) -> IcsHolidays:
        """Read holidays from a file."""
        return await self._door.call(context, "read_ics", request, IcsHolidays)

    async def open_closure_feed(self, context: RequestContext, request: OpenClosureFeed) -> OpenedClosureFeed:
        """Open a feed."""
        return await self._door.call(context, "open_closure_feed", request, OpenedClosureFeed)

    async def revoke_closure_feed(self, context: RequestContext, request: RevokeClosureFeed) -> ClosureFeed:
        """End a feed."""
        return await self._door.call(context, "revoke_closure_feed", request, ClosureFeed)

    async def list_closure_feeds(self, context: RequestContext, request: ListClosureFeeds) -> ClosureFeeds:
        """List feeds."""
        return await self._door.call(context, "list_closure_feeds", request, ClosureFeeds)

    async def read_closures(self, context: RequestContext, request: ReadClosures) -> Closures:
        """Read what a feed shows."""
        return await self._door.call(context, "read_closures", request, Closures)

    async def save_ics_source(self, context: RequestContext, request: SaveIcsSource) -> IcsSourceRecord:
        """Make or change a source of holidays."""
        return await self._door.call(context, "save_ics_source", request, IcsSourceRecord)

    async def offer_ics_content(self, context: RequestContext, request: OfferIcsContent) -> IcsSourceRecord:
        """Upload what a source says; it waits."""
        return await self._door.call(context, "offer_ics_content", request, IcsSourceRecord)

    async def refresh_ics_source(self, context: RequestContext, request: RefreshIcsSource) -> IcsSourceRecord:
        """Look at a feed now."""
        return await self._door.call(context, "refresh_ics_source", request, IcsSourceRecord)

    async def accept_ics_edition(
        self, context: RequestContext, request: AcceptIcsEdition
    ) -> AcceptedIcsEdition:
        """Let what waits count, or plan to."""
        return await self._door.call(context, "accept_ics_edition", request, AcceptedIcsEdition)

    async def dismiss_ics_edition(
        self, context: RequestContext, request: DismissIcsEdition
    ) -> IcsSourceRecord:
        """Turn what waits down."""
        return await self._door.call(context, "dismiss_ics_edition", request, IcsSourceRecord)

    async def read_ics_source(self, context: RequestContext, request: ReadIcsSource) -> IcsSourceRecord:
        """Read one source."""
        return await self._door.call(context, "read_ics_source", request, IcsSourceRecord)

    async def list_ics_sources(self, context: RequestContext, request: ListIcsSources) -> IcsSourcePage:
        """Read a page of sources."""
        return await self._door.call(context, "list_ics_sources", request, IcsSourcePage)

    async def read_watches(self, context: RequestContext, request: ReadWatches) -> CalendarWatches:
        """Say what runs out, and which zones changed."""
        return await self._door.call(context, "read_watches", request, CalendarWatches)

    async def adopt_zone_rules(self, context: RequestContext, request: AdoptZoneRules) -> AdoptedZoneRules:
        """Take a zone's changed rules over, once."""
        return await self._door.call(context, "adopt_zone_rules", request, AdoptedZoneRules)
