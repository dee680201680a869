"""A running gateway for the commands that go through one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cli.access import Access
from cli.graphql import GatewayClient, open_gateway_client
from tests.services.cli.running import access_for, running_gateway


@pytest.fixture
async def gateway_url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    """Serve everything for one test."""
    async with running_gateway(database_url, redis_url) as url:
        yield url


@pytest.fixture
async def access(database_url: str, gateway_url: str, tenant: str) -> Access:
    """Make a key of this test's tenant."""
    return await access_for(database_url, gateway_url, tenant)


@pytest.fixture
async def client(access: Access) -> AsyncIterator[GatewayClient]:
    """Open a client with that key."""
    async with open_gateway_client(access) as opened:
        yield opened
