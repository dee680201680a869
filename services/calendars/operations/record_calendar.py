"""From domain values to the records that cross the door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from calendars.contract import Advice, CalendarRecord, CalendarVersionRecord, SavedCalendar
from calendars.domain.calendar import Calendar, CalendarVersion, in_force

__all__ = ["record_of", "saved_record_of"]


def record_of(calendar: Calendar) -> CalendarRecord:
    """Return what crosses the door for a Calendar."""
    holding = in_force(calendar.versions)
    ends = [version.effective_from for version in holding[1:]]
    until = {version.version: end for version, end in zip(holding, [*ends, None], strict=True)}
    return CalendarRecord(
        key=calendar.key,
        name=calendar.name,
        version=calendar.version,
        versions=tuple(_version_record(version, until) for version in calendar.versions),
    )


def saved_record_of(calendar: Calendar, advice: tuple[Advice, ...]) -> SavedCalendar:
    """Return what crosses the door for a Calendar that was just saved."""
    record = record_of(calendar)
    return SavedCalendar(
        key=record.key, name=record.name, version=record.version, versions=record.versions, advice=advice
    )


def _version_record(version: CalendarVersion, until: Mapping[int, datetime | None]) -> CalendarVersionRecord:
    """Return one version's record; `until`: the ends of those that hold, by number."""
    return CalendarVersionRecord(
        version=version.version,
        mode=version.mode.value,
        effective_from=version.effective_from,
        document=version.document.content(),
        reason=version.reason,
        created_at=version.created_at,
        created_by=version.created_by,
        holds=version.version in until,
        holds_until=until.get(version.version),
        name=version.name,
    )
