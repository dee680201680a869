"""What is watched over, as it crosses the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from calendars.domain.holiday_watch import HolidaysRunOut
from calendars.domain.zone_watch import ZoneChange

__all__ = ["AdoptZoneRules", "AdoptedZoneRules", "CalendarWatches", "ReadWatches"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadWatches:
    """What wants somebody's eye. within_days: how far ahead holidays may run out, 1 to 730."""

    within_days: int = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarWatches:
    """Holidays that run out, by Calendar; and zones whose rules are no longer those that were counted by.

    tzdata_version: of the zone rules that answers are made with now.
    """

    tzdata_version: str
    holidays: tuple[HolidaysRunOut, ...]
    zones: tuple[ZoneChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AdoptZoneRules:
    """Take changed rules of a zone over: due times that rest on them are counted anew, once."""

    zone: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AdoptedZoneRules:
    """A change that was taken over: by whom, when and why."""

    change: ZoneChange
    adopted_at: datetime
    adopted_by: str
    reason: str | None
