"""The calendars service on real servers, reached through either side of its door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from calendars.app import build_app, open_calendars
from calendars.client import CalendarsClient
from calendars.contract import Calendars
from calendars.service import CalendarsService
from calendars.settings import Settings
from serving.client import open_session
from serving.context import RequestContext, Scope
from serving.outgoing import parse_networks
from serving.tokens import InternalTokens
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

SECRET = "a secret of tests, longer than 32 characters"  # noqa: S105 - guards nothing


@pytest.fixture
def clock() -> StandingTime:
    """Stand at noon of Monday, 2 March 2026."""
    return StandingTime()


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
async def service(settings: Settings, clock: StandingTime) -> AsyncIterator[CalendarsService]:
    """Open the service."""
    async with open_calendars(settings, now=clock) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP"])
async def door(
    request: pytest.FixtureRequest, service: CalendarsService, settings: Settings, clock: StandingTime
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
