"""Calendars kept in files: what a file says, and what applying it does; as they cross the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from calendars.domain.version_difference import CalendarDifference

__all__ = ["AppliedCalendar", "AppliedCalendars", "ApplyCalendars", "CalendarFile"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarFile:
    """What a file says of one Calendar: as CreateCalendar."""

    key: str
    name: str
    document: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplyCalendars:
    """Make the tenant's Calendars say what files say, all or none; those without a file stay as they are.

    At most 200, in any order: what others are made of goes first. plan: only say what would be done.
    mode, effective_from, reason: of the amendments, as in AmendCalendar.
    """

    calendars: tuple[CalendarFile, ...]
    plan: bool = False
    mode: Literal["FORWARD", "RESTATE"] = "FORWARD"
    effective_from: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedCalendar:
    """What was, or would be, done to one Calendar.

    difference: of an amendment, in the year from when it holds; else None.
    """

    key: str
    action: Literal["create", "amend", "none"]
    version: int
    difference: CalendarDifference | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedCalendars:
    """One line for each file, in the order of the request."""

    calendars: tuple[AppliedCalendar, ...]
