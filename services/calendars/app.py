"""Puts the calendars service and its worker together: opens pools and Redis, and reads the clock."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette

from businesstime.zones import PACKAGED
from calendars.operations.isolate_ics import IcsReader
from calendars.operations.refresh_ics_source import FeedAccess
from calendars.operations.watch_calendars import watch_changed
from calendars.routes import build_routes
from calendars.service import CalendarsService
from calendars.settings import Settings
from calendars.storage import TRACK
from calendars.storage.timelines import TimelineShelf
from calendars.worker import CalendarsWorker
from pgstore.database import Database
from serving.application import build_application
from serving.guarded_redis import open_redis
from serving.outgoing import open_outgoing
from serving.tokens import InternalTokens

__all__ = ["build_app", "open_calendars", "open_worker", "utc_now"]

_WORKER_CONNECTIONS = 4


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
        await watch_changed(database=database, zones=PACKAGED, now=now())
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
    async with open_outgoing(networks, limit=0) as outgoing:
        yield FeedAccess(outgoing=outgoing, allowed=networks, reader=IcsReader())


@asynccontextmanager
async def open_worker(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[CalendarsWorker]:
    """Open a worker for as long as the block runs; run it by `await worker.run()`."""
    database = await Database.open(
        settings.database_url,
        schema=TRACK.schema,
        max_size=_WORKER_CONNECTIONS,
        application="calendars-worker",
    )
    redis = open_redis(settings.redis_url)
    try:
        async with open_feeds(settings) as feeds:
            yield CalendarsWorker(
                database=database, feeds=feeds, redis=redis, now=now, monotonic=time.monotonic
            )
    finally:
        if redis is not None:
            await redis.close()
        await database.close()


def build_app(
    service: CalendarsService, settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> Starlette:
    """Put an open service behind HTTP, for a process of its own."""
    tokens = InternalTokens(settings.internal_secret, now=now)
    return build_application(service="calendars", routes=build_routes(service, tokens))
