"""What is watched over, in PostgreSQL. Every call but `list_tenants` runs in its caller's transaction."""

from __future__ import annotations

from datetime import datetime

import msgspec

from calendars.domain.zone_watch import CountedRules, Shifts, ZoneChange
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "add_change",
    "add_notice",
    "adopt_change",
    "list_of_other_rules",
    "list_tenants",
    "note_rules",
    "read_rules",
    "save_rules",
]

_SQL = load_blocks("calendars.storage", "watches.sql")


async def list_tenants(connection: Connection, *, after: str, limit: int) -> list[str]:
    """List tenants that have Calendars, on a connection without a tenant."""
    return [row["tenant_id"] for row in await connection.fetch(_SQL["list_tenants"], after, limit)]


async def list_of_other_rules(connection: Connection, version: str, *, after: str, limit: int) -> list[str]:
    """List tenants that count by another tzdata and were not told, on a connection without a tenant."""
    rows = await connection.fetch(_SQL["list_of_other_rules"], version, after, limit)
    return [row["tenant_id"] for row in rows]


async def read_rules(connection: Connection, tenant_id: str) -> dict[str, CountedRules]:
    """Read the rules by which a tenant counts, by zone."""
    return {
        row["zone"]: CountedRules(
            zone=row["zone"],
            tzdata_version=row["tzdata_version"],
            shifts=msgspec.json.decode(row["shifts"], type=Shifts),
            until=row["until"],
        )
        for row in await connection.fetch(_SQL["read_rules"], tenant_id)
    }


async def note_rules(connection: Connection, tenant_id: str, rules: CountedRules, now: datetime) -> None:
    """Take rules over where the tenant counts by none of the zone so far."""
    await connection.execute(_SQL["note_rules"], tenant_id, *_rules_row(rules, now))


async def save_rules(connection: Connection, tenant_id: str, rules: CountedRules, now: datetime) -> None:
    """Take rules over, as those by which the tenant counts."""
    await connection.execute(_SQL["save_rules"], tenant_id, *_rules_row(rules, now))


async def add_change(connection: Connection, tenant_id: str, change: ZoneChange, now: datetime) -> bool:
    """Record a change of rules; False, and nothing done, where it is recorded."""
    added = await connection.fetchval(
        _SQL["insert_change"],
        tenant_id,
        change.zone,
        change.from_version,
        change.to_version,
        change.differs_from,
        list(change.calendars),
        now,
    )
    return added is not None


async def adopt_change(
    connection: Connection, tenant_id: str, change: ZoneChange, *, by: str, reason: str | None, now: datetime
) -> None:
    """Record who took a change over, when and why."""
    await connection.execute(
        _SQL["adopt_change"],
        tenant_id,
        change.zone,
        change.from_version,
        change.to_version,
        now,
        by,
        reason,
    )


async def add_notice(
    connection: Connection, tenant_id: str, *, kind: str, subject: str, fact: str, now: datetime
) -> bool:
    """Record that something is said; False where it was said before."""
    added = await connection.fetchval(_SQL["insert_notice"], tenant_id, kind, subject, fact, now)
    return added is not None


def _rules_row(rules: CountedRules, now: datetime) -> tuple[str, str, str, datetime, datetime]:
    shifts = msgspec.json.encode(rules.shifts).decode()
    return (rules.zone, rules.tzdata_version, shifts, rules.until, now)
