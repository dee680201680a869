"""Take in what an ICS source says: new content waits, shown with its difference, until somebody decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from calendars.domain.document_imports import SourceKey
from calendars.domain.errors import IcsInvalidError
from calendars.domain.ics_door import IcsSourceRecord, OfferIcsContent
from calendars.domain.ics_reading import IcsHolidays
from calendars.domain.ics_source import IcsEdition, IcsSource, Offered, digest_of, offer, ordered
from calendars.operations.isolate_ics import IcsReader
from calendars.operations.read_ics_source import lock, read_source_key, record
from calendars.storage import ics_sources, messages
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext
from serving.outgoing import NOTHING_KNOWN

__all__ = ["check_taken", "offer_content", "read_edition", "take_in"]


async def offer_content(
    context: RequestContext, request: OfferIcsContent, *, database: Database, reader: IcsReader, now: datetime
) -> IcsSourceRecord:
    """Read an uploaded file. Raises SourceUnknownError and what the reader raises."""
    key = read_source_key(request.key)
    content = request.content.encode("utf-8", "surrogatepass")
    read = check_taken(await reader.read(context.tenant_id, content))
    async with database.transaction(context.tenant_id) as connection:
        await take_in(connection, context, key, read, now=now)
        return await record(connection, context.tenant_id, key)


def check_taken(read: IcsHolidays) -> IcsHolidays:
    """Return what was read; refuse a file whose every event was left out. Raises IcsInvalidError."""
    if read.skipped and not read.holidays:
        first = read.skipped[0]
        raise IcsInvalidError(
            f"content: none of its {len(read.skipped)} events is taken: {first.name!r} on line {first.line} "
            f"{first.reason}",
            field="content",
        )
    return read


async def take_in(
    connection: Connection, context: RequestContext, key: SourceKey, read: IcsHolidays, *, now: datetime
) -> None:
    """Compare what was read with what is there, and let what is new wait. Raises SourceUnknownError."""
    tenant_id = context.tenant_id
    source = await lock(connection, tenant_id, key)
    digests = await ics_sources.read_digests(connection, tenant_id, source)
    edition = read_edition(source, read, by=context.subject, now=now)
    outcome = offer(
        edition.digest,
        accepted=digests.get(source.accepted or 0),
        pending=digests.get(source.pending or 0),
        dismissed=digests.get(source.dismissed or 0),
    )
    if outcome is Offered.NEW:
        await ics_sources.add_edition(connection, tenant_id, key, edition)
        standing = replace(source, editions=edition.edition, pending=edition.edition)
        await ics_sources.set_standing(connection, tenant_id, standing)
        await messages.tell_import_pending(connection, await record(connection, tenant_id, key))
    elif outcome is Offered.BACK:
        await ics_sources.set_standing(connection, tenant_id, replace(source, pending=None))
    await ics_sources.set_validators(connection, tenant_id, key, NOTHING_KNOWN)
    next_at = now + timedelta(hours=source.refresh_hours)
    await ics_sources.set_checked(connection, tenant_id, key, at=now, problem=None, next_at=next_at)


def read_edition(source: IcsSource, read: IcsHolidays, *, by: str, now: datetime) -> IcsEdition:
    """Return what was read as the next edition of a source."""
    entries = ordered(read.holidays)
    return IcsEdition(
        edition=source.editions + 1,
        digest=digest_of(entries),
        entries=entries,
        skipped=read.skipped,
        read_at=now,
        read_by=by,
    )
