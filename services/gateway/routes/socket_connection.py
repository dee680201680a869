"""One WebSocket, from connection_init to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, Protocol

import msgspec
import structlog
from prometheus_client import Counter, Gauge
from starlette.websockets import WebSocket

from gateway.routes.credentials import OpenSession
from gateway.routes.socket_guard import SocketClosedError, SocketGuard
from gateway.schema.engine import Engine
from gateway.schema.request import Answer, GraphQLRequest
from gateway.upstream.session import Session
from serving.problems import Problem
from serving.request_ids import new_request_id
from serving.telemetry import name_tenant

__all__ = ["Connection", "TenantLimits"]

BAD_REQUEST = 4400
UNAUTHORIZED = 4401
INIT_TIMEOUT = 4408
ID_TAKEN = 4409
INIT_TWICE = 4429
TOO_SLOW = 1008
INTERNAL = 1011

INIT_S = 10.0
SEND_S = 20.0
END_S = 2.0
MAX_SUBSCRIPTIONS = 50
MAX_CHARACTERS = 1_000_000
MAX_ID_CHARACTERS = 200

SUBSCRIPTIONS = Gauge("gateway_subscriptions", "Operations that run on WebSockets")
EVENTS = Counter("gateway_subscription_events_total", "Answers sent on WebSockets")

log = structlog.get_logger("sockets")


class TenantLimits(Protocol):
    """Counts the sockets of a tenant."""

    def enter_tenant(self, tenant_id: str) -> None:
        """Count one; raises SocketClosedError where there are as many as may be."""
        ...

    def leave_tenant(self, tenant_id: str) -> None:
        """Count one less."""
        ...


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the protocol, either way."""

    type: str
    id: str | None = None
    payload: Any = None


DECODER = msgspec.json.Decoder(Said)


