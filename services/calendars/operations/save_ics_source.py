"""Make an ICS source, or change the name, address or rhythm of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calendars.domain.calendar import read_name
from calendars.domain.ics_door import IcsSourceRecord, SaveIcsSource
from calendars.domain.ics_source import IcsSource, check_refresh
from calendars.domain.import_errors import SourcesTooManyError
from calendars.operations.read_ics_source import read_source_key, record
from calendars.storage import calendars, ics_sources
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext
from serving.outgoing import Network, check_address

__all__ = ["MAX_SOURCES", "add", "read_source", "save"]

MAX_SOURCES = 200


async def save(
    context: RequestContext,
    request: SaveIcsSource,
    *,
    database: Database,
    now: datetime,
    allowed: Sequence[Network] = (),
) -> IcsSourceRecord:
    """Save it; saving the same again changes nothing, but that a feed is looked at soon.

    Raises CalendarKeyInvalidError, CalendarNameInvalidError, RefreshInvalidError, SourcesTooManyError, and
    AddressRefusedError (serving.outgoing).
    """
    source = read_source(context, request, allowed=allowed, now=now)
    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        await add(connection, context.tenant_id, source)
        return await record(connection, context.tenant_id, source.key)


async def add(connection: Connection, tenant_id: str, source: IcsSource) -> None:
    """Save a source; the book is locked. Raises SourcesTooManyError."""
    known = await ics_sources.read_sources(connection, tenant_id, [source.key])
    if not known and await ics_sources.count_sources(connection, tenant_id) >= MAX_SOURCES:
        raise SourcesTooManyError(f"key: there are {MAX_SOURCES} ICS sources, the most", field="key")
    await ics_sources.save_source(connection, tenant_id, source)


def read_source(
    context: RequestContext, request: SaveIcsSource, *, allowed: Sequence[Network], now: datetime
) -> IcsSource:
    """Read what a request says of a source. Raises all that `save` raises, but SourcesTooManyError."""
    if request.url is not None:
        check_address(request.url, allowed=allowed)
    return IcsSource(
        key=read_source_key(request.key),
        name=read_name(request.name),
        url=request.url,
        refresh_hours=check_refresh(request.refresh_hours),
        editions=0,
        accepted=None,
        pending=None,
        dismissed=None,
        checked_at=None,
        problem=None,
        next_check_at=None if request.url is None else now,
        created_at=now,
        created_by=context.subject,
    )
