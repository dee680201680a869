"""The door of the calendars service: what others may ask, and the shapes that cross."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from calendars.domain.audit import AmendmentPage, AmendmentRecord, ListAmendments
from calendars.domain.calendar_file import (
    AppliedCalendar,
    AppliedCalendars,
    ApplyCalendars,
    CalendarFile,
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
from calendars.domain.ics_reading import IcsHolidays, ReadIcs, SkippedEvent
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
from serving.context import RequestContext

__all__ = [
    "AmendCalendar",
    "AmendMode",
    "AmendmentPage",
    "AmendmentPlan",
    "AmendmentRecord",
    "AppliedCalendar",
    "AppliedCalendars",
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
    "ElapsedAnswer",
    "ElapsedQuestion",
    "IcsHolidays",
    "ListAmendments",
    "ListCalendars",
    "ListClosureFeeds",
    "OpenClosureFeed",
    "OpenInterval",
    "OpenedClosureFeed",
    "ReadCalendar",
    "ReadClosures",
    "ReadIcs",
    "ReadTimelines",
    "Reason",
    "RevertCalendar",
    "RevokeClosureFeed",
    "SkippedEvent",
    "StateAnswer",
    "StateQuestion",
    "TimelineRecord",
    "TimelinesRecord",
    "WindowAnswer",
    "WindowQuestion",
    "WindowSegment",
]

AmendMode = Literal["FORWARD", "RESTATE"]


class CreateCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A new Calendar under a key that the tenant has not used; `document` is a schedule document."""

    key: str
    name: str
    document: dict[str, Any]


class AmendCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A new version of a Calendar; refused with a conflict when `expected_version` is not the latest.

    effective_from: FORWARD: not before now (None: now). RESTATE: from when on the past is put right.
    reason: required for RESTATE; kept with the version. plan_token: of an AmendmentPlan of the same request.
    """

    key: str
    expected_version: int
    document: dict[str, Any]
    mode: AmendMode = "FORWARD"
    effective_from: datetime | None = None
    reason: str | None = None
    plan_token: str | None = None


class AmendmentPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an amendment would mean; nothing was written.

    affected: the Calendar and those made of it, whose hours may change. timelines: theirs, as they would be;
    an instant that was left out is taken as now. difference: in the year from when it would hold.
    token: give it with the AmendCalendar; refused as stale when what the plan rests on has changed since.
    """

    key: str
    version: int
    effective_from: datetime
    difference: CalendarDifference
    affected: tuple[str, ...]
    timelines: tuple[TimelineRecord, ...]
    token: str


class ReadCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """One Calendar with all its versions."""

    key: str


class ListCalendars(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Calendars in order of key, those after the key `after`."""

    first: int = 50
    after: str | None = None


class ReadTimelines(msgspec.Struct, frozen=True, kw_only=True):
    """The compiled Timelines of Calendars, at most 200, in the order asked for; a key may not repeat.

    known_at: as the Calendars were recorded at that instant; None: now.
    """

    keys: tuple[str, ...]
    known_at: datetime | None = None


class RevertCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A new version that says again what version `to_version` said; else as AmendCalendar."""

    key: str
    to_version: int
    expected_version: int
    mode: AmendMode = "FORWARD"
    effective_from: datetime | None = None
    reason: str | None = None


class CalendarVersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version: what was said, by whom, and from when it holds (None for the first: always).

    holds: whether it still holds for some time, not replaced wholly by later versions.
    holds_until: when the next one begins to hold; None: no end.
    """

    version: int
    mode: AmendMode
    effective_from: datetime | None
    document: dict[str, Any]
    reason: str | None
    created_at: datetime
    created_by: str
    holds: bool = True
    holds_until: datetime | None = None


class CalendarRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's named Calendar and its versions, oldest first; `version` is the latest's number."""

    key: str
    name: str
    version: int
    versions: tuple[CalendarVersionRecord, ...]


class CalendarPage(msgspec.Struct, frozen=True, kw_only=True):
    """Calendars in order of key; `has_next` says whether more follow the last one."""

    calendars: tuple[CalendarRecord, ...]
    has_next: bool


class TimelineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A Calendar's versions spliced and compiled; `blob` is what `businesstime.Timeline.to_bytes` wrote.

    content_key: of the spliced schedule, horizon and tzdata version; equal keys, equal answers.
    revision: grows with every change of the tenant's Calendars: of two records of one key the higher is
        newer, also where only a parent or an operand was amended, and `version` is the same.
    """

    key: str
    version: int
    content_key: str
    blob: bytes
    revision: int = 0


class TimelinesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One TimelineRecord for each key asked for, in that order."""

    timelines: tuple[TimelineRecord, ...]


class Calendars(Protocol):
    """What the calendars service answers. Every call may raise a Problem (see serving.problems)."""

    async def create_calendar(self, context: RequestContext, request: CreateCalendar) -> CalendarRecord:
        """Create a Calendar. Scope: calendars. Codes: calendar_exists, and those of the document."""
        ...

    async def amend_calendar(self, context: RequestContext, request: AmendCalendar) -> CalendarRecord:
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

    async def revert_calendar(self, context: RequestContext, request: RevertCalendar) -> CalendarRecord:
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
        """Apply files, or plan to. Scope: calendars. Codes: those of creating and amending, name_differs."""
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
