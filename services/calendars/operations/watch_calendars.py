"""Look after all tenants: tell, once each, what runs out and which zone's rules changed.

A tenant that cannot be looked after is logged and passed over: the others wait for nothing of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from businesstime.zones import ZoneDatabase
from calendars.domain.holiday_watch import HolidaysRunOut, running_out
from calendars.operations.read_watches import SeenZones, look_at_zones, read_all
from calendars.storage import calendars, messages, watches
from pgstore.connection import Connection
from pgstore.database import Database

__all__ = ["TENANTS_A_STEP", "watch", "watch_changed", "watch_some"]

TENANTS_A_STEP = 20
WITHIN = timedelta(days=60)
_LOG = structlog.get_logger("calendars")
_PASSED_OVER = Counter(
    "calendars_tenants_passed_over", "Times that a tenant's calendars could not be looked after"
)


async def watch_some(*, database: Database, zones: ZoneDatabase, after: str, now: datetime) -> str | None:
    """Look after some tenants, those after a given one; return the last of them, None when all are done."""
    async with database.connection() as connection:
        tenants = await watches.list_tenants(connection, after=after, limit=TENANTS_A_STEP)
    for tenant_id in tenants:
        await _try(tenant_id, database=database, zones=zones, now=now)
    return tenants[-1] if tenants else None


async def watch_changed(*, database: Database, zones: ZoneDatabase, now: datetime) -> int:
    """Look after every tenant that counts by another tzdata and was not told; return how many there were.

    Done before the service answers with the new rules, so that the message comes before what they move.
    """
    after, count = "", 0
    while True:
        async with database.connection() as connection:
            tenants = await watches.list_of_other_rules(
                connection, zones.version, after=after, limit=TENANTS_A_STEP
            )
        if not tenants:
            return count
        for tenant_id in tenants:
            await _try(tenant_id, database=database, zones=zones, now=now)
        after, count = tenants[-1], count + len(tenants)


async def watch(tenant_id: str, *, database: Database, zones: ZoneDatabase, now: datetime) -> None:
    """Look after one tenant; what was told is not told again."""
    async with database.transaction(tenant_id, isolation="repeatable read", read_only=True) as connection:
        book = await read_all(connection, tenant_id)
        counted = await watches.read_rules(connection, tenant_id)
    holidays = await asyncio.to_thread(lambda: tuple(running_out(book, now, WITHIN)))
    seen = look_at_zones(book, counted, zones, now)
    if not holidays and not seen.changes and not seen.settled:
        return
    async with database.transaction(tenant_id) as connection:
        await calendars.lock_book(connection, tenant_id)
        await _tell_holidays(connection, tenant_id, holidays, now)
        await _tell_zones(connection, tenant_id, seen, now)


async def _try(tenant_id: str, *, database: Database, zones: ZoneDatabase, now: datetime) -> None:
    """Look after one tenant. A database that is away is everybody's trouble, and raised."""
    try:
        await watch(tenant_id, database=database, zones=zones, now=now)
    except Exception:  # noqa: BLE001 - whatever a tenant's calendars are like
        await database.ping()
        _LOG.exception("tenant not looked after", tenant=tenant_id)
        _PASSED_OVER.inc()


async def _tell_holidays(
    connection: Connection, tenant_id: str, holidays: Sequence[HolidaysRunOut], now: datetime
) -> None:
    for one in holidays:
        fact = f"{one.source or ''} {one.last_on or ''}"
        if await watches.add_notice(
            connection, tenant_id, kind="holidays_run_out", subject=one.key, fact=fact, now=now
        ):
            await messages.tell_holidays_run_out(connection, one)


async def _tell_zones(connection: Connection, tenant_id: str, seen: SeenZones, now: datetime) -> None:
    for rules in seen.settled:
        await watches.save_rules(connection, tenant_id, rules, now)
    for change in seen.changes:
        if await watches.add_change(connection, tenant_id, change, now):
            await messages.tell_zone_rules_changed(connection, change)
