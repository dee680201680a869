"""Make ICS sources say what files say, as a part of applying Calendars: what is read of them counts at once.

What they say is read before anything is locked: a file in a process of its own, a new feed over the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from calendars.contract import AppliedIcsSource, ApplyCalendars, IcsSourceFile, SaveIcsSource
from calendars.domain.calendar import read_reason
from calendars.domain.calendar_file import ApplyAction
from calendars.domain.document_imports import Entries, SourceKey
from calendars.domain.errors import BatchTooLargeError, IcsInvalidError, KeysRepeatedError
from calendars.domain.ics_reading import IcsHolidays
from calendars.domain.ics_source import Decision, IcsSource, difference_of, digest_of, ordered
from calendars.domain.import_errors import FeedUnreachableError
from calendars.domain.placing import placed
from calendars.operations.offer_ics_content import check_taken, read_edition
from calendars.operations.read_ics_source import lock
from calendars.operations.refresh_ics_source import FeedAccess
from calendars.operations.save_ics_source import MAX_SOURCES, add, read_source
from calendars.storage import ics_sources
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext
from serving.outgoing import NOTHING_KNOWN, AddressRefusedError

__all__ = ["SourceFile", "apply_source", "read_files"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """A file that reads: its place in the request, the source it makes, and what that says.

    said: None of a feed of which something counts already.
    """

    place: int
    source: IcsSource
    said: IcsHolidays | None

    @property
    def digest(self) -> str | None:
        """The digest of what it says."""
        return None if self.said is None else digest_of(ordered(self.said.holidays))


async def read_files(
    context: RequestContext,
    given: Sequence[IcsSourceFile],
    *,
    database: Database,
    access: FeedAccess,
    now: datetime,
) -> list[SourceFile]:
    """Read what files, and the feeds that they name, say. Raises the refusals, with the file's place."""
    if len(given) > MAX_SOURCES:
        raise BatchTooLargeError(f"sources: holds {len(given)}, {MAX_SOURCES} at most", field="sources")
    sources: dict[SourceKey, IcsSource] = {}
    for place, file in enumerate(given):
        with placed(f"sources[{place}]"):
            source = _read_source(context, file, access, now)
            if source.key in sources:
                raise KeysRepeatedError(f"key: {source.key!r} is named twice", field="key")
            sources[source.key] = source
    known = await _read_known(context, sources, database) if sources else {}
    said = await _together(
        _read_said(context, place, file, known.get(key), access)
        for place, (file, key) in enumerate(zip(given, sources, strict=True))
    )
    return [
        SourceFile(place=place, source=source, said=each)
        for place, (source, each) in enumerate(zip(sources.values(), said, strict=True))
    ]


async def apply_source(
    connection: Connection, context: RequestContext, request: ApplyCalendars, file: SourceFile, now: datetime
) -> AppliedIcsSource:
    """Make or change one source, and let what it says count; the book is locked. Raises the refusals.

    A source that has a feed is left alone by a file that has content.
    """
    tenant_id, key = context.tenant_id, file.source.key
    with placed(f"sources[{file.place}]"):
        known = (await ics_sources.read_sources(connection, tenant_id, [key])).get(key)
        if known is not None and known.url is not None and file.source.url is None:
            return AppliedIcsSource(key=key, action="none", edition=known.accepted or 0, difference=None)
        saved = known is None or _differs(known, file.source)
        if saved:
            await add(connection, tenant_id, file.source)
        source = await lock(connection, tenant_id, key)
        before = await _read_accepted(connection, tenant_id, source)
        if file.said is None or (source.accepted is not None and ordered(file.said.holidays) == before):
            edition = source.accepted or 0
            return AppliedIcsSource(
                key=key, action=_action(known, changed=saved), edition=edition, difference=None
            )
        edition = await _accept(connection, context, request, source, file.said, now)
        return AppliedIcsSource(
            key=key,
            action=_action(known, changed=True),
            edition=edition,
            difference=difference_of(before, ordered(file.said.holidays)),
        )


def _read_source(
    context: RequestContext, file: IcsSourceFile, access: FeedAccess, now: datetime
) -> IcsSource:
    if (file.content is None) == (file.url is None):
        raise IcsInvalidError("content: a source has either content or a url", field="content")
    request = SaveIcsSource(key=file.key, name=file.name, url=file.url, refresh_hours=file.refresh_hours)
    try:
        return read_source(context, request, allowed=access.allowed, now=now)
    except AddressRefusedError as error:
        raise FeedUnreachableError(str(error), field=error.field, code=error.code) from error


async def _read_known(
    context: RequestContext, keys: Mapping[SourceKey, IcsSource], database: Database
) -> Mapping[SourceKey, IcsSource]:
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return await ics_sources.read_sources(connection, context.tenant_id, keys)


async def _together(reads: Iterable[Coroutine[Any, Any, IcsHolidays | None]]) -> list[IcsHolidays | None]:
    """Read all at once, as far as the tenant's share goes; the first refusal ends the others."""
    reading = [asyncio.create_task(read) for read in reads]
    try:
        return await asyncio.gather(*reading)
    finally:
        for task in reading:
            task.cancel()


async def _read_said(
    context: RequestContext,
    place: int,
    file: IcsSourceFile,
    known: IcsSource | None,
    access: FeedAccess,
) -> IcsHolidays | None:
    with placed(f"sources[{place}]"):
        if file.content is not None:
            content = file.content.encode("utf-8", "surrogatepass")
            return check_taken(await access.reader.read(context.tenant_id, content))
        if file.url is not None and (known is None or known.accepted is None):
            read = await access.read(context.tenant_id, file.url)
            return None if read is None else read.holidays
    return None


def _action(known: IcsSource | None, *, changed: bool) -> ApplyAction:
    if known is None:
        return "create"
    return "amend" if changed else "none"


def _differs(known: IcsSource, wanted: IcsSource) -> bool:
    """Say whether a file names, asks or times a source otherwise; content has no rhythm."""
    named = (known.name, known.url) != (wanted.name, wanted.url)
    return named or (wanted.url is not None and known.refresh_hours != wanted.refresh_hours)


async def _read_accepted(connection: Connection, tenant_id: str, source: IcsSource) -> Entries:
    if source.accepted is None:
        return ()
    place = (source.key, source.accepted)
    return (await ics_sources.read_editions(connection, tenant_id, [place]))[place].entries


async def _accept(
    connection: Connection,
    context: RequestContext,
    request: ApplyCalendars,
    source: IcsSource,
    said: IcsHolidays,
    now: datetime,
) -> int:
    """Let what was read count, whatever waited; return the edition's number."""
    tenant_id, number = context.tenant_id, source.editions + 1
    edition = read_edition(source, said, by=context.subject, now=now)
    await ics_sources.add_edition(connection, tenant_id, source.key, edition)
    standing = replace(source, editions=number, accepted=number, pending=None)
    await ics_sources.set_standing(connection, tenant_id, standing)
    await ics_sources.add_decision(
        connection,
        tenant_id,
        source.key,
        number,
        decision=Decision.ACCEPTED,
        at=now,
        by=context.subject,
        reason=read_reason(request.reason),
    )
    await ics_sources.set_validators(connection, tenant_id, source.key, NOTHING_KNOWN)
    next_at = now + timedelta(hours=source.refresh_hours)
    await ics_sources.set_checked(connection, tenant_id, source.key, at=now, problem=None, next_at=next_at)
    return number
