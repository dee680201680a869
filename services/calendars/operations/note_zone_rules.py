"""Note by which rules of its zone a saved Calendar counts: a later tzdata is held against them."""

from __future__ import annotations

from datetime import datetime

from businesstime.zones import PACKAGED
from calendars.domain.calendar import Calendar
from calendars.domain.zone_watch import shifts_of
from calendars.storage import watches
from pgstore.connection import Connection

__all__ = ["note_zone_rules"]


async def note_zone_rules(connection: Connection, tenant_id: str, calendar: Calendar, now: datetime) -> None:
    """Note the rules of the zone that the latest version names, unless the tenant counts by some already."""
    zone = calendar.versions[-1].document.content().get("zone")
    if zone is not None:
        rules = shifts_of(zone, PACKAGED.rules(zone), version=PACKAGED.version, now=now)
        await watches.note_rules(connection, tenant_id, rules, now)
