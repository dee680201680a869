"""From domain values to the records that cross the door."""

from __future__ import annotations

from calendars.contract import CalendarRecord, CalendarVersionRecord
from calendars.domain.calendar import Calendar, CalendarVersion

__all__ = ["record_of", "version_record_of"]


def record_of(calendar: Calendar) -> CalendarRecord:
    """Return what crosses the door for a Calendar."""
    return CalendarRecord(
        key=calendar.key,
        name=calendar.name,
        version=calendar.version,
        versions=tuple(version_record_of(version) for version in calendar.versions),
    )


def version_record_of(version: CalendarVersion) -> CalendarVersionRecord:
    """Return what crosses the door for one version."""
    return CalendarVersionRecord(
        version=version.version,
        mode=version.mode.value,
        effective_from=version.effective_from,
        document=version.document.content(),
        reason=version.reason,
        created_at=version.created_at,
        created_by=version.created_by,
    )
