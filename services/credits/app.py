"""Puts the credits service together: the only place that opens its pool, and reads the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette

from clocks.contract import Clocks
from credits.routes import build_routes
from credits.service import CreditsService
from credits.settings import Settings
from credits.storage import TRACK
from pgstore.database import Database
from serving.application import build_application
from serving.guarded_redis import open_redis
from serving.tokens import InternalTokens

__all__ = ["build_app", "open_credits", "utc_now"]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root


@asynccontextmanager
async def open_credits(
    settings: Settings, *, clocks: Clocks, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[CreditsService]:
    """Open the service, with the door of the clocks, for as long as the block runs.

    Raises what `Database.open` raises.
    """
    database = await Database.open(settings.database_url, schema=TRACK.schema)
    redis = open_redis(settings.redis_url)
    try:
        yield CreditsService(database=database, clocks=clocks, redis=redis, now=now)
    finally:
        if redis is not None:
            await redis.close()
        await database.close()


def build_app(
    service: CreditsService, settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> Starlette:
    """Put an open service behind HTTP, for a process of its own."""
    tokens = InternalTokens(settings.internal_secret, now=now)
    return build_application(service="credits", routes=build_routes(service, tokens))
