"""A change and its message are one transaction; the nudge comes after it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from redis.asyncio import Redis

from calendars.contract import AmendCalendar, CreateCalendar
from calendars.service import CalendarsService
from calendars.storage.messages import FEED_CHANNEL
from pgstore.feed import FeedCursor, FeedMessage
from serving.context import RequestContext
from tests.services.calendars.documents import LONDON, NEW_YORK, refusal_of


async def end_of_feed(service: CalendarsService) -> FeedCursor | None:
    """Read on until nothing more comes."""
    cursor: FeedCursor | None = None
    while True:
        page = await service.feed.read(cursor, 1000)
        if not page.messages:
            return page.cursor
        cursor = page.cursor


async def messages_of(
    service: CalendarsService, tenant_id: str, *, after: FeedCursor | None, count: int
) -> list[FeedMessage]:
    """Follow the feed until a tenant's messages have come: other transactions may hold it back a while."""
    found: list[FeedMessage] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            page = await service.feed.read(after, 100)
            after = page.cursor
            found += [message for message in page.messages if message.tenant_id == tenant_id]
    return found


async def test_each_change_tells_what_it_changed(service: CalendarsService, context: RequestContext) -> None:
    """Changes come in order; an amendment lists all Calendars whose hours may have changed."""
    start = await end_of_feed(service)
    await service.create_calendar(context, CreateCalendar(key="london", name="L", document=LONDON))
    await service.create_calendar(
        context, CreateCalendar(key="child", name="C", document={"parent": "london"})
    )
    both = {"union": ["child", "london"]}
    await service.create_calendar(context, CreateCalendar(key="both", name="B", document=both))
    await service.amend_calendar(
        context,
        AmendCalendar(
            key="london",
            expected_version=1,
            document=NEW_YORK,
            mode="RESTATE",
            reason="Wrong office",
            effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        ),
    )
    told = await messages_of(service, context.tenant_id, after=start, count=4)
    assert [(message.type, message.subject) for message in told] == [
        ("calendar.created", "london"),
        ("calendar.created", "child"),
        ("calendar.created", "both"),
        ("calendar.amended", "london"),
    ]
    assert told[0].payload == {"key": "london", "version": 1}
    assert told[3].payload == {
        "key": "london",
        "version": 2,
        "mode": "RESTATE",
        "effective_from": "2026-01-01T00:00:00.000000Z",
        "affected": ["london", "both", "child"],
    }


async def test_a_refused_change_tells_nothing(service: CalendarsService, context: RequestContext) -> None:
    """Only what was saved is told."""
    start = await end_of_feed(service)
    await service.create_calendar(context, CreateCalendar(key="london", name="L", document=LONDON))
    await refusal_of(
        service.create_calendar(context, CreateCalendar(key="london", name="L", document=LONDON))
    )
    await refusal_of(
        service.amend_calendar(context, AmendCalendar(key="london", expected_version=7, document=LONDON))
    )
    await service.create_calendar(context, CreateCalendar(key="last", name="Last", document=LONDON))
    told = await messages_of(service, context.tenant_id, after=start, count=2)
    assert [message.subject for message in told] == ["london", "last"]


async def test_followers_are_nudged_after_the_commit(
    service: CalendarsService, context: RequestContext, redis_url: str
) -> None:
    """The nudge carries the tenant's id on the channel of this service's feed."""
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as subscription:
        await subscription.subscribe(FEED_CHANNEL)
        await service.create_calendar(context, CreateCalendar(key="london", name="L", document=LONDON))
        async with asyncio.timeout(5):
            async for nudge in subscription.listen():
                if nudge["type"] == "message" and nudge["data"].decode() == context.tenant_id:
                    break
