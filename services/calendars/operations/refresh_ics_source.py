"""Look at ICS feeds: one when asked to, all that are due by the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import aiohttp

from calendars.domain.document_imports import SourceKey
from calendars.domain.errors import CalendarsError
from calendars.domain.ics_door import IcsSourceRecord, RefreshIcsSource
from calendars.domain.ics_reading import MAX_BYTES, IcsHolidays
from calendars.domain.import_errors import FeedUnreachableError, SourceUploadedError
from calendars.operations.isolate_ics import IcsReader
from calendars.operations.offer_ics_content import check_taken, take_in
from calendars.operations.read_ics_source import lock, read_source_key, record
from calendars.storage import ics_sources
from pgstore.database import Database
from serving.context import RequestContext
from serving.outgoing import NOTHING_KNOWN, Network, OutgoingError, Validators, fetch

__all__ = ["MAX_DUE", "FeedAccess", "refresh", "refresh_due"]

RETRY = timedelta(hours=1)
MAX_DUE = 4


class FeedContent(NamedTuple):
    """What a feed says, and by what it can tell that it still does."""

    holidays: IcsHolidays
    validators: Validators


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedAccess:
    """What it takes to look at a feed: a way out, the networks of our own that may be asked, a reader."""

    outgoing: aiohttp.ClientSession
    allowed: Sequence[Network]
    reader: IcsReader

    async def read(self, url: str, known: Validators = NOTHING_KNOWN) -> FeedContent | None:
        """Read what a feed says now; None: the same as what is known.

        Raises FeedUnreachableError, and what the reader raises.
        """
        try:
            fetched = await fetch(
                self.outgoing, url, limit_bytes=MAX_BYTES, allowed=self.allowed, known=known
            )
        except OutgoingError as error:
            raise FeedUnreachableError(str(error), field=error.field, code=error.code) from error
        if fetched is None:
            return None
        return FeedContent(check_taken(await self.reader.read(fetched.content)), fetched.validators)


async def refresh(
    context: RequestContext,
    request: RefreshIcsSource,
    *,
    database: Database,
    access: FeedAccess,
    now: datetime,
) -> IcsSourceRecord:
    """Look at one feed; what went wrong stands in the source's `problem`.

    Raises SourceUnknownError, SourceUploadedError, CalendarKeyInvalidError.
    """
    key = read_source_key(request.key)
    async with database.transaction(context.tenant_id) as connection:
        url = (await lock(connection, context.tenant_id, key)).url
    if url is None:
        raise SourceUploadedError(
            f"key: ICS source {key!r} has no address to look at: upload what it says", field="key"
        )
    await _look(context, key, url, database=database, access=access, now=now)
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return await record(connection, context.tenant_id, key)


async def refresh_due(*, database: Database, access: FeedAccess, now: datetime, request_id: str) -> list[str]:
    """Look at feeds of all tenants that are due, four at most, together; return their tenants.

    Each is claimed before it is asked, so that of several workers one asks, and a crash costs one rhythm.
    """
    async with database.connection() as connection:
        due = await ics_sources.list_due(connection, now=now, limit=MAX_DUE)
    contexts = [
        RequestContext(
            tenant_id=tenant_id, subject="service:calendars", scopes=frozenset(), request_id=request_id
        )
        for tenant_id, _ in due
    ]
    async with asyncio.TaskGroup() as tasks:
        for context, (_, key) in zip(contexts, due, strict=True):
            tasks.create_task(_claim(context, key, database=database, access=access, now=now))
    return [context.tenant_id for context in contexts]


async def _claim(
    context: RequestContext, key: SourceKey, *, database: Database, access: FeedAccess, now: datetime
) -> None:
    """Look at a feed unless another worker does."""
    async with database.transaction(context.tenant_id) as connection:
        url = await ics_sources.claim_check(connection, context.tenant_id, key, now=now, next_at=now + RETRY)
    if url is not None:
        await _look(context, key, url, database=database, access=access, now=now)


async def _look(
    context: RequestContext,
    key: SourceKey,
    url: str,
    *,
    database: Database,
    access: FeedAccess,
    now: datetime,
) -> None:
    """Read a feed outside of any transaction, then take in what it says, or write down what went wrong."""
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        known = await ics_sources.read_validators(connection, context.tenant_id, key)
    try:
        read = await access.read(url, known)
    except CalendarsError as error:
        async with database.transaction(context.tenant_id) as connection:
            await ics_sources.set_checked(
                connection, context.tenant_id, key, at=now, problem=str(error), next_at=now + RETRY
            )
        return
    async with database.transaction(context.tenant_id) as connection:
        if read is None:
            hours = (await lock(connection, context.tenant_id, key)).refresh_hours
            next_at = now + timedelta(hours=hours)
            await ics_sources.set_checked(
                connection, context.tenant_id, key, at=now, problem=None, next_at=next_at
            )
            return
        await take_in(connection, context, key, read.holidays, now=now)
        await ics_sources.set_validators(connection, context.tenant_id, key, read.validators)
