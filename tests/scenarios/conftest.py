"""A running gateway for the scenarios of calendars."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from cli.access import Access
from cli.graphql import GatewayClient, open_gateway_client
from tests.services.cli.running import access_for, running_gateway

NOW = datetime(2026, 3, 3, 1, tzinfo=UTC)


@pytest.fixture
async def access(database_url: str, redis_url: str, tenant: str) -> AsyncIterator[Access]:
    """Serve everything for one test, in the night before Tuesday, 3 March 2026, in London."""
    async with running_gateway(database_url, redis_url, now=NOW) as url:
        yield await access_for(database_url, url, tenant)


@pytest.fixture
async def gateway(access: Access) -> AsyncIterator[GatewayClient]:
    """Open a client."""
    async with open_gateway_client(access) as client:
        yield client
