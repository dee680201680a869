"""Read what is watched over: holidays that run out, and zones whose rules changed under what was counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from businesstime import ZoneUnknownError
from businesstime.zones import ZoneDatabase
from calendars.domain.calendar import Calendar
from calendars.domain.document import CalendarKey
from calendars.domain.holiday_watch import running_out
from calendars.domain.import_errors import WatchInvalidError
from calendars.domain.watch_door import CalendarWatches, ReadWatches
from calendars.domain.zone_watch import CountedRules, ZoneChange, change_between, shifts_of, zones_of
from calendars.storage import calendars, watches
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_WITHIN_DAYS", "SeenZones", "look_at_zones", "read", "read_all"]

MAX_WITHIN_DAYS = 730
PAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenZones:
    """The zones of a tenant's Calendars, side by side with what the tenant counts by.

    current: their rules now. changes: those that mean something else than what is counted by. settled: those
    that are new to the tenant, mean the same in another edition, or that no Calendar counts by any more.
    """

    current: Mapping[str, CountedRules]
    changes: tuple[ZoneChange, ...]
    settled: tuple[CountedRules, ...]


async def read(
    context: RequestContext, request: ReadWatches, *, database: Database, zones: ZoneDatabase, now: datetime
) -> CalendarWatches:
    """Read it as it is now. Raises WatchInvalidError."""
    if not 1 <= request.within_days <= MAX_WITHIN_DAYS:
        raise WatchInvalidError(
            f"within_days: is 1 to {MAX_WITHIN_DAYS}, not {request.within_days}", field="within_days"
        )
    within = timedelta(days=request.within_days)
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        book = await read_all(connection, context.tenant_id)
        counted = await watches.read_rules(connection, context.tenant_id)
    holidays = await asyncio.to_thread(lambda: tuple(running_out(book, now, within)))
    return CalendarWatches(
        tzdata_version=zones.version,
        holidays=holidays,
        zones=look_at_zones(book, counted, zones, now).changes,
    )


async def read_all(connection: Connection, tenant_id: str) -> dict[CalendarKey, Calendar]:
    """Read all Calendars of a tenant, page by page."""
    book: dict[CalendarKey, Calendar] = {}
    after = ""
    while keys := await calendars.list_keys(connection, tenant_id, after=after, limit=PAGE):
        book |= await calendars.read_book(connection, tenant_id, keys)
        after = keys[-1]
    return book


def look_at_zones(
    book: Mapping[CalendarKey, Calendar],
    counted: Mapping[str, CountedRules],
    zones: ZoneDatabase,
    now: datetime,
) -> SeenZones:
    """Compare the rules of all zones that Calendars count by with those that were taken over."""
    users = zones_of(book)
    current = {
        zone: rules for zone in {*users, *counted} if (rules := _current_rules(zone, zones, now)) is not None
    }
    changes = {
        zone: change_between(counted[zone], rules, users[zone])
        for zone, rules in current.items()
        if zone in counted and zone in users
    }
    return SeenZones(
        current=current,
        changes=tuple(change for change in changes.values() if change is not None),
        settled=tuple(
            rules
            for zone, rules in current.items()
            if changes.get(zone) is None and _is_news(counted.get(zone), rules, now)
        ),
    )


def _current_rules(zone: str, zones: ZoneDatabase, now: datetime) -> CountedRules | None:
    """Return a zone's rules as they are now; None where this tzdata has no such zone any more."""
    try:
        return shifts_of(zone, zones.rules(zone), version=zones.version, now=now)
    except ZoneUnknownError:
        return None


def _is_news(counted: CountedRules | None, rules: CountedRules, now: datetime) -> bool:
    """Say whether rules that mean the same are worth writing down: new, another edition, near their end."""
    if counted is None or counted.tzdata_version != rules.tzdata_version:
        return True
    return counted.until < now + (rules.until - now) / 2
