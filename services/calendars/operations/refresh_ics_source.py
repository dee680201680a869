"""Look at ICS feeds: one when asked to, all that are due by the worker.

A host may take its time, and a tenant may have many feeds: so many of it are asked at once, and nobody else's
wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
from pgstore.shares import Shares
from serving.context import RequestContext
from serving.outgoing import NOTHING_KNOWN, Network, OutgoingError, Validators, fetch

__all__ = ["MAX_LOOKS", "DueFeed", "FeedAccess", "claim_due", "look", "refresh"]

RETRY = timedelta(hours=1)
MAX_LOOKS = 32
"""How many feeds a process asks at once; of one tenant, half."""


class FeedContent(NamedTuple):
    """What a feed says, and by what it can tell that it still does."""

    holidays: IcsHolidays
    validators: Validators


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedAccess:
    """What it takes to look at a feed: a way out, the networks of our own that may be asked, a reader.

    looks: how tenants share what is asked at once.
    """

    outgoing: aiohttp.ClientSession
    allowed: Sequence[Network]
    reader: IcsReader
    looks: Shares = field(default_factory=lambda: Shares(MAX_LOOKS))

    async def read(self, tenant_id: str, url: str, known: Validators = NOTHING_KNOWN) -> FeedContent | None:
        """Read what a feed says now; None: the same as what is known.

        Raises FeedUnreachableError, and what the reader raises.
        """
        try:
            async with self.looks.hold(tenant_id):
                fetched = await fetch(
                    self.outgoing, url, limit_bytes=MAX_BYTES, allowed=self.allowed, known=known
                )
        except OutgoingError as error:
            raise FeedUnreachableError(str(error), field=error.field, code=error.code) from error
        if fetched is None:
            return None
        read = await self.reader.read(tenant_id, fetched.content)
        return FeedContent(check_taken(read), fetched.validators)


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


class DueFeed(NamedTuple):
    """A feed that this worker, and no other, is to look at now."""

    tenant_id: str
    key: SourceKey
    url: str


async def claim_due(
    *, database: Database, now: datetime, limit: int, of_tenant: int, busy: Sequence[str] = ()
) -> list[DueFeed]:
    """Claim feeds that are due, at most so many, of each tenant at most so many, of busy ones none.

    Each is claimed before it is asked, so that of several workers one asks, and a crash costs an hour.
    """
    async with database.connection() as connection:
        due = await ics_sources.list_due(connection, now=now, limit=limit, of_tenant=of_tenant, busy=busy)
    claimed = []
    for tenant_id, key in due:
        async with database.transaction(tenant_id) as connection:
            url = await ics_sources.claim_check(connection, tenant_id, key, now=now, next_at=now + RETRY)
        if url is not None:
            claimed.append(DueFeed(tenant_id, key, url))
    return claimed


async def look(
    due: DueFeed, *, database: Database, access: FeedAccess, now: datetime, request_id: str
) -> None:
    """Look at a feed that was claimed."""
    context = RequestContext(
        tenant_id=due.tenant_id, subject="service:calendars", scopes=frozenset(), request_id=request_id
    )
    await _look(context, due.key, due.url, database=database, access=access, now=now)


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
        read = await access.read(context.tenant_id, url, known)
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
