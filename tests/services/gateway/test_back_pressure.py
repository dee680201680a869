"""Many large batches at once: what is held in memory is bounded, and what is too much is told so."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import msgspec
import pytest

from calendars.contract import Calendars
from clocks.contract import Clocks, IngestEvents, IngestReceipt
from credits.contract import Credits
from gateway.app import Gateway, build_app
from gateway.operations.create_tenant import create_tenant
from gateway.routes import graphql
from gateway.schema import engine
from gateway.upstream.doors import Doors
from serving import bodies
from serving.context import RequestContext
from tests.services.gateway.conftest import Api, Reply, key_for
from tests.services.gateway.delivery.conftest import listening_with_sockets
from tests.services.gateway.delivery.test_sockets import connected
from tests.services.gateway.documents import INGEST, event
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

BATCHES = 60
PAD = "x" * 21_000
MIB = 1024 * 1024


class SlowClocks:
    """A door that takes batches only once it is opened, and counts those that wait in it."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.inside = 0

    async def ingest_events(self, _context: RequestContext, request: IngestEvents) -> IngestReceipt:
        """Take a batch, later."""
        self.inside += 1
        await self.opened.wait()
        return IngestReceipt(accepted=len(request.events), duplicates=0, refused=())


async def test_concurrent_batches_are_bounded(
    gateway: Gateway, tenant: str, clock: StandingTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of sixty batches of 1 MB of one tenant eight are let in, twenty wait unread, the rest gets 429.

    A question is answered meanwhile, and what waited is taken afterwards.
    """
    for name, value in (("CAPACITY_BYTES", 16 * MIB), ("MAX_WAITING", 20), ("PATIENCE_S", 60.0)):
        monkeypatch.setattr(graphql, name, value)
    await create_tenant(gateway.database, tenant_id=tenant, name="Test", now=clock())
    token = await key_for(gateway, tenant, clock)
    clocks = SlowClocks()
    doors = Doors(cast("Calendars", None), cast("Clocks", clocks), cast("Credits", None))
    async with (
        listening(build_app(gateway, doors)) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        api = Api(http, url, token)
        sent = [asyncio.create_task(send_batch(api)) for _ in range(BATCHES)]
        async with asyncio.timeout(60):
            while sum(task.done() for task in sent) < BATCHES - 28 or clocks.inside < 8:  # noqa: ASYNC110 - tasks
                await asyncio.sleep(0.01)
        assert clocks.inside == 8
        assert (await api.ask("{ viewer { subject } }"))["viewer"]
        clocks.opened.set()
        replies = await asyncio.gather(*sent)
    assert Counter(reply.status for reply in replies) == {200: 28, 429: BATCHES - 28}
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.headers["retry-after"] == "1"
    assert refused.json["errors"][0]["extensions"] == {"code": "too_busy", "kind": "too_many"}


async def send_batch(api: Api) -> Reply:
    """Send a batch of about a megabyte."""
    events = [event("s", "2026-03-02T12:00:00Z", PAD, number=number) for number in range(50)]
    variables: dict[str, Any] = {"events": events}
    body = io.BytesIO(msgspec.json.encode({"query": INGEST, "variables": variables}))
    return await api.send("POST", data=body, headers={"content-type": "application/json"})


async def test_a_body_that_does_not_come_holds_no_room(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who announces a large body and does not send it is refused with 408 in time, and hung up on."""
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with asyncio.timeout(30):
        reply = await api.send("POST", data=stalling(), headers={"content-type": "application/json"})
    assert reply.status == 408
    assert reply.json["errors"][0]["extensions"] == {"code": "body_too_slow", "kind": "invalid"}
    assert reply.headers["connection"] == "close"


async def test_one_tenants_flood_leaves_room_for_others(
    gateway: Gateway, tenant: str, clock: StandingTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small requests and operations on a socket that hang hold a share of what is under way, and no more.

    Of eight places one tenant gets four, two more of its requests wait, and the rest is refused, by HTTP and
    on a socket; another tenant's requests are let in meanwhile.
    """
    for name, value in (("MAX_ANSWERED", 8), ("MAX_WAITING", 2), ("PATIENCE_S", 60.0)):
        monkeypatch.setattr(engine, name, value)
    tokens = {}
    for name in (tenant, f"{tenant}-well"):
        await create_tenant(gateway.database, tenant_id=name, name="Test", now=clock())
        tokens[name] = await key_for(gateway, name, clock)
    clocks = SlowClocks()
    doors = Doors(cast("Calendars", None), cast("Clocks", clocks), cast("Credits", None))
    variables: dict[str, Any] = {"events": [event("s", "2026-03-02T12:00:00Z", "new", number=1)]}
    async with (
        listening_with_sockets(build_app(gateway, doors)) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        connected(url) as socket,
        asyncio.timeout(60),
    ):
        address = url.replace("ws://", "http://").removesuffix("/graphql")
        sick, well = (Api(http, address, token) for token in tokens.values())
        sent = [asyncio.create_task(sick.post(INGEST, variables)) for _ in range(9)]
        while sum(task.done() for task in sent) < 3 or clocks.inside < 4:  # noqa: ASYNC110 - of tasks
            await asyncio.sleep(0.01)
        assert clocks.inside == 4
        await socket.begin(tokens[tenant])
        await socket.subscribe(INGEST, **variables)
        heard = await socket.hear()
        assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "too_busy")
        assert (await well.ask("{ viewer { subject } }"))["viewer"]
        taken = asyncio.create_task(well.post(INGEST, variables))
        while clocks.inside < 5:  # noqa: ASYNC110 - of tasks
            await asyncio.sleep(0.01)
        clocks.opened.set()
        replies = await asyncio.gather(*sent, taken)
    assert Counter(reply.status for reply in replies) == {200: 7, 429: 3}
