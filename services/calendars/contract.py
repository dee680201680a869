"""The door of the calendars service: what others may ask, and the shapes that cross."""

from __future__ import annotations

from typing import Protocol

from calendars.domain.advice import Advice
from calendars.domain.audit import AmendmentPage, AmendmentRecord, ListAmendments
from calendars.domain.calendar_file import (
    AppliedCalendar,
    AppliedCalendars,
    AppliedIcsSource,
    ApplyCalendars,
    CalendarFile,
    FileAmendment,
    IcsSourceFile,
)
from calendars.domain.calendar_records import (
    AmendmentPlan,
    CalendarPage,
    CalendarRecord,
    CalendarVersionRecord,
    PlannedChange,
    SavedCalendar,
    TimelineRecord,
    TimelinesRecord,
)
from calendars.domain.calendar_requests import (
    AmendCalendar,
    AmendMode,
    CreateCalendar,
    ListCalendars,
    ReadCalendar,
    ReadTimelines,
    RevertCalendar,
)
from calendars.domain.closure_feed import (
    ClosureFeed,
    ClosureFeeds,
    Closures,
    ListClosureFeeds,
    OpenClosureFeed,
    OpenedClosureFeed,
    ReadClosures,
    RevokeClosureFeed,
)
from calendars.domain.holiday_watch import HolidaysRunOut
from calendars.domain.ics_door import (
    AcceptedIcsEdition,
    AcceptIcsEdition,
    DismissIcsEdition,
    IcsEditionRecord,
    IcsSourcePage,
    IcsSourceRecord,
    ListIcsSources,
    OfferIcsContent,
    ReadIcsSource,
    RefreshIcsSource,
    SaveIcsSource,
)
from calendars.domain.ics_reading import IcsHolidays, ReadIcs, SkippedEvent
from calendars.domain.ics_source import IcsDifference, IcsSourceEvent
from calendars.domain.question import (
    AskCalendarDeadline,
    AskCalendarElapsed,
    AskCalendarState,
    AskCalendarWindow,
    CalendarDeadlines,
    CalendarElapsed,
    CalendarStates,
    CalendarWindows,
    DeadlineAnswer,
    DeadlineQuestion,
    ElapsedAnswer,
    ElapsedQuestion,
    OpenInterval,
    Reason,
    StateAnswer,
    StateQuestion,
    WindowAnswer,
    WindowQuestion,
    WindowSegment,
)
from calendars.domain.version_difference import CalendarDifference, CompareVersions, DayDifference
from calendars.domain.watch_door import (
    AdoptedZoneRules,
    AdoptZoneRules,
    CalendarWatches,
    ReadWatches,
)
from calendars.domain.zone_watch import ZoneChange
from serving.context import RequestContext

__all__ = [
    "AcceptIcsEdition",
    "AcceptedIcsEdition",
    "AdoptZoneRules",
    "AdoptedZoneRules",
    "Advice",
    "AmendCalendar",
    "AmendMode",
    "AmendmentPage",
    "AmendmentPlan",
    "AmendmentRecord",
    "AppliedCalendar",
    "AppliedCalendars",
    "AppliedIcsSource",
    "ApplyCalendars",
    "AskCalendarDeadline",
    "AskCalendarElapsed",
    "AskCalendarState",
    "AskCalendarWindow",
    "CalendarDeadlines",
    "CalendarDifference",
    "CalendarElapsed",
    "CalendarFile",
    "CalendarPage",
    "CalendarRecord",
    "CalendarStates",
    "CalendarVersionRecord",
    "CalendarWatches",
    "CalendarWindows",
    "Calendars",
    "ClosureFeed",
    "ClosureFeeds",
    "Closures",
    "CompareVersions",
    "CreateCalendar",
    "DayDifference",
    "DeadlineAnswer",
    "DeadlineQuestion",
    "DismissIcsEdition",
    "ElapsedAnswer",
    "ElapsedQuestion",
    "FileAmendment",
    "HolidaysRunOut",
    "IcsDifference",
    "IcsEditionRecord",
    "IcsHolidays",
    "IcsSourceEvent",
    "IcsSourceFile",
    "IcsSourcePage",
    "IcsSourceRecord",
    "ListAmendments",
    "ListCalendars",
    "ListClosureFeeds",
    "ListIcsSources",
    "OfferIcsContent",
    "OpenClosureFeed",
    "OpenInterval",
    "OpenedClosureFeed",
    "PlannedChange",
    "ReadCalendar",
    "ReadClosures",
    "ReadIcs",
    "ReadIcsSource",
    "ReadTimelines",
    "ReadWatches",
    "Reason",
    "RefreshIcsSource",
    "RevertCalendar",
    "RevokeClosureFeed",
    "SaveIcsSource",
    "SavedCalendar",
    "SkippedEvent",
    "StateAnswer",
    "StateQuestion",
    "TimelineRecord",
    "TimelinesRecord",
    "WindowAnswer",
    "WindowQuestion",
    "WindowSegment",
    "ZoneChange",
]


