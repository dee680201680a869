"""Puts the service and its worker together: opens pools and Redis, and reads the clock."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette

from calendars.contract import Calendars
from clocks.routes import build_routes
from clocks.service import ClocksService
from clocks.settings import Settings
from clocks.storage import TRACK
from clocks.worker import Worker
from pgstore.database import Database
from pgstore.feed import Feed
from serving.application import build_application
from serving.guarded_redis import open_redis
from serving.health import Check, health_routes
from serving.tokens import InternalTokens

__all__ = ["build_app", "build_worker_app", "open_clocks", "open_worker", "utc_now"]

_WORKER_CONNECTIONS = 4


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root


@asynccontextmanager
async def open_clocks(
    settings: Settings, *, calendars: Calendars, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[ClocksService]:
    """Open the service for as long as the block runs. Raises what `Database.open` raises."""
    database = await Database.open(settings.database_url, schema=TRACK.schema)
    redis = open_redis(settings.redis_url)
    try:
        yield ClocksService(database=database, calendars=calendars, redis=redis, now=now)
    finally:
        if redis is not None:
            await redis.close()
        await database.close()


@asynccontextmanager
async def open_worker(settings: Settings, *, calendars: Calendars, feed: Feed) -> AsyncIterator[Worker]:
    """Open a worker for as long as the block runs; run it by `await worker.run()`."""
    database = await Database.open(
        settings.database_url, schema=TRACK.schema, max_size=_WORKER_CONNECTIONS, application="worker"
    )
    redis = open_redis(settings.redis_url)
    try:
        yield Worker(database=database, calendars=calendars, feed=feed, redis=redis, monotonic=time.monotonic)
    finally:
        if redis is not None:
            await redis.close()
        await database.close()


def build_app(
    service: ClocksService, settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> Starlette:
    """Put an open service behind HTTP, for a process of its own."""
    tokens = InternalTokens(settings.internal_secret, now=now)
    return build_application(service="clocks", routes=build_routes(service, tokens))


def build_worker_app(worker: Worker, *, checks: Mapping[str, Check] | None = None) -> Starlette:
    """Put a worker's health and metrics behind HTTP; `checks`: of what else works in its process, by name."""
    own = {"database": worker.check_database, "loops": worker.check_loops}
    routes = health_routes({**own, **(checks or {})}, wishes={"redis": worker.check_redis})
    return build_application(service="worker", routes=routes)
