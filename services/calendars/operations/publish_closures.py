"""Feeds of closures: open one, end it, list them, and read what one shows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

from businesstime import Timeline, zone
from calendars.domain.closure_feed import (
    MAX_FEEDS,
    ClosureFeed,
    ClosureFeeds,
    Closures,
    ListClosureFeeds,
    OpenClosureFeed,
    OpenedClosureFeed,
    ReadClosures,
    RevokeClosureFeed,
    digest_of,
    new_secret,
)
from calendars.domain.document import read_key
from calendars.domain.errors import FeedsTooManyError, FeedUnknownError
from calendars.domain.ics_writing import closures_of, write_ics
from calendars.operations.obtain_timelines import TimelineSource, obtain
from calendars.operations.read_calendar import load
from calendars.storage import calendars, closure_feeds
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["list_all", "open_one", "read", "revoke"]

BACK = timedelta(days=90)
AHEAD = timedelta(days=730)


async def open_one(
    context: RequestContext, request: OpenClosureFeed, *, database: Database, now: datetime
) -> OpenedClosureFeed:
    """Open a feed; its secret is told this once. Raises CalendarUnknownError, FeedsTooManyError.

    No idempotency key is honoured: an answer that holds a secret is not kept.
    """
    key, secret = read_key(request.key), new_secret()
    digest = digest_of(secret)
    feed = ClosureFeed(
        feed_id=digest.hex()[:16],
        key=key,
        created_at=now,
        created_by=context.subject,
        revoked_at=None,
        revoked_by=None,
    )
    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        await load(connection, context.tenant_id, key)
        if await closure_feeds.count_open(connection, context.tenant_id, key) >= MAX_FEEDS:
            raise FeedsTooManyError(
                f"key: calendar {key!r} has {MAX_FEEDS} open feeds: revoke one", field="key"
            )
        await closure_feeds.add_feed(connection, context.tenant_id, feed, digest)
    return OpenedClosureFeed(feed=feed, secret=secret)


async def revoke(
    context: RequestContext, request: RevokeClosureFeed, *, database: Database, now: datetime
) -> ClosureFeed:
    """End a feed. Raises FeedUnknownError."""
    async with database.transaction(context.tenant_id) as connection:
        feed = await closure_feeds.revoke_feed(
            connection, context.tenant_id, request.feed_id, by=context.subject, now=now
        )
    if feed is None:
        raise FeedUnknownError("feed_id: there is no such feed", field="feed_id")
    return feed


async def list_all(context: RequestContext, request: ListClosureFeeds, *, database: Database) -> ClosureFeeds:
    """List a Calendar's feeds. Raises CalendarUnknownError."""
    key = read_key(request.key)
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        await load(connection, context.tenant_id, key)
        return ClosureFeeds(feeds=await closure_feeds.list_feeds(connection, context.tenant_id, key))


async def read(context: RequestContext, request: ReadClosures, source: TimelineSource) -> Closures:
    """Write the closures of the last 90 days and the next two years. Raises FeedUnknownError."""
    tenant_id = context.tenant_id
    async with source.database.transaction(tenant_id, read_only=True) as connection:
        key = await closure_feeds.find_calendar(connection, tenant_id, digest_of(request.secret))
        if key is None:
            raise FeedUnknownError("secret: opens no feed", field="secret")
        calendar = await load(connection, tenant_id, key)
    blob = (await obtain(context, {key: "key"}, source))[key].compiled.blob

    def written() -> str:
        line = Timeline.from_bytes(blob)
        return write_ics(
            closures_of(line, *_bounds(line, source.now)),
            key=key,
            name=calendar.name,
            zone_name=line.schedule.zone,
            stamp=calendar.versions[-1].created_at,
        )

    content = await asyncio.to_thread(written)
    return Closures(content=content, etag=sha256(content.encode()).hexdigest())


def _bounds(line: Timeline, now: datetime) -> tuple[datetime, datetime]:
    """Return the local midnights between which closures are shown, so that no day is cut."""
    place = zone(line.schedule.zone)
    today = now.astimezone(place).date()
    start, end = (datetime.combine(today + by, time(), tzinfo=place) for by in (-BACK, AHEAD))
    return start.astimezone(UTC), end.astimezone(UTC)