class Calendars(Protocol):
    """What the calendars service answers. Every call may raise a Problem (see serving.problems)."""

    async def create_calendar(self, context: RequestContext, request: CreateCalendar) -> SavedCalendar:
        """Create a Calendar. Scope: calendars. Codes: calendar_exists, and those of the document."""
        ...

    async def amend_calendar(self, context: RequestContext, request: AmendCalendar) -> SavedCalendar:
        """Add a version. Scope: calendars. Codes: calendar_unknown, version_conflict, plan_stale."""
        ...

    async def read_calendar(self, context: RequestContext, request: ReadCalendar) -> CalendarRecord:
        """Read one. Scope: read. Codes: calendar_unknown."""
        ...

    async def list_calendars(self, context: RequestContext, request: ListCalendars) -> CalendarPage:
        """Read a page. Scope: read. Codes: page_too_large."""
        ...

    async def read_timelines(self, context: RequestContext, request: ReadTimelines) -> TimelinesRecord:
        """Read compiled Timelines. Scope: read. Codes: calendar_unknown, keys_repeated, batch_too_large."""
        ...

    async def revert_calendar(self, context: RequestContext, request: RevertCalendar) -> SavedCalendar:
        """Say an earlier version again. Scope: calendars. Codes: version_unknown, and those of amending."""
        ...

    async def compare_versions(self, context: RequestContext, request: CompareVersions) -> CalendarDifference:
        """Compare in days and hours. Scope: read. Codes: version_unknown, window_invalid."""
        ...

    async def list_amendments(self, context: RequestContext, request: ListAmendments) -> AmendmentPage:
        """Read a page of the audit. Scope: read. Codes: page_too_large, cursor_invalid."""
        ...

    async def plan_amendment(self, context: RequestContext, request: AmendCalendar) -> AmendmentPlan:
        """Say what an amendment would mean. Scope: calendars. Codes: those of amending."""
        ...

    async def apply_calendars(self, context: RequestContext, request: ApplyCalendars) -> AppliedCalendars:
        """Apply files, or plan to. Scope: calendars. Codes: of creating, amending and ICS sources."""
        ...

    async def ask_calendar_state(self, context: RequestContext, request: AskCalendarState) -> CalendarStates:
        """Say whether it is open, why, and what comes next. Scope: read. Codes: as for elapsed time."""
        ...

    async def ask_calendar_elapsed(
        self, context: RequestContext, request: AskCalendarElapsed
    ) -> CalendarElapsed:
        """Sum open time. Scope: read. Codes: calendar_unknown, batch_too_large, instant_naive."""
        ...

    async def ask_calendar_deadline(
        self, context: RequestContext, request: AskCalendarDeadline
    ) -> CalendarDeadlines:
        """Find a deadline. Scope: read. Codes: as above, duration_invalid, deadline_unreachable."""
        ...

    async def ask_calendar_window(
        self, context: RequestContext, request: AskCalendarWindow
    ) -> CalendarWindows:
        """Take a window apart. Scope: read. Codes: as above, window_invalid."""
        ...

    async def read_ics(self, context: RequestContext, request: ReadIcs) -> IcsHolidays:
        """Read holidays from a file; writes nothing. Scope: calendars. Codes: ics_invalid, ics_too_large."""
        ...

    async def open_closure_feed(self, context: RequestContext, request: OpenClosureFeed) -> OpenedClosureFeed:
        """Open a feed. Scope: calendars. Codes: calendar_unknown, feeds_too_many."""
        ...

    async def revoke_closure_feed(self, context: RequestContext, request: RevokeClosureFeed) -> ClosureFeed:
        """End a feed. Scope: calendars. Codes: feed_unknown."""
        ...

    async def list_closure_feeds(self, context: RequestContext, request: ListClosureFeeds) -> ClosureFeeds:
        """List feeds. Scope: calendars. Codes: calendar_unknown."""
        ...

    async def read_closures(self, context: RequestContext, request: ReadClosures) -> Closures:
        """Read what a feed shows. Scope: none, the secret is the credential. Codes: feed_unknown."""
        ...

    async def save_ics_source(self, context: RequestContext, request: SaveIcsSource) -> IcsSourceRecord:
        """Make or change a source. Scope: calendars. Codes: ics_sources_too_many, address_refused."""
        ...

    async def offer_ics_content(self, context: RequestContext, request: OfferIcsContent) -> IcsSourceRecord:
        """Upload what a source says; it waits. Scope: calendars. Codes: ics_source_unknown, ics_invalid."""
        ...

    async def refresh_ics_source(self, context: RequestContext, request: RefreshIcsSource) -> IcsSourceRecord:
        """Look at a feed now. Scope: calendars. Codes: ics_source_unknown, ics_source_uploaded."""
        ...

    async def accept_ics_edition(
        self, context: RequestContext, request: AcceptIcsEdition
    ) -> AcceptedIcsEdition:
        """Let what waits count, or plan to. Scope: calendars. Codes: ics_edition_stale, those of amending."""
        ...

    async def dismiss_ics_edition(
        self, context: RequestContext, request: DismissIcsEdition
    ) -> IcsSourceRecord:
        """Turn what waits down. Scope: calendars. Codes: ics_edition_stale."""
        ...

    async def read_ics_source(self, context: RequestContext, request: ReadIcsSource) -> IcsSourceRecord:
        """Read one source. Scope: read. Codes: ics_source_unknown."""
        ...

    async def list_ics_sources(self, context: RequestContext, request: ListIcsSources) -> IcsSourcePage:
        """Read a page of sources. Scope: read. Codes: page_too_large."""
        ...

    async def read_watches(self, context: RequestContext, request: ReadWatches) -> CalendarWatches:
        """Say what runs out, and which zones changed. Scope: read. Codes: within_days_invalid."""
        ...

    async def adopt_zone_rules(self, context: RequestContext, request: AdoptZoneRules) -> AdoptedZoneRules:
        """Take a zone's changed rules over, once. Scope: calendars. Codes: zone_unchanged."""
        ...
