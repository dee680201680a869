"""What is answered about Calendars, as it crosses the door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from calendars.domain.advice import Advice
from calendars.domain.calendar_requests import AmendMode
from calendars.domain.version_difference import CalendarDifference

__all__ = [
    "AmendmentPlan",
    "CalendarPage",
    "CalendarRecord",
    "CalendarVersionRecord",
    "PlannedChange",
    "SavedCalendar",
    "TimelineRecord",
    "TimelinesRecord",
]


class PlannedChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of Calendars would mean for those who count on them; nothing was written.

    effective_from: an instant that was left out is that of the plan, also when the plan is applied later.
    affected: the Calendars changed and those made of them, whose hours may change. timelines: theirs, as they
    would be. token: give it with the same request; refused as stale when what the plan rests on has changed.
    """

    effective_from: datetime
    affected: tuple[str, ...]
    timelines: tuple[TimelineRecord, ...]
    token: str


class AmendmentPlan(PlannedChange, frozen=True, kw_only=True):
    """What an amendment would mean.

    difference: in the year from when it would hold. advice: on its document.
    """

    key: str
    version: int
    difference: CalendarDifference
    advice: tuple[Advice, ...] = ()


class CalendarVersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version: what was said, by whom, and from when it holds (None for the first: always).

    holds: whether it still holds for some time, not replaced wholly by later versions.
    holds_until: when the next one begins to hold; None: no end.
    name: what the Calendar is called since this was said; None: as before.
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
    name: str | None = None


class CalendarRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's named Calendar and its versions, oldest first; `version` is the latest's number."""

    key: str
    name: str
    version: int
    versions: tuple[CalendarVersionRecord, ...]


class SavedCalendar(CalendarRecord, frozen=True, kw_only=True):
    """A Calendar whose latest version was just saved. advice: what in that has no effect."""

    advice: tuple[Advice, ...] = ()


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
