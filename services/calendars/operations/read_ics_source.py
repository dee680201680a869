"""Read ICS sources: what counts, what waits, and what it would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calendars.domain.document import read_key
from calendars.domain.document_imports import SourceKey
from calendars.domain.ics_door import (
    IcsEditionRecord,
    IcsSourcePage,
    IcsSourceRecord,
    ListIcsSources,
    ReadIcsSource,
)
from calendars.domain.ics_source import IcsEdition, IcsSource, IcsSourceEvent, difference_of
from calendars.domain.import_errors import SourceUnknownError
from calendars.operations.list_calendars import check_page
from calendars.storage import ics_sources
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["list_page", "lock", "read", "read_source_key", "record"]

MAX_HISTORY = 50

Editions = Mapping[tuple[SourceKey, int], IcsEdition]


async def read(context: RequestContext, request: ReadIcsSource, *, database: Database) -> IcsSourceRecord:
    """Read one source. Raises SourceUnknownError, CalendarKeyInvalidError."""
    key = read_source_key(request.key)
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return await record(connection, context.tenant_id, key)


async def list_page(context: RequestContext, request: ListIcsSources, *, database: Database) -> IcsSourcePage:
    """Read a page of sources in order of key. Raises PageTooLargeError, CalendarKeyInvalidError."""
    check_page(request.first)
    after = "" if request.after is None else read_source_key(request.after, field="after")
    tenant_id = context.tenant_id
    async with database.transaction(tenant_id, read_only=True) as connection:
        keys = await ics_sources.list_keys(connection, tenant_id, after=after, limit=request.first + 1)
        records = await _records(connection, tenant_id, keys[: request.first])
    return IcsSourcePage(sources=tuple(records.values()), has_next=len(keys) > request.first)


async def record(connection: Connection, tenant_id: str, key: SourceKey) -> IcsSourceRecord:
    """Return what crosses the door for a source. Raises SourceUnknownError."""
    records = await _records(connection, tenant_id, [key])
    if key not in records:
        raise _unknown(key)
    return records[key]


async def lock(connection: Connection, tenant_id: str, key: SourceKey) -> IcsSource:
    """Read a source and hold it until the transaction ends. Raises SourceUnknownError."""
    source = await ics_sources.lock_source(connection, tenant_id, key)
    if source is None:
        raise _unknown(key)
    return source


def read_source_key(text: str, *, field: str = "key") -> SourceKey:
    """Read a source's key, which looks as a Calendar's does. Raises CalendarKeyInvalidError."""
    return SourceKey(read_key(text, field=field))


async def _records(
    connection: Connection, tenant_id: str, keys: Iterable[SourceKey]
) -> dict[SourceKey, IcsSourceRecord]:
    sources = await ics_sources.read_sources(connection, tenant_id, keys)
    editions = await ics_sources.read_editions(
        connection,
        tenant_id,
        [
            (source.key, number)
            for source in sources.values()
            for number in (source.accepted, source.pending)
            if number is not None
        ],
    )
    importers = await ics_sources.list_importers(connection, tenant_id, sources)
    history = await ics_sources.read_history(connection, tenant_id, sources, limit=MAX_HISTORY)
    return {
        key: _record(source, editions, importers.get(key, ()), history.get(key, ()))
        for key, source in sources.items()
    }


def _record(
    source: IcsSource, editions: Editions, calendars: Iterable[str], history: Iterable[IcsSourceEvent]
) -> IcsSourceRecord:
    accepted, pending = (
        None if number is None else editions[source.key, number]
        for number in (source.accepted, source.pending)
    )
    difference = None
    if pending is not None:
        difference = difference_of(() if accepted is None else accepted.entries, pending.entries)
    return IcsSourceRecord(
        key=source.key,
        name=source.name,
        host=source.host,
        refresh_hours=source.refresh_hours,
        checked_at=source.checked_at,
        problem=source.problem,
        accepted=_edition_record(accepted),
        pending=_edition_record(pending),
        difference=difference,
        calendars=tuple(calendars),
        history=tuple(history),
    )


def _edition_record(edition: IcsEdition | None) -> IcsEditionRecord | None:
    if edition is None:
        return None
    return IcsEditionRecord(
        edition=edition.edition,
        digest=edition.digest,
        holidays=edition.entries,
        skipped=edition.skipped,
        read_at=edition.read_at,
        read_by=edition.read_by,
    )


def _unknown(key: SourceKey) -> SourceUnknownError:
    return SourceUnknownError(f"key: there is no ICS source {key!r}", field="key")
