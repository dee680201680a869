"""A small door and a way to serve it for real, for the tests of what stands around every service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
import uvicorn
from starlette.types import ASGIApp

from serving.client import open_session
from serving.context import RequestContext
from serving.tokens import InternalTokens

SECRET = "0123456789abcdef" * 2
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

Serve = Callable[[ASGIApp], Awaitable[str]]


@pytest.fixture
def tokens() -> InternalTokens:
    """Make tokens at noon, for ever."""
    return InternalTokens(SECRET, now=lambda: NOON)


@pytest.fixture
def context(tenant: str) -> RequestContext:
    """Make the context of a caller who may read."""
    return RequestContext(tenant_id=tenant, subject="ada", scopes=frozenset({"read"}), request_id="request-1")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open the session that clients share."""
    async with open_session() as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve apps over TCP until the test ends; serving one answers its URL."""
    async with AsyncExitStack() as servers:

        async def begin(app: ASGIApp) -> str:
            return await servers.enter_async_context(_served(app))

        yield begin


@asynccontextmanager
async def _served(app: ASGIApp) -> AsyncIterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(app, access_log=False, log_config=None, lifespan="off", ws="none"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.begun.wait()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """A server that says when it has begun, and leaves signals to the tests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.begun.set()
