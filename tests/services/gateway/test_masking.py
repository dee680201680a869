"""What is told of errors that nobody expected: the request's id, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from clocks.contract import Clocks, IngestEvents, IngestReceipt, ListCycles
from gateway.app import Gateway, build_app
from gateway.upstream.doors import Doors
from serving.context import RequestContext
from serving.problems import Problem
from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import CYCLES, INGEST
from tests.services.listening import listening

SECRET = "postgresql://meantime:hunter2@db/meantime"  # noqa: S105 - the text that must not get out


class BrokenClocks:
    """A door whose calls end in the errors that it is given."""

    def __init__(self, clocks: Clocks, error: Exception) -> None:
        self._clocks = clocks
        self._error = error

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        """Hand every other call on."""
        call: Callable[..., Awaitable[object]] = getattr(self._clocks, name)
        return call

    async def list_cycles(self, _context: RequestContext, _request: ListCycles) -> object:
        """Fail."""
        raise self._error

    async def ingest_events(self, _context: RequestContext, _request: IngestEvents) -> IngestReceipt:
        """Fail."""
        raise self._error


@pytest.mark.parametrize("query", [CYCLES, INGEST], ids=["query", "mutation"])
async def test_unexpected_errors_are_masked(
    api: Api, gateway: Gateway, doors: Doors, query: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unexpected error answers `internal` and the request's id; the log has the error under that id."""
    broken = doors._replace(clocks=BrokenClocks(doors.clocks, RuntimeError(SECRET)))  # type: ignore[arg-type]
    async with listening(build_app(gateway, broken)) as url, aiohttp.ClientSession() as http:
        reply = await Api(http, url, api.token).post(query, {"events": []} if query == INGEST else {})
    (error,) = reply.json["errors"]
    request_id = reply.headers["x-request-id"]
    assert error["extensions"] == {"code": "internal", "kind": "internal", "requestId": request_id}
    assert request_id in error["message"]
    assert b"hunter2" not in reply.body
    logged = capsys.readouterr()
    assert request_id in logged.out + logged.err


async def test_service_that_does_not_answer(api: Api, gateway: Gateway, doors: Doors) -> None:
    """A service that is away fails its own fields as `unavailable`; the rest of the query is answered."""
    away = Problem("the clocks service does not answer", code="service_unavailable", kind="unavailable")
    broken = doors._replace(clocks=BrokenClocks(doors.clocks, away))  # type: ignore[arg-type]
    query = "{ cycles { nodes { metric } } viewer { subject } calendars { nodes { key } } }"
    async with listening(build_app(gateway, broken)) as url, aiohttp.ClientSession() as http:
        reply = await Api(http, url, api.token).post(query)
    assert reply.status == 200
    assert reply.json["data"]["cycles"] is None
    assert reply.json["data"]["calendars"] == {"nodes": []}
    (error,) = reply.json["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["cycles"], "service_unavailable")
