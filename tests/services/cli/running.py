"""The whole of Meantime in this process, listening on a free port: gateway and services, on real servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import uvicorn

from cli.access import Access
from cli.composition import Composition
from cli.provision import issue_token
from serving.context import SCOPES

__all__ = ["NOW", "SECRET", "access_for", "running_gateway"]

NOW = datetime(2016, 5, 20, 12, tzinfo=UTC)
"""Where the clock of a running gateway stands."""

SECRET = "a secret of tests, longer than 32 characters"  # noqa: S105 - guards nothing
_OWN = frozenset({"gateway", "calendars", "clocks", "credits"})


@asynccontextmanager
async def running_gateway(database_url: str, redis_url: str, *, now: datetime = NOW) -> AsyncIterator[str]:
    """Serve for as long as the block runs, the clock standing at `now`; gives the address of GraphQL."""
    environ = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "MEANTIME_INTERNAL_SECRET": SECRET}
    async with AsyncExitStack() as stack:
        composition = Composition(environ, own=_OWN, stack=stack, now=lambda: now)
        app = await composition.app("gateway")
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        finally:
            server.should_exit = True
            await serving


async def access_for(database_url: str, url: str, tenant: str) -> Access:
    """Make a key of a tenant, with all scopes."""
    token = await issue_token(database_url, tenant_id=tenant, scopes=SCOPES, name="tests", now=NOW)
    return Access(url=url, token=token, tenant=tenant)
