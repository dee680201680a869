"""Whether a process is alive, and whether it can do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["Check", "health_routes"]

Check = Callable[[], Awaitable[object]]
"""Raises when what it checks is not well."""

_TIMEOUT_S = 2.0
_LOG = structlog.get_logger("health")


def health_routes(checks: Mapping[str, Check], *, wishes: Mapping[str, Check] | None = None) -> list[Route]:
    """Make `/healthz` (alive), `/readyz` (503 unless each check passes) and `/metrics`.

    checks: what the service cannot work without, such as its database. wishes: what it works without, only
    slower, such as Redis: named in the answer, and no reason to be not ready.
    """

    async def alive(_request: Request) -> Response:
        return _json({"status": "alive"}, status=200)

    async def ready(_request: Request) -> Response:
        needed, wished = await asyncio.gather(_run(checks), _run(wishes or {}))
        well = all(outcome == "ok" for outcome in needed.values())
        document = {"status": "ready" if well else "not ready", "checks": needed | wished}
        return _json(document, status=200 if well else 503)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", metrics)]


async def _run(checks: Mapping[str, Check]) -> dict[str, str]:
    outcomes = await asyncio.gather(*(_outcome(name, check) for name, check in checks.items()))
    return dict(zip(checks, outcomes, strict=True))


async def _outcome(name: str, check: Check) -> str:
    """Run one check; the reason goes to the log, since anyone may read the answer."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await check()
    except Exception as error:  # noqa: BLE001 - a check fails in any way it likes
        _LOG.warning("not ready", check=name, reason=str(error) or type(error).__name__)
        return "failed"
    return "ok"


def _json(document: object, *, status: int) -> Response:
    return Response(msgspec.json.encode(document), status_code=status, media_type="application/json")
