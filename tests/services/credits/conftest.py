"""The credits service on a real PostgreSQL, reached through either side of its door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from clocks.contract import Clocks
from credits.app import build_app, open_credits
from credits.client import CreditsClient
from credits.contract import Credits
from credits.service import CreditsService
from credits.settings import Settings
from serving.client import open_session
from serving.context import RequestContext, Scope
from serving.tokens import InternalTokens
from tests.services.credits.counted_clocks import CountedClocks
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

SECRET = "a secret of tests, longer than 32 characters"  # noqa: S105 - guards nothing


@pytest.fixture
def clock() -> StandingTime:
    """Stand at noon of 20 April 2016, when March has ended everywhere."""
    return StandingTime(datetime(2016, 4, 20, 12, tzinfo=UTC))


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Name the server of this run."""
    return Settings(database_url=database_url, internal_secret=SECRET)


@pytest.fixture
def clocks() -> CountedClocks:
    """Answer 92 of 100, until told otherwise."""
    return CountedClocks()


@pytest.fixture
async def service(settings: Settings, clocks: Clocks, clock: StandingTime) -> AsyncIterator[CreditsService]:
    """Open the service."""
    async with open_credits(settings, clocks=clocks, now=clock) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP"])
async def door(
    request: pytest.FixtureRequest, service: CreditsService, settings: Settings, clock: StandingTime
) -> AsyncIterator[Credits]:
    """Give the service itself, then its client on a real socket: the same door."""
    if request.param == "in process":
        yield service
        return
    async with listening(build_app(service, settings, now=clock)) as base_url, open_session() as session:
        yield CreditsClient(base_url, InternalTokens(SECRET, now=clock), session)


@pytest.fixture
def context(tenant: str) -> RequestContext:
    """Act for this test's tenant with all that credits ask for."""
    return acting_for(tenant)


def acting_for(
    tenant_id: str,
    *,
    scopes: frozenset[Scope] = frozenset({"read", "agreements", "billing"}),
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
