"""Builds the credits service: the only place where its parts are put together, and where it reads the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette

from clocks.contract import Clocks
from credits.routes import credits_routes
from credits.service import CreditsService
from credits.settings import Settings
from pgstore.database import Database
from serving.application import build_application
from serving.tokens import InternalTokens

__all__ = ["build_app", "open_credits", "utc_now"]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root is where the clock is read


@asynccontextmanager
async def open_credits(
    settings: Settings, *, clocks: Clocks, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[CreditsService]:
    """Open the service with the door of the clocks, in process or a client; closes what it opened."""
    database = await Database.open(settings.database_url, schema="credits", max_size=settings.max_connections)
    try:
        yield CreditsService(database, clocks, now)
    finally:
        await database.close()


def build_app(service: CreditsService, tokens: InternalTokens) -> Starlette:
    """Put an open service behind HTTP, for a process of its own."""
    return build_application(service="credits", routes=credits_routes(service, tokens))
