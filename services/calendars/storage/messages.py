"""What the calendars service tells others, written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calendars.domain.calendar import Calendar
from calendars.domain.document import CalendarKey
from calendars.domain.ics_door import IcsSourceRecord
from pgstore import outbox
from pgstore.connection import Connection
from serving.nudges import feed_channel

__all__ = ["FEED_CHANNEL", "tell_amended", "tell_created", "tell_import_pending"]

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


def _written(instant: datetime | None) -> str | None:
    """Write an instant as RFC 3339 with microseconds."""
    if instant is None:
        return None
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
