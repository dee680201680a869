"""What happens to every request: an id, a line in the log, a measurement, and no fault told to strangers."""

from __future__ import annotations

import time
from typing import Any

import structlog
from prometheus_client import Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import answer, internal_problem
from serving.request_ids import HEADER, accept_request_id

__all__ = ["AccessMiddleware"]

_QUIET_ROUTES = frozenset({"/feed", "/healthz", "/readyz", "/metrics"})  # asked by programs, again and again
_LOG = structlog.get_logger("access")
_SECONDS = Histogram(
    "meantime_request_seconds",
    "Time from a request's first byte to its answer's last",
    ("service", "method", "route", "status"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


class AccessMiddleware:
    """Wraps an ASGI app: `scope["request_id"]`, `x-request-id` in the answer, one log line a request.

    An exception that gets here is logged with the request's id and answered as an internal problem.
    """

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP passes by."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, self._service)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        try:
            await self._app(scope, receive, exchange.send)
        except Exception:
            _LOG.exception("request failed", route=exchange.route())
            if exchange.status is not None:
                raise
            await answer(internal_problem(), request_id=exchange.request_id)(scope, receive, exchange.send)
        finally:
            exchange.finish()
            structlog.contextvars.clear_contextvars()


class _Exchange:
    """One request and what is known of its answer."""

    def __init__(self, scope: Scope, send: Send, service: str) -> None:
        self.request_id = accept_request_id(Headers(scope=scope).get(HEADER))
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._service = service
        self._began_s = time.perf_counter()
        scope["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            MutableHeaders(scope=message)[HEADER] = self.request_id
        await self._send(message)

    def route(self) -> str:
        """Name the route, not the path, so that names stay few and hold nothing of the caller's."""
        route: Any = self._scope.get("route")
        return getattr(route, "path", None) or "unknown"

    def finish(self) -> None:
        took_s = time.perf_counter() - self._began_s
        status, method, route = self.status or 499, self._scope["method"], self.route()
        _SECONDS.labels(self._service, method, route, str(status)).observe(took_s)
        log = _LOG.debug if route in _QUIET_ROUTES and status < 400 else _LOG.info  # noqa: PLR2004 - HTTP's own bound
        log("request", method=method, route=route, status=status, ms=round(took_s * 1000, 2))
