"""What the calendars service tells others, written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calendars.domain.calendar import Calendar
from calendars.domain.document import CalendarKey
from calendars.domain.holiday_watch import HolidaysRunOut
from calendars.domain.ics_door import IcsSourceRecord
from calendars.domain.zone_watch import ZoneChange
from pgstore import outbox
from pgstore.connection import Connection
from serving.nudges import feed_channel

__all__ = [
    "FEED_CHANNEL",
    "tell_amended",
    "tell_created",
    "tell_holidays_run_out",
    "tell_import_pending",
    "tell_zone_rules_adopted",
    "tell_zone_rules_changed",
]

FEED_CHANNEL = feed_channel("calendars")
"""Where followers of this service's feed are nudged."""


async def tell_created(connection: Connection, calendar: Calendar) -> None:
    """Write `calendar.created` {key, version}."""
    payload = {"key": calendar.key, "version": calendar.version}
    await outbox.append(
        connection, [outbox.Message(type="calendar.created", subject=calendar.key, payload=payload)]
    )


async def tell_amended(
    connection: Connection, calendar: Calendar, *, dependants: Sequence[CalendarKey]
) -> None:
    """Write `calendar.amended` {key, version, mode, effective_from, affected}.

    affected: the Calendar itself and those made of it, directly or not: whose hours may have changed.
    """
    latest = calendar.versions[-1]
    payload = {
        "key": calendar.key,
        "version": latest.version,
        "mode": latest.mode.value,
        "effective_from": _written(latest.effective_from),
        "affected": [calendar.key, *dependants],
    }
    await outbox.append(
        connection, [outbox.Message(type="calendar.amended", subject=calendar.key, payload=payload)]
    )


async def tell_import_pending(connection: Connection, source: IcsSourceRecord) -> None:
    """Write `calendar.import_pending` {source, edition, added, removed, calendars}: something waits."""
    if source.pending is None or source.difference is None:
        return
    payload = {
        "source": source.key,
        "edition": source.pending.edition,
        "added": len(source.difference.added),
        "removed": len(source.difference.removed),
        "calendars": list(source.calendars),
    }
    await outbox.append(
        connection, [outbox.Message(type="calendar.import_pending", subject=source.key, payload=payload)]
    )


async def tell_holidays_run_out(connection: Connection, one: HolidaysRunOut) -> None:
    """Write `calendar.holidays_run_out` {key, source, last_on}."""
    last_on = None if one.last_on is None else one.last_on.isoformat()
    payload = {"key": one.key, "source": one.source, "last_on": last_on}
    await outbox.append(
        connection, [outbox.Message(type="calendar.holidays_run_out", subject=one.key, payload=payload)]
    )


async def tell_zone_rules_changed(connection: Connection, change: ZoneChange) -> None:
    """Write `calendar.zone_rules_changed` {zone, from_version, to_version, differs_from, calendars}.

    Nothing is counted anew for it: that waits for `calendar.zone_rules_adopted`.
    """
    payload = {
        "zone": change.zone,
        "from_version": change.from_version,
        "to_version": change.to_version,
        "differs_from": _written(change.differs_from),
        "calendars": list(change.calendars),
    }
    await outbox.append(
        connection, [outbox.Message(type="calendar.zone_rules_changed", subject=change.zone, payload=payload)]
    )


async def tell_zone_rules_adopted(connection: Connection, change: ZoneChange) -> None:
    """Write `calendar.zone_rules_adopted` {zone, from_version, to_version, effective_from, affected}.

    affected, effective_from: as in `calendar.amended`: whose hours may have changed, and from when on.
    """
    payload = {
        "zone": change.zone,
        "from_version": change.from_version,
        "to_version": change.to_version,
        "effective_from": _written(change.differs_from),
        "affected": list(change.calendars),
    }
    await outbox.append(
        connection, [outbox.Message(type="calendar.zone_rules_adopted", subject=change.zone, payload=payload)]
    )


def _written(instant: datetime | None) -> str | None:
    """Write an instant as RFC 3339 with microseconds."""
    if instant is None:
        return None
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
