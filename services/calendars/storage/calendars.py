"""Calendars in PostgreSQL: rows to domain values and back. Every call runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import msgspec

from calendars.domain.calendar import AmendedCalendar, AmendMode, Calendar, CalendarVersion
from calendars.domain.definition import Outline, OutlineVersion
from calendars.domain.document import CalendarKey, read_document
from calendars.domain.document_imports import Entries
from calendars.storage import ics_sources
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = [
    "add_calendar",
    "add_version",
    "list_amendments",
    "list_dependants",
    "list_keys",
    "lock_book",
    "read_book",
    "read_calendar",
    "read_outlines",
]

_SQL = load_blocks("calendars.storage", "calendars.sql")


async def lock_book(connection: Connection, tenant_id: str) -> None:
    """Queue here until this is the tenant's only running change of calendars: the first lock taken."""
    await connection.fetchval(_SQL["lock_book"], tenant_id)


async def add_calendar(connection: Connection, tenant_id: str, calendar: Calendar) -> bool:
    """Add a Calendar and its first version; False, and nothing done, where the key is taken."""
    first = calendar.versions[0]
    added = await connection.fetchval(
        _SQL["insert_calendar"],
        tenant_id,
        calendar.key,
        calendar.name,
        first.version,
        first.created_at,
        first.created_by,
    )
    if added is None:
        return False
    await _insert_version(connection, tenant_id, calendar.key, first)
    return True


async def add_version(connection: Connection, tenant_id: str, calendar: Calendar) -> None:
    """Add the Calendar's latest version, the earlier ones being there. The book is locked."""
    latest = calendar.versions[-1]
    await _insert_version(connection, tenant_id, calendar.key, latest)
    await connection.execute(_SQL["set_latest_version"], tenant_id, calendar.key, latest.version)


async def read_calendar(connection: Connection, tenant_id: str, key: CalendarKey) -> Calendar | None:
    """Read one Calendar with all its versions; None where the tenant has none of that key."""
    return (await read_book(connection, tenant_id, [key])).get(key)


async def read_book(
    connection: Connection, tenant_id: str, keys: Iterable[CalendarKey]
) -> dict[CalendarKey, Calendar]:
    """Read Calendars with all their versions, by key; those that are not there are left out."""
    rows = await connection.fetch(_SQL["read_calendars"], tenant_id, list(keys))
    book = {key: _calendar(key, list(group)) for key, group in groupby(rows, key=itemgetter("key"))}
    return await _with_imports(connection, tenant_id, book)


async def _with_imports(
    connection: Connection, tenant_id: str, book: dict[CalendarKey, Calendar]
) -> dict[CalendarKey, Calendar]:
    """Put the content of imports, which are pinned, into the documents that have some."""
    imports = {
        one for calendar in book.values() for version in calendar.versions for one in version.document.imports
    }
    if not imports:
        return book
    content = await ics_sources.read_content(connection, tenant_id, imports)
    entries = {digest: held for (_, digest), held in content.items()}
    return {key: _import(calendar, entries) for key, calendar in book.items()}


def _import(calendar: Calendar, entries: Mapping[str, Entries]) -> Calendar:
    versions = (
        replace(version, document=replace(version.document, entries=entries))
        if version.document.imports
        else version
        for version in calendar.versions
    )
    return replace(calendar, versions=tuple(versions))


async def list_keys(connection: Connection, tenant_id: str, *, after: str, limit: int) -> list[CalendarKey]:
    """List keys in order, those after `after`."""
    return [row["key"] for row in await connection.fetch(_SQL["list_keys"], tenant_id, after, limit)]


async def read_outlines(
    connection: Connection, tenant_id: str, keys: Iterable[CalendarKey]
) -> dict[CalendarKey, Outline]:
    """Read the outlines of Calendars and of all that they are made of, directly or not, by key."""
    rows = await connection.fetch(_SQL["read_outlines"], tenant_id, list(keys))
    return {
        key: Outline(
            key=key, versions=tuple(_outline_version(row) for row in group), revision=rows[0]["revision"]
        )
        for key, group in groupby(rows, key=itemgetter("key"))
    }


async def list_dependants(
    connection: Connection, tenant_id: str, keys: Sequence[CalendarKey]
) -> tuple[CalendarKey, ...]:
    """List the Calendars that have ever been made of these, directly or not, in order of key."""
    return tuple(row["key"] for row in await connection.fetch(_SQL["list_dependants"], tenant_id, list(keys)))


async def list_amendments(
    connection: Connection,
    tenant_id: str,
    *,
    before: tuple[datetime, str, int],
    key: CalendarKey | None,
    limit: int,
) -> list[AmendedCalendar]:
    """List what was said, of one Calendar or all, newest first, before a place (created_at, key, version)."""
    rows = await connection.fetch(_SQL["list_amendments"], tenant_id, *before, key, limit)
    return [AmendedCalendar(**(dict(row.items()) | {"mode": AmendMode(row["mode"])})) for row in rows]


async def _insert_version(
    connection: Connection, tenant_id: str, key: CalendarKey, version: CalendarVersion
) -> None:
    await connection.execute(
        _SQL["insert_version"],
        tenant_id,
        key,
        version.version,
        version.mode.value,
        version.effective_from,
        version.document.text,
        version.document.digest,
        version.reason,
        version.created_at,
        version.created_by,
        version.name,
    )
    named = sorted({reference.key for reference in version.document.references})
    if named:
        await connection.execute(_SQL["insert_references"], tenant_id, key, version.version, named)
    await ics_sources.add_imports(connection, tenant_id, key, version.version, version.document.imports)


def _calendar(key: CalendarKey, rows: Sequence[Row]) -> Calendar:
    names = [rows[0]["name"], *(row["new_name"] for row in rows if row["new_name"] is not None)]
    return Calendar(key=key, name=names[-1], versions=tuple(_version(row) for row in rows))


def _version(row: Row) -> CalendarVersion:
    document: Mapping[str, object] = msgspec.json.decode(row["document"])
    return CalendarVersion(
        version=row["version"],
        mode=AmendMode(row["mode"]),
        effective_from=row["effective_from"],
        document=read_document(document),
        reason=row["reason"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        name=row["new_name"],
    )


def _outline_version(row: Row) -> OutlineVersion:
    return OutlineVersion(
        version=row["version"],
        effective_from=row["effective_from"],
        created_at=row["created_at"],
        digest=row["document_digest"],
        references=tuple(row["refers_to"]),
    )
