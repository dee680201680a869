"""`/graphql` as a WebSocket: graphql-transport-ws, and not the older graphql-ws.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. A credential comes in the Authorization
header, or, since browsers cannot send one, as `authorization` in the payload of connection_init. The socket
lives no longer than the credential.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from prometheus_client import Gauge
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from gateway.routes.credentials import OpenCredential, OpenSession
from gateway.routes.socket_connection import Connection
from gateway.routes.socket_guard import SocketClosedError, SocketGuard
from gateway.schema.engine import Engine

__all__ = ["PROTOCOL", "SocketEndpoint", "SocketLimits"]

PROTOCOL = "graphql-transport-ws"
BAD_PROTOCOL = 4406
TRY_LATER = 1013

SOCKETS = Gauge("gateway_sockets", "WebSockets that are open")


class SocketLimits:
    """How many sockets a process holds, and how many of them one tenant; counts them, too."""

    def __init__(self, *, sockets: int = 2_000, of_tenant: int = 500) -> None:
        self.sockets = sockets
        self.of_tenant = of_tenant
        self.open = 0
        self.by_tenant: Counter[str] = Counter()

    def enter_tenant(self, tenant_id: str) -> None:
        """Count a tenant's socket; raises SocketClosedError where it has as many as it may."""
        if self.by_tenant[tenant_id] >= self.of_tenant:
            raise SocketClosedError(TRY_LATER, f"the tenant has {self.of_tenant} sockets open: the limit")
        self.by_tenant[tenant_id] += 1

    def leave_tenant(self, tenant_id: str) -> None:
        """Count one less."""
        self.by_tenant[tenant_id] -= 1
        if not self.by_tenant[tenant_id]:
            del self.by_tenant[tenant_id]


class SocketEndpoint:
    """Serves sockets to those who have a credential."""

    def __init__(
        self,
        *,
        open_credential: OpenCredential,
        open_session: OpenSession,
        engine: Engine,
        now: Callable[[], datetime],
        limits: SocketLimits | None = None,
    ) -> None:
        self._open_credential = open_credential
        self._open_session = open_session
        self._engine = engine
        self._now = now
        self._limits = limits or SocketLimits()

    def route(self) -> WebSocketRoute:
        """Return the route."""
        return WebSocketRoute("/graphql", self._serve)

    async def _serve(self, websocket: WebSocket) -> None:
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await refuse(websocket, BAD_PROTOCOL, f"speak {PROTOCOL}")
        elif self._limits.open >= self._limits.sockets:
            await refuse(websocket, TRY_LATER, "too many sockets are open")
        else:
            await websocket.accept(subprotocol=PROTOCOL)
            await self._hold(websocket)

    async def _hold(self, websocket: WebSocket) -> None:
        guard = SocketGuard(
            self._open_credential, now=self._now, authorization=websocket.headers.get("authorization")
        )
        connection = Connection(websocket, guard, self._engine, self._open_session, self._limits)
        self._limits.open += 1
        SOCKETS.inc()
        try:
            await connection.run()
        finally:
            self._limits.open -= 1
            SOCKETS.dec()


async def refuse(websocket: WebSocket, code: int, reason: str) -> None:
    """Close a socket at once; only one that was accepted can be told why."""
    await websocket.accept()
    await websocket.close(code, reason)
