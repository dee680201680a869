"""Calendars and ICS sources kept in files: what they say, and what applying does; as they cross the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from calendars.domain.advice import Advice
from calendars.domain.calendar_records import PlannedChange
from calendars.domain.ics_source import IcsDifference
from calendars.domain.version_difference import CalendarDifference

__all__ = [
    "AppliedCalendar",
    "AppliedCalendars",
    "AppliedIcsSource",
    "ApplyAction",
    "ApplyCalendars",
    "CalendarFile",
    "FileAmendment",
    "IcsSourceFile",
]

ApplyAction = Literal["create", "amend", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileAmendment:
    """What a file says of a Calendar from an instant on."""

    effective_from: datetime
    document: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarFile:
    """What a file says of one Calendar: as CreateCalendar, and `amendments`, which hold later, in order.

    The past of a Calendar is none of a file's: of what has begun the last one is what the file says now.
    """

    key: str
    name: str
    document: dict[str, Any]
    amendments: tuple[FileAmendment, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsSourceFile:
    """What a file says of one ICS source; either `content` or `url`.

    content: an iCalendar file, of at most 1 MiB, which counts at once. url: of a feed, looked at every
    `refresh_hours`: of a new one what it says now counts at once, of one that is there what was accepted.
    """

    key: str
    name: str
    content: str | None = None
    url: str | None = None
    refresh_hours: int = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplyCalendars:
    """Make the tenant's Calendars say what files say, all or none; those without a file stay as they are.

    At most 200, in any order: what others are made of goes first. sources: before them, at most 200; a
    Calendar without a file that takes holidays from one of these is amended with it. plan: only say what
    would be done. mode, effective_from, reason: of the amendments, as in AmendCalendar. plan_token: of a plan
    of the same request.
    """

    calendars: tuple[CalendarFile, ...] = ()
    sources: tuple[IcsSourceFile, ...] = ()
    plan: bool = False
    mode: Literal["FORWARD", "RESTATE"] = "FORWARD"
    effective_from: datetime | None = None
    reason: str | None = None
    plan_token: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedCalendar:
    """What was, or would be, done to one Calendar.

    difference: of an amendment, in the year from when it holds; else None. advice: on what the file says,
    also where nothing was done: the data of holidays changes.
    """

    key: str
    action: ApplyAction
    version: int
    difference: CalendarDifference | None
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedIcsSource:
    """What was, or would be, done to one ICS source.

    edition: which counts then; 0: none. difference: between what counted and what counts; None: the same.
    """

    key: str
    action: ApplyAction
    edition: int
    difference: IcsDifference | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedCalendars:
    """A line for each file, in the order of the request.

    calendars: then one for each Calendar without a file that is amended with a source. planned: of a plan.
    """

    calendars: tuple[AppliedCalendar, ...]
    sources: tuple[AppliedIcsSource, ...] = ()
    planned: PlannedChange | None = None
