from __future__ import annotations

import asyncio

import aiohttp
import pytest

from serving import health
from serving.application import build_application
from serving.health import health_routes

from .conftest import Serve


async def well() -> None:
    """Find nothing wrong."""


async def ill() -> None:
    """Find something wrong."""
    raise ConnectionError("postgresql://ada:hush@db/meantime does not answer")


async def hanging() -> None:
    """Find nothing at all."""
    await asyncio.Event().wait()


async def test_a_process_is_alive_whatever_it_needs(serve: Serve, session: aiohttp.ClientSession) -> None:
    """Restarting a process does not bring its database back, so its database is no reason to."""
    url = await serve(build_application(service="x", routes=health_routes({"database": ill})))
    async with session.get(f"{url}/healthz") as response:
        assert (response.status, await response.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize(
    ("database", "redis", "status", "checks"),
    [
        (well, well, 200, {"database": "ok", "redis": "ok"}),
        (well, ill, 200, {"database": "ok", "redis": "failed"}),
        (ill, well, 503, {"database": "failed", "redis": "ok"}),
        (hanging, well, 503, {"database": "failed", "redis": "ok"}),
    ],
)
async def test_a_process_is_ready_when_its_needs_are_met(
    serve: Serve,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    database: health.Check,
    redis: health.Check,
    status: int,
    checks: dict[str, str],
) -> None:
    """Each check is named; a wish that fails is no reason to be not ready, a check that hangs is."""
    monkeypatch.setattr(health, "_TIMEOUT_S", 0.05)
    url = await serve(
        build_application(service="x", routes=health_routes({"database": database}, wishes={"redis": redis}))
    )
    async with session.get(f"{url}/readyz") as response:
        document = await response.json()
    assert (response.status, document["checks"]) == (status, checks)
    assert "hush" not in str(document)


async def test_requests_are_measured_by_route(serve: Serve, session: aiohttp.ClientSession) -> None:
    """The metrics tell service, method, route and status, and nothing of the caller's."""
    url = await serve(build_application(service="measured", routes=health_routes({})))
    async with session.get(f"{url}/nothing-like-this"):
        pass
    async with session.get(f"{url}/metrics") as response:
        text = await response.text()
    assert (
        'meantime_request_seconds_count{method="GET",route="unknown",service="measured",status="404"} 1.0'
        in text
    )
    assert "nothing-like-this" not in text
