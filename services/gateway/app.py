"""Puts the gateway together: the only place that opens its pool, and one of the few that read the clock."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from gateway.domain.identity import IdentityProvider
from gateway.domain.tenant import Tenant
from gateway.operations.read_tenant import read_tenant
from gateway.operations.verify_credential import verify_credential
from gateway.operations.verify_token import Trust
from gateway.routes.console import console_routes
from gateway.routes.graphql import GraphQLEndpoint
from gateway.settings import Settings
from gateway.storage import TRACK
from gateway.upstream.doors import Doors
from gateway.upstream.signing_keys import SigningKeys
from pgstore.database import Database
from serving.application import build_application
from serving.client import open_session
from serving.context import RequestContext
from serving.health import Check, health_routes

__all__ = ["Gateway", "build_app", "open_gateway", "utc_now"]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root is where the clock is read


class Gateway:
    """What a request needs of the gateway itself: who asks, and for which tenant."""

    def __init__(
        self, database: Database, *, now: Callable[[], datetime], trust: Trust | None = None
    ) -> None:
        self.database = database
        self._now = now
        self._trust = trust

    async def verify(self, authorization: str | None, request_id: str) -> RequestContext:
        """Read a request's credential; raises as `verify_credential` does."""
        return await verify_credential(
            self.database,
            authorization=authorization,
            request_id=request_id,
            now=self._now(),
            trust=self._trust,
        )

    async def read_tenant(self, tenant_id: str) -> Tenant:
        """Read a tenant's own record; raises TenantUnknownError."""
        return await read_tenant(self.database, tenant_id=tenant_id)


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Gateway]:
    """Open the gateway's own part for as long as the block runs; raises as Database.open does."""
    database = await Database.open(settings.database_url, schema=TRACK.schema)
    try:
        async with open_session() as session:
            yield Gateway(database, now=now, trust=trust_in(settings.identity_provider, session))
    finally:
        await database.close()


def trust_in(provider: IdentityProvider | None, session: aiohttp.ClientSession) -> Trust | None:
    """Return how tokens of a provider are verified; None where nobody's are."""
    if provider is None:
        return None
    return Trust(provider, SigningKeys(provider.jwks_url, session, monotonic=time.monotonic).read)


def build_app(
    gateway: Gateway, doors: Doors, *, checks: dict[str, Check] | None = None, lifespan: Any = None
) -> Starlette:
    """Build the gateway's app over three doors, in this process or elsewhere.

    checks: what it cannot work without besides its own database, by name, for `/readyz`.
    """
    endpoint = GraphQLEndpoint(verify=gateway.verify, doors=doors, read_tenant=gateway.read_tenant)
    routes: list[BaseRoute] = [
        endpoint.route(),
        *health_routes({"database": gateway.database.ping, **(checks or {})}),
        *console_routes(),
    ]
    return build_application(service="gateway", routes=routes, lifespan=lifespan)
