"""Puts the gateway together: the only place that opens its pool, and one of the few that read the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from gateway.domain.tenant import Tenant
from gateway.operations.read_tenant import read_tenant
from gateway.operations.verify_credential import verify_credential
from gateway.routes.console import console_routes
from gateway.routes.graphql import GraphQLEndpoint
from gateway.settings import Settings
from gateway.upstream.doors import Doors
from pgstore.database import Database
from serving.application import build_application
from serving.context import RequestContext
from serving.health import Check, health_routes

__all__ = ["Gateway", "build_app", "open_gateway", "utc_now"]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root is where the clock is read


class Gateway:
    """What a request needs of the gateway itself: who asks, and for which tenant."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self.database = database
        self._now = now

    async def verify(self, authorization: str | None, request_id: str) -> RequestContext:
        """Read a request's credential; raises CredentialMissingError, CredentialInvalidError."""
        return await verify_credential(
            self.database, authorization=authorization, request_id=request_id, now=self._now()
        )

    async def read_tenant(self, tenant_id: str) -> Tenant:
        """Read a tenant's own record; raises TenantUnknownError."""
        return await read_tenant(self.database, tenant_id=tenant_id)


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Gateway]:
    """Open the gateway's pool for as long as the block runs; raises as Database.open does."""
    database = await Database.open(settings.database_url, schema="gateway")
    try:
        yield Gateway(database, now)
    finally:
        await database.close()


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
