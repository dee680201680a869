from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.application import build_application
from serving.authentication import authenticate
from serving.context import RequestContext
from serving.door import guarded
from serving.telemetry import LogStyle, configure_logging
from serving.tokens import InternalTokens

from .conftest import Serve


class Lines(io.StringIO):
    """What was logged."""

    def events(self) -> list[dict[str, Any]]:
        """Read the lines as JSON."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log as JSON into memory, and put the loggers back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    lines = Lines()
    configure_logging(service="echoes", style="json", stream=lines)
    yield lines
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_says_who_when_and_what(lines: Lines) -> None:
    """Service, level, time and logger stand beside the event's own fields."""
    structlog.get_logger("calendars").info("calendar saved", key="support")
    (event,) = lines.events()
    assert (event["event"], event["key"], event["service"]) == ("calendar saved", "support", "echoes")
    assert (event["level"], event["logger"]) == ("info", "calendars")
    assert event["timestamp"].endswith("Z")


def test_the_standard_library_logs_the_same_way(lines: Lines) -> None:
    """Libraries' lines go through the same pipeline, redaction included."""
    logging.getLogger("asyncpg").warning("cannot reach %s", "postgresql://ada:hush@db/m")
    (event,) = lines.events()
    assert (event["event"], event["level"]) == ("cannot reach postgresql://ada:***@db/m", "warning")


def fail() -> None:
    """Raise an error with a secret, caused by another."""
    raise RuntimeError("Bearer hush.hush") from ValueError("postgresql://ada:hush@db/meantime")


@pytest.mark.parametrize("style", ["console", "json"])
def test_no_secret_is_logged(lines: Lines, style: LogStyle) -> None:
    """Not in a field, not in the text of an exception or of its cause, in neither style."""
    configure_logging(service="echoes", style=style, stream=lines)
    try:
        fail()
    except RuntimeError:
        structlog.get_logger("x").exception("failed", database_url="redis://:hush@c/0", secret="hush")  # noqa: S106
    logging.getLogger("x").error("failed", exc_info=RuntimeError("password=hush"))
    assert "failed" in lines.getvalue()
    assert "RuntimeError" in lines.getvalue()
    assert "hush" not in lines.getvalue()


async def test_every_request_has_a_line(
    lines: Lines,
    serve: Serve,
    tokens: InternalTokens,
    context: RequestContext,
    session: aiohttp.ClientSession,
) -> None:
    """Request id, tenant, method, route without its values, status, and milliseconds."""

    async def greet(request: Request) -> Response:
        authenticate(request, tokens)
        structlog.get_logger("greeter").info("greeted")
        return Response("hello")

    url = await serve(build_application(service="echoes", routes=[Route("/greet/{name}", guarded(greet))]))
    headers = {"authorization": f"Bearer {tokens.mint(context)}", "x-request-id": "r-1"}
    async with session.get(f"{url}/greet/ada?secret=hush", headers=headers) as response:
        assert response.status == 200
    async with session.get(f"{url}/greet/ada", headers={"x-request-id": "r-2"}) as response:
        assert response.status == 401
    greeted, first, second = (one for one in lines.events() if one["logger"] in {"greeter", "access"})
    assert (greeted["request_id"], greeted["tenant"]) == ("r-1", context.tenant_id)
    wanted = {
        "request_id": "r-1",
        "tenant": context.tenant_id,
        "method": "GET",
        "route": "/greet/{name}",
        "status": 200,
    }
    assert wanted.items() <= first.items()
    assert 0 <= first["ms"] < 10_000
    assert (second["request_id"], second["status"], second.get("tenant")) == ("r-2", 401, None)


async def test_a_fault_is_logged_and_masked(
    lines: Lines, serve: Serve, session: aiohttp.ClientSession
) -> None:
    """The log has the exception and the request's id, the answer has the id alone."""

    async def fail(_request: Request) -> Response:
        raise RuntimeError("the table is on fire")

    url = await serve(build_application(service="echoes", routes=[Route("/fail", fail)]))
    async with session.get(f"{url}/fail", headers={"x-request-id": "r-3"}) as response:
        assert response.status == 500
        assert response.headers["x-request-id"] == "r-3"
        text = await response.text()
    assert "fire" not in text
    assert json.loads(text)["request_id"] == "r-3"
    (fault,) = (one for one in lines.events() if one["level"] == "error")
    assert fault["request_id"] == "r-3"
    assert "RuntimeError: the table is on fire" in fault["exception"]
