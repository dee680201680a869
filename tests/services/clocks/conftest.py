"""The clocks service on real servers, beside real calendars, reached through either side of its door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from calendars.app import open_calendars
from calendars.contract import CreateCalendar
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from clocks.app import build_app, open_clocks
from clocks.client import ClocksClient
from clocks.contract import Clocks, SavePolicy
from clocks.service import ClocksService
from clocks.settings import Settings
from serving.client import open_session
from serving.context import RequestContext, Scope
from serving.tokens import InternalTokens
from tests.services.clocks.stories import OFFICE, SUPPORT
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
    return Settings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)


@pytest.fixture
async def calendars(database_url: str, redis_url: str) -> AsyncIterator[CalendarsService]:
    """Open the calendars."""
    settings = CalendarsSettings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)
    async with open_calendars(settings) as opened:
        yield opened


@pytest.fixture
async def service(
    settings: Settings, calendars: CalendarsService, clock: StandingTime
) -> AsyncIterator[ClocksService]:
    """Open the service."""
    async with open_clocks(settings, calendars=calendars, now=clock) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP"])
async def door(
    request: pytest.FixtureRequest, service: ClocksService, settings: Settings, clock: StandingTime
) -> AsyncIterator[Clocks]:
    """Give the service itself, then its client on a real socket: the same door."""
    if request.param == "in process":
        yield service
        return
    async with listening(build_app(service, settings, now=clock)) as base_url, open_session() as session:
        yield ClocksClient(base_url, InternalTokens(SECRET, now=clock), session)


@pytest.fixture
def context(tenant: str) -> RequestContext:
    """Act for this test's tenant with all that clocks ask for."""
    return acting_for(tenant)


@pytest.fixture
def as_tenant() -> Callable[[str], RequestContext]:
    """Make contexts of other tenants."""
    return acting_for


@pytest.fixture
async def office(calendars: CalendarsService, context: RequestContext) -> str:
    """Make a Calendar: Monday to Friday, nine to five, UTC."""
    request = CreateCalendar(key="office", name="Office", document=OFFICE)
    return (await calendars.create_calendar(context, request)).key


@pytest.fixture
async def support(service: ClocksService, context: RequestContext, office: str) -> str:
    """Save a Policy on that Calendar, which times resolution."""
    del office
    return (await service.save_policy(context, SavePolicy(key="support", document=SUPPORT))).key


def acting_for(
    tenant_id: str,
    *,
    scopes: frozenset[Scope] = frozenset({"read", "ingest", "policies", "calendars"}),
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
