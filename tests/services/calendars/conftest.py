"""The calendars service on real servers, reached through either side of its door."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from starlette.applications import Starlette

from calendars.app import build_app, open_calendars
from calendars.client import CalendarsClient
from calendars.contract import Calendars
from calendars.service import CalendarsService
from calendars.settings import Settings
from serving.client import open_session
from serving.context import RequestContext, Scope
from serving.outgoing import parse_networks
from serving.tokens import InternalTokens

SECRET = "a secret of tests, longer than 32 characters"  # noqa: S105 - guards nothing


class Clock:
    """A source of now that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Read it."""
        return self.at

    def move(self, by: timedelta) -> datetime:
        """Move it and read it."""
        self.at += by
        return self.at


@pytest.fixture
def clock() -> Clock:
    """Stand at noon of Monday, 2 March 2026."""
    return Clock()


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    """Name the servers of this run."""
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        internal_secret=SECRET,
        feed_networks=parse_networks("127.0.0.0/8"),
    )


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[CalendarsService]:
    """Open the service."""
    async with open_calendars(settings, now=clock) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP"])
async def door(
    request: pytest.FixtureRequest, service: CalendarsService, settings: Settings, clock: Clock
) -> AsyncIterator[Calendars]:
    """Give the service itself, then its client on a real socket: the same door."""
    if request.param == "in process":
        yield service
        return
    async with listening(build_app(service, settings, now=clock)) as base_url, open_session() as session:
        yield CalendarsClient(base_url, InternalTokens(SECRET, now=clock), session)


@pytest.fixture
def context(tenant: str) -> RequestContext:
    """Act for this test's tenant with all that calendars ask for."""
    return acting_for(tenant)


@pytest.fixture
def as_tenant() -> Callable[[str], RequestContext]:
    """Make contexts of other tenants."""
    return acting_for


def acting_for(
    tenant_id: str,
    *,
    scopes: frozenset[Scope] = frozenset({"read", "calendars"}),
    idempotency_key: str | None = None,
) -> RequestContext:
    """Make a context."""
    return RequestContext(
        tenant_id=tenant_id,
        subject="user:ada",
        scopes=scopes,
        request_id="request-1",
        idempotency_key=idempotency_key,
    )


@asynccontextmanager
async def listening(app: Starlette) -> AsyncIterator[str]:
    """Serve an app on a free port of the loopback for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
