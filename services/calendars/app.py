"""Puts the calendars service together: the only place that opens its pool and Redis, and reads the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette

from calendars.operations.isolate_ics import IcsReader
from calendars.operations.refresh_ics_source import FeedAccess
from calendars.routes import build_routes
from calendars.service import CalendarsService
from calendars.settings import Settings
from calendars.storage import TRACK
from calendars.storage.timelines import TimelineShelf
from pgstore.database import Database
from serving.application import build_application
from serving.guarded_redis import open_redis
from serving.outgoing import open_outgoing
from serving.tokens import InternalTokens

__all__ = ["build_app", "open_calendars", "open_feeds", "utc_now"]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root


@asynccontextmanager
async def open_calendars(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[CalendarsService]:
    """Open the service for as long as the block runs. Raises what `Database.open` raises."""
    database = await Database.open(settings.database_url, schema=TRACK.schema)
    redis = open_redis(settings.redis_url)
    try:
        async with open_feeds(settings) as feeds:
            yield CalendarsService(
                database=database, redis=redis, shelf=TimelineShelf(redis), feeds=feeds, now=now
            )
    finally:
        if redis is not None:
            await redis.close()
        await database.close()


@asynccontextmanager
async def open_feeds(settings: Settings) -> AsyncIterator[FeedAccess]:
    """Open the way out to ICS feeds for as long as the block runs."""
    networks = settings.feed_networks
    async with open_outgoing(networks) as outgoing:
        yield FeedAccess(outgoing=outgoing, allowed=networks, reader=IcsReader())


def build_app(
    service: CalendarsService, settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> Starlette:
    """Put an open service behind HTTP, for a process of its own."""
    tokens = InternalTokens(settings.internal_secret, now=now)
    return build_application(service="calendars", routes=build_routes(service, tokens))
