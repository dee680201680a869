"""A board that follows Cycles as they change, over the real services."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from gateway.app import build_app
from gateway.upstream.doors import Doors
from gateway.worker import DeliveryWorker
from tests.services.gateway.conftest import Api
from tests.services.gateway.delivery.conftest import Stage, listening_with_sockets, working
from tests.services.gateway.delivery.test_sockets import Socket, connected, subscribed, token_of
from tests.services.gateway.documents import CALENDAR, CREATE_CALENDAR, INGEST, POLICY, SAVE_POLICY, event

FOLLOW = """subscription ($phase: Phase, $target: String, $subjectId: String, $after: String) {
  cycleChanged(
    policyKey: "resolution", phase: $phase, target: $target, subjectId: $subjectId, after: $after
  ) {
    cursor type matches cycle { subjectId phase target calendar { name } }
  }
}"""


@pytest.fixture
def composition() -> str:
    """Hold the services in this process."""
    return "in process"


async def prepare(api: Api) -> None:
    """Save a calendar and a policy."""
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "SP", "document": CALENDAR}})
    await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": POLICY}})


async def change(socket: Socket) -> tuple[Any, ...]:
    """Wait for a change, and return what is told of it."""
    told = (await socket.next())["cycleChanged"]
    cycle = told["cycle"]
    assert cycle["calendar"] == {"name": "SP"}
    return cycle["subjectId"], cycle["phase"], told["matches"]


async def test_board_follows(stage: Stage, doors: Doors, worker: DeliveryWorker) -> None:
    """Each change of a Cycle comes with the Cycle as it then stands, and whether the board still shows it."""
    _key_id, token = await token_of(stage.gateway, stage.tenant)
    async with (
        listening_with_sockets(build_app(stage.gateway, doors)) as url,
        aiohttp.ClientSession() as http,
        working(worker),
    ):
        api = Api(http, url.replace("ws://", "http://").removesuffix("/graphql"), token)
        await prepare(api)
        async with connected(url) as socket, connected(url) as other:
            for each, filters in ((socket, {"phase": "RUNNING"}), (other, {"subjectId": "INC2"})):
                await each.begin(token)
                await each.subscribe(FOLLOW, **filters)
            await subscribed(stage, 2)
            await api.ask(INGEST, {"events": [event("INC1", "2026-03-02T08:30:00-03:00", "New", number=1)]})
            assert await change(socket) == ("INC1", "RUNNING", True)
            paused = [event("INC1", "2026-03-02T08:40:00-03:00", "Awaiting", number=2)]
            await api.ask(INGEST, {"events": paused})
            assert await change(socket) == ("INC1", "PAUSED", False)
            both = [
                event("INC1", "2026-03-02T08:45:00-03:00", "Active", number=3),
                event("INC2", "2026-03-02T08:45:00-03:00", "New", number=1),
            ]
            await api.ask(INGEST, {"events": both})
            found = {await change(socket), await change(socket)}
            assert found == {("INC1", "RUNNING", True), ("INC2", "RUNNING", True)}
            assert await change(other) == ("INC2", "RUNNING", True)
