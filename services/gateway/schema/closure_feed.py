"""Feeds of closures: addresses that calendar programs subscribe to."""

from __future__ import annotations

from datetime import datetime

from calendars import contract
from gateway.domain.feed_address import write_feed_path
from gateway.schema.declare import object_type
from gateway.schema.failures import UserError, settle
from gateway.schema.info import Info

__all__ = [
    "ClosureFeed",
    "ClosureFeedPayload",
    "OpenClosureFeedPayload",
    "list_closure_feeds",
    "open_closure_feed",
    "revoke_closure_feed",
]


@object_type
class ClosureFeed:
    """An address that shows a Calendar's closures as iCalendar; its secret is not kept.

    key: of the Calendar.
    revoked_at: from then on it shows nothing; null: it is open.
    """

    feed_id: str
    key: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


@object_type
class OpenClosureFeedPayload:
    """The feed and where it is, or why it was refused.

    path: on this host; told this once. Whoever has it reads the closures, so it is a secret.
    """

    feed: ClosureFeed | None
    path: str | None
    errors: list[UserError]


@object_type
class ClosureFeedPayload:
    """The feed as it now stands, or why it was refused."""

    feed: ClosureFeed | None
    errors: list[UserError]


async def list_closure_feeds(info: Info, key: str) -> tuple[contract.ClosureFeed, ...]:
    """List the feeds of a Calendar's closures, ended ones included, newest first. Scope: calendars."""
    session = info.context
    asked = contract.ListClosureFeeds(key=key)
    return (await session.calendars.list_closure_feeds(session.context, asked)).feeds


async def open_closure_feed(info: Info, key: str) -> OpenClosureFeedPayload:
    """Open a feed of a Calendar's closures. Scope: calendars."""
    context = info.context.context
    opened, errors = await settle(
        info.context.calendars.open_closure_feed, context, contract.OpenClosureFeed(key=key)
    )
    if opened is None:
        return OpenClosureFeedPayload(feed=None, path=None, errors=errors)
    path = write_feed_path(context.tenant_id, opened.secret)
    return OpenClosureFeedPayload(feed=opened.feed, path=path, errors=errors)


async def revoke_closure_feed(info: Info, feed_id: str) -> ClosureFeedPayload:
    """End a feed: its address shows nothing from now on. Scope: calendars."""
    asked = contract.RevokeClosureFeed(feed_id=feed_id)
    feed, errors = await settle(info.context.calendars.revoke_closure_feed, info.context.context, asked)
    return ClosureFeedPayload(feed=feed, errors=errors)