class Connection:
    """One socket that was accepted; `run` it to its end."""

    def __init__(
        self,
        websocket: WebSocket,
        guard: SocketGuard,
        engine: Engine,
        open_session: OpenSession,
        limits: TenantLimits,
    ) -> None:
        self._websocket = websocket
        self._guard = guard
        self._engine = engine
        self._open_session = open_session
        self._limits = limits
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Serve the socket until one side ends it."""
        try:
            await self._begin()
        except SocketClosedError as closed:
            await self._close(closed)
        except Exception:
            log.exception("socket failed")
            await self._close(SocketClosedError(INTERNAL, "something went wrong"))

    async def _begin(self) -> None:
        try:
            async with asyncio.timeout(INIT_S):
                said = await self._hear()
        except TimeoutError:
            raise SocketClosedError(INIT_TIMEOUT, "Connection initialisation timeout") from None
        if said is None:
            return
        if said.type != "connection_init":
            code = UNAUTHORIZED if said.type == "subscribe" else BAD_REQUEST
            raise SocketClosedError(code, "Unauthorized: connection_init comes first")
        offered = said.payload if isinstance(said.payload, dict) else {}
        context = await self._guard.open(offered.get("authorization") or offered.get("Authorization"))
        name_tenant(context.tenant_id)
        self._limits.enter_tenant(context.tenant_id)
        try:
            await self._say(Said(type="connection_ack"))
            await self._serve()
        finally:
            self._limits.leave_tenant(context.tenant_id)

    async def _serve(self) -> None:
        """Listen and watch the credential, until either ends; then whatever runs is ended."""
        ends = [asyncio.create_task(self._listen()), asyncio.create_task(self._guard.watch())]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(*ends, *self._running.values())

    async def _listen(self) -> None:
        while (said := await self._hear()) is not None:
            match said.type:
                case "ping":
                    await self._say(Said(type="pong"))
                case "pong":
                    pass
                case "subscribe":
                    await self._subscribe(said)
                case "complete":
                    if task := self._running.get(said.id or ""):
                        task.cancel()
                case "connection_init":
                    raise SocketClosedError(INIT_TWICE, "Too many initialisation requests")
                case _:
                    raise SocketClosedError(BAD_REQUEST, "there is no message of that type")

    async def _subscribe(self, said: Said) -> None:
        if not said.id or len(said.id) > MAX_ID_CHARACTERS:
            raise SocketClosedError(BAD_REQUEST, f"an id has 1 to {MAX_ID_CHARACTERS} characters")
        if said.id in self._running:
            raise SocketClosedError(ID_TAKEN, f"Subscriber for {said.id[:50]} already exists")
        try:
            request = msgspec.convert(said.payload, GraphQLRequest)
        except msgspec.ValidationError:
            raise SocketClosedError(BAD_REQUEST, "the payload is no GraphQL request") from None
        if len(self._running) >= MAX_SUBSCRIPTIONS:
            await self._say(Said(type="error", id=said.id, payload=[TOO_MANY]))
            return
        self._running[said.id] = asyncio.create_task(self._operate(said.id, request))

    async def _operate(self, key: str, request: GraphQLRequest) -> None:
        """Run one operation; what ends it but its own end is the socket's business."""
        with SUBSCRIPTIONS.track_inprogress():
            try:
                answer = await self._engine.subscribe(request, self._session)
                if not isinstance(answer, Answer):
                    await self._follow(key, answer)
                elif answer.data is msgspec.UNSET:
                    await self._say(Said(type="error", id=key, payload=answer.errors))
                else:
                    await self._next(key, answer)
                    await self._say(Said(type="complete", id=key))
            except SocketClosedError as closed:
                await self._close(closed)
            except Problem as refused:
                extensions = {"code": refused.code, "kind": refused.kind}
                error = {"message": str(refused), "extensions": extensions}
                await self._say(Said(type="error", id=key, payload=[error]))
            except Exception:
                log.exception("operation failed")
                await self._say(Said(type="error", id=key, payload=[MASKED]))
            finally:
                self._running.pop(key, None)

    async def _follow(self, key: str, answers: AsyncGenerator[Answer, None]) -> None:
        async with aclosing(answers):
            async for answer in answers:
                await self._guard.check()
                if answer.data is msgspec.UNSET:
                    await self._say(Said(type="error", id=key, payload=answer.errors))
                    return
                await self._next(key, answer)
        await self._say(Said(type="complete", id=key))

    async def _next(self, key: str, answer: Answer) -> None:
        EVENTS.inc()
        await self._say(Said(type="next", id=key, payload=answer))

    def _session(self) -> Session:
        context = msgspec.structs.replace(self._guard.context, request_id=new_request_id())
        return self._open_session(context)

    async def _hear(self) -> Said | None:
        """Wait for a message; None once the other side is gone."""
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            return None
        text = event.get("text")
        if text is None or len(text) > MAX_CHARACTERS:
            raise SocketClosedError(
                BAD_REQUEST, f"a message is text of at most {MAX_CHARACTERS:,} characters"
            )
        try:
            return DECODER.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            raise SocketClosedError(BAD_REQUEST, "the message is none of the protocol") from None

    async def _say(self, said: Said) -> None:
        """Send a message; one that does not get out in time ends the socket."""
        try:
            async with asyncio.timeout(SEND_S):
                await self._websocket.send_text(msgspec.json.encode(said).decode())
        except TimeoutError:
            raise SocketClosedError(TOO_SLOW, "the other side reads too slowly") from None

    async def _close(self, closed: SocketClosedError) -> None:
        with suppress(Exception):  # it may be closed already, from either side
            async with asyncio.timeout(SEND_S):
                await self._websocket.close(closed.code, closed.reason[:100])


TOO_MANY = {
    "message": f"a socket runs at most {MAX_SUBSCRIPTIONS} operations at once",
    "extensions": {"code": "limit_exceeded", "kind": "too_many"},
}
MASKED = {"message": "something went wrong here", "extensions": {"code": "internal", "kind": "internal"}}


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended; one that misses that does not hold the socket."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=END_S)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # looked at, so that nobody warns of it
