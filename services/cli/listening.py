"""Serves ASGI apps, several in one process, until asked to end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping

import uvicorn
from starlette.applications import Starlette

from cli.ports import open_listener

__all__ = ["serve_apps"]

_GRACE_S = 5
_KEEP_ALIVE_S = 5
_MAX_SOCKET_MESSAGE_BYTES = 1024 * 1024


class _Server(uvicorn.Server):
    """One of several servers: signals are for the process, not for one of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve_apps(apps: Mapping[int, Starlette], *, host: str, stop: asyncio.Event) -> None:
    """Serve each app on its port until `stop` is set, and end what was begun; raises PortInUseError."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(open_listener(host, port)) for port in apps]
        servers = [_Server(_config(app)) for app in apps.values()]
        async with asyncio.TaskGroup() as group:
            for server, listener in zip(servers, listeners, strict=True):
                group.create_task(server.serve(sockets=[listener]))
            await stop.wait()
            for server in servers:
                server.should_exit = True


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=_MAX_SOCKET_MESSAGE_BYTES,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
