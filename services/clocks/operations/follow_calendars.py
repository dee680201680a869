"""Follow the calendars' feed: take over amended Calendars that Cycles are counted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from calendars.contract import Calendars
from clocks.operations.adopt_calendars import adopt
from clocks.operations.load_rulebook import read_timelines
from clocks.storage.rulebooks import read_calendar_copies
from pgstore.database import Database
from pgstore.feed import Feed, FeedMessage
from pgstore.following import follow_once
from serving.context import RequestContext

__all__ = ["FEED_NAME", "follow"]

FEED_NAME = "calendars"
_PAGE = 200
_FOLLOWED = {"calendar.amended", "calendar.zone_rules_adopted"}


async def follow(feed: Feed, *, database: Database, calendars: Calendars) -> int:
    """Read one page of the feed and do what it says; answer how many messages it had.

    At least once: the effects are idempotent.
    """

    async def handle(_tenant_id: str, messages: Sequence[FeedMessage]) -> None:
        for message in messages:
            if message.type in _FOLLOWED:
                await _take_over(message, database=database, calendars=calendars)

    return await follow_once(database, feed, name=FEED_NAME, handle=handle, limit=_PAGE)


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
    async with database.transaction(message.tenant_id) as connection:
        await adopt(connection, records, since=_instant(payload), compiled_anew=True)


def _instant(payload: Mapping[str, object]) -> datetime | None:
    written = payload.get("effective_from")
    return None if written is None else msgspec.convert(written, datetime)
