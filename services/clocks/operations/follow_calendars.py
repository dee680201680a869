"""Follow the calendars' feed: take over amended Calendars that Cycles are counted on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from calendars.contract import Calendars
from clocks.operations.adopt_calendars import adopt
from clocks.operations.load_rulebook import read_timelines
from clocks.storage.rulebooks import CalendarCopy, read_calendar_copies
from pgstore.database import Database
from pgstore.errors import CursorAheadError
from pgstore.feed import Feed, FeedMessage, forget_cursor, read_cursor, save_cursor
from serving.context import RequestContext
from serving.problems import Problem

__all__ = ["FEED_NAME", "follow"]

FEED_NAME = "calendars"
_PAGE = 200
_FOLLOWED = {"calendar.amended"}


async def follow(feed: Feed, *, database: Database, calendars: Calendars) -> int:
    """Read one page of the feed and do what it says; answer how many messages it had.

    At least once: the cursor is saved after the effects, which are idempotent.
    """
    async with database.connection() as connection:
        cursor = await read_cursor(connection, FEED_NAME)
    try:
        page = await feed.read(cursor, _PAGE)
    except (CursorAheadError, Problem) as error:
        if error.code != CursorAheadError.code:
            raise
        async with database.connection() as connection:
            await forget_cursor(connection, FEED_NAME)
        return _PAGE
    for message in page.messages:
        if message.type in _FOLLOWED:
            await _take_over(message, database=database, calendars=calendars)
    if page.messages:
        async with database.connection() as connection:
            await save_cursor(connection, FEED_NAME, page.cursor)
    return len(page.messages)


async def _take_over(message: FeedMessage, *, database: Database, calendars: Calendars) -> None:
    payload = message.payload
    affected = payload.get("affected") or [payload["key"]]
    context = RequestContext(
        tenant_id=message.tenant_id,
        subject="service:clocks",
        scopes=frozenset({"read"}),
        request_id=str(message.id),
    )
    async with database.transaction(message.tenant_id, read_only=True) as connection:
        known = {copy.calendar_key for copy in await read_calendar_copies(connection)}
    keys = [key for key in affected if key in known]
    if not keys:
        return
    records = await read_timelines(calendars, context, keys)
    copies = [CalendarCopy(record.key, record.version, record.content_key) for record in records]
    async with database.transaction(message.tenant_id) as connection:
        await adopt(connection, copies, since=_instant(payload))


def _instant(payload: Mapping[str, object]) -> datetime | None:
    written = payload.get("effective_from")
    return None if written is None else msgspec.convert(written, datetime)
