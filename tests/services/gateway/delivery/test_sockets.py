"""Subscriptions on real sockets: nothing missed, nothing twice, and no longer than the credential."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import aiohttp
import pytest
from starlette.applications import Starlette

from gateway.app import Gateway, build_app
from gateway.domain.message import Message
from gateway.domain.tenant import TenantId
from gateway.operations.create_api_key import create_api_key
from gateway.operations.read_messages import read_messages
from gateway.operations.revoke_api_key import revoke_api_key
from gateway.routes.sockets import SocketEndpoint, SocketLimits
from gateway.schema.engine import Engine
from gateway.schema.pages import write_cursor
from gateway.upstream import message_tail
from gateway.upstream.doors import Doors
from gateway.upstream.message_tail import HELD
from gateway.worker import DeliveryWorker
from pgstore.database import Database
from serving.context import SCOPES
from tests.services.gateway.delivery.conftest import (
    Stage,
    eventually,
    listening_with_sockets,
    take_all,
    utc_now,
    working,
)

MESSAGES = """subscription ($after: String, $types: [String!]) {
  messages(types: $types, after: $after) { cursor type payload }
}"""
BEFORE_ALL = write_cursor("Message", 0)
NO_DOORS = Doors(*(cast("Any", None) for _ in range(3)))


class Socket:
    """A client of graphql-transport-ws."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = raw

    async def say(self, **said: Any) -> None:
        """Send a message of the protocol."""
        await self.raw.send_json(said)

    async def hear(self) -> dict[str, Any]:
        """Wait for a message of the protocol."""
        async with asyncio.timeout(15):
            heard: dict[str, Any] = await self.raw.receive_json()
            return heard

    async def begin(self, token: str) -> None:
        """Say who asks."""
        await self.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, key: str = "1", **variables: Any) -> None:
        """Begin an operation."""
        await self.say(type="subscribe", id=key, payload={"query": query, "variables": variables})

    async def next(self) -> dict[str, Any]:
        """Wait for an answer to the operation, and return its data."""
        heard = await self.hear()
        assert heard["type"] == "next", heard
        assert "errors" not in heard["payload"], heard
        data: dict[str, Any] = heard["payload"]["data"]
        return data

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait until the other side closes, and return its code and reason."""
        async with asyncio.timeout(15):
            message = await self.raw.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE or self.raw.closed, message
        return self.raw.close_code, message.extra


@asynccontextmanager
async def connected(url: str, *protocols: str, **headers: str) -> AsyncIterator[Socket]:
    """Open a socket."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=protocols or ("graphql-transport-ws",), headers=headers) as raw,
    ):
        yield Socket(raw)


@pytest.fixture
async def url(stage: Stage) -> AsyncIterator[str]:
    """Serve the gateway, without doors."""
    async with listening_with_sockets(build_app(stage.gateway, NO_DOORS)) as served:
        yield served


async def token_of(
    gateway: Gateway, tenant: str, *scopes: str, expires_at: datetime | None = None
) -> tuple[str, str]:
    """Make a key; return its id and token."""
    issued = await create_api_key(
        gateway.database,
        tenant_id=tenant,
        name="test",
        scopes=scopes or SCOPES,
        created_by="test",
        now=utc_now(),
        expires_at=expires_at,
    )
    return issued.key.key_id, issued.token


@pytest.fixture
async def token(stage: Stage) -> str:
    """Make a key with all scopes."""
    return (await token_of(stage.gateway, stage.tenant))[1]


async def seen(socket: Socket, number: int) -> list[dict[str, Any]]:
    """Read so many messages."""
    return [(await socket.next())["messages"] for _ in range(number)]


async def test_messages_as_they_are_said(stage: Stage, worker: DeliveryWorker, url: str, token: str) -> None:
    """A subscriber gets what is said from then on, of the types that it wants, in order."""
    await stage.say("breach.fired", n=0)
    await take_all(worker)
    async with connected(url) as socket, working(worker):
        await socket.begin(token)
        await socket.subscribe(MESSAGES, types=["breach"])
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}
        await subscribed(stage)
        await stage.say("breach.fired", "cycle.changed", "breach.revoked", n=1)
        found = await seen(socket, 2)
    assert [it["type"] for it in found] == ["breach.fired", "breach.revoked"]
    assert found[0]["payload"] == {"subject_id": "INC1", "n": 1}


async def subscribed(stage: Stage, number: int = 1) -> None:
    """Wait until so many follow the tenant's messages."""

    async def look() -> bool:
        return stage.gateway.tail.followers(stage.tenant) == number

    await eventually(look)


async def test_a_tenant_that_cannot_be_read_keeps_no_others_news(
    stage: Stage, worker: DeliveryWorker, url: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one tenant's messages cannot be read, the subscribers of those that come after it get theirs."""
    sick, read = TenantId(f"{stage.tenant}-sick"), read_messages

    async def read_well(database: Database, tenant_id: TenantId, *, after: int, limit: int) -> list[Message]:
        if tenant_id == sick:
            raise ZeroDivisionError
        return await read(database, tenant_id, after=after, limit=limit)

    monkeypatch.setattr(message_tail, "read_messages", read_well)
    followed = stage.gateway.tail.follow(sick, None)
    waiting = asyncio.ensure_future(anext(followed))
    while not stage.gateway.tail.followers(sick):  # noqa: ASYNC110 - of a task
        await asyncio.sleep(0.01)
    async with connected(url) as socket:
        await socket.begin(token)
        await socket.subscribe(MESSAGES)
        while not stage.gateway.tail.followers(stage.tenant):  # noqa: ASYNC110 - of a task
            await asyncio.sleep(0.01)
        await stage.say("breach.fired")
        await take_all(worker)
        assert (await socket.next())["messages"]["type"] == "breach.fired"
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_resumed_without_gap_or_repeat(
    stage: Stage, worker: DeliveryWorker, url: str, token: str
) -> None:
    """Whoever comes back with the last cursor goes on right after it, however much was said meanwhile."""
    numbers: list[int] = []
    after, said = None, 0
    async with working(worker):
        for round_ in range(4):
            async with connected(url) as socket:
                await socket.begin(token)
                await socket.subscribe(MESSAGES, after=after)
                if after is None:
                    await subscribed(stage)
                for _ in range(2):
                    await stage.say("cycle.changed", n=(said := said + 1))
                found = await seen(socket, 2 if round_ == 0 else 4)
                numbers += [it["payload"]["n"] for it in found]
                after = found[-1]["cursor"]
            for _ in range(2):
                await stage.say("cycle.changed", n=(said := said + 1))
    assert numbers == list(range(1, 2 + 3 * 4 + 1))


async def test_from_the_first_message(stage: Stage, worker: DeliveryWorker, url: str, token: str) -> None:
    """A subscriber that begins far behind reads everything from the database, then what is new."""
    number = HELD + 500
    async with working(worker), connected(url) as socket, connected(url) as late:
        await socket.begin(token)
        await socket.subscribe(MESSAGES, after=BEFORE_ALL)
        for start in range(0, number, 50):
            await stage.say(*["cycle.changed"] * 50, n=start)
        found = await seen(socket, number)
        await late.begin(token)
        await late.subscribe(MESSAGES, after=found[0]["cursor"])
        again = await seen(late, number - 1)
    assert [it["payload"]["n"] for it in found] == sorted(it["payload"]["n"] for it in found)
    assert len({it["cursor"] for it in found}) == number
    assert again == found[1:]


async def test_cursor_whose_messages_are_gone(
    stage: Stage, worker: DeliveryWorker, url: str, token: str
) -> None:
    """Going on from where messages were forgotten is refused, rather than to go on with a gap."""
    await stage.say("breach.fired")
    await take_all(worker)
    (first, *_rest) = await read_messages(stage.gateway.database, TenantId(stage.tenant), after=0, limit=1)
    async with stage.admin() as connection:
        await connection.execute(
            "UPDATE outlets SET position = $1 WHERE outlet = 'forgotten'", first.position
        )
        try:
            async with connected(url) as socket:
                await socket.begin(token)
                await socket.subscribe(MESSAGES, after=BEFORE_ALL)
                assert (await socket.hear())["payload"][0]["extensions"]["code"] == "cursor_expired"
        finally:
            await connection.execute("UPDATE outlets SET position = 0 WHERE outlet = 'forgotten'")


async def test_revoked_key_closes(stage: Stage, worker: DeliveryWorker, url: str) -> None:
    """A revoked key's socket gets nothing more, and is closed as forbidden."""
    key_id, token = await token_of(stage.gateway, stage.tenant, "read")
    async with connected(url) as socket, working(worker):
        await socket.begin(token)
        await socket.subscribe(MESSAGES)
        await subscribed(stage)
        await revoke_api_key(stage.gateway.database, tenant_id=stage.tenant, key_id=key_id, now=utc_now())
        code, _reason = await socket.closed()
        assert code == 4403
    await subscribed(stage, 0)


async def test_expired_key_closes(stage: Stage, url: str) -> None:
    """A socket is closed when its credential expires, to the moment and not at the next look."""
    expires_at = utc_now() + timedelta(seconds=1.5)
    _key_id, token = await token_of(stage.gateway, stage.tenant, "read", expires_at=expires_at)
    async with connected(url) as socket:
        await socket.begin(token)
        await socket.subscribe(MESSAGES)
        code, _reason = await socket.closed()
    assert code == 4403
    assert timedelta(0) <= utc_now() - expires_at < timedelta(seconds=2)


async def test_other_tenants_messages(stage: Stage, worker: DeliveryWorker, url: str, token: str) -> None:
    """A subscriber gets its own tenant's messages alone."""
    async with connected(url) as socket, working(worker):
        await socket.begin(token)
        await socket.subscribe(MESSAGES)
        await subscribed(stage)
        mine, stage.tenant = stage.tenant, f"{stage.tenant}-other"
        await stage.say("breach.fired", n=1)
        stage.tenant = mine
        await stage.say("breach.fired", n=2)
        assert (await seen(socket, 1))[0]["payload"]["n"] == 2


async def test_scope_is_needed(stage: Stage, url: str) -> None:
    """Without the scope read a subscription is refused, and the socket stays."""
    _key_id, token = await token_of(stage.gateway, stage.tenant, "ingest")
    async with connected(url) as socket:
        await socket.begin(token)
        await socket.subscribe(MESSAGES)
        heard = await socket.hear()
        assert (heard["type"], heard["id"]) == ("error", "1")
        assert heard["payload"][0]["extensions"]["code"] == "scope_missing"
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}


async def test_queries_and_bad_documents(url: str, token: str, stage: Stage) -> None:
    """A query is answered and complete; a document that does not fit, or a bad cursor, is an error."""
    async with connected(url) as socket:
        await socket.begin(token)
        await socket.subscribe("{ viewer { tenant { tenantId } } }", "q")
        assert await socket.next() == {"viewer": {"tenant": {"tenantId": stage.tenant}}}
        assert await socket.hear() == {"type": "complete", "id": "q"}
        await socket.subscribe("subscription { nothing }", "x")
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "document_invalid"
        await socket.subscribe(MESSAGES, "y", after="nonsense")
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "cursor_invalid"


async def test_completed_by_the_client(stage: Stage, worker: DeliveryWorker, url: str, token: str) -> None:
    """After the client completes an operation, no more comes of it, and its id is free again."""
    async with connected(url) as socket, working(worker):
        await socket.begin(token)
        await socket.subscribe(MESSAGES)
        await subscribed(stage)
        await socket.say(type="complete", id="1")
        await subscribed(stage, 0)
        await socket.subscribe(MESSAGES)
        await subscribed(stage)
        await stage.say("breach.fired", n=1)
        assert len(await seen(socket, 1)) == 1


PROTOCOL_ERRORS = [
    ([{"type": "subscribe", "id": "1", "payload": {"query": MESSAGES}}], 4401),
    ([{"type": "connection_init"}], 4403),
    ([{"type": "connection_init", "payload": {"authorization": "Bearer mt_a_b"}}], 4403),
    ([{"type": "hello"}], 4400),
    (["{"], 4400),
    ([{"init": True}, {"type": "connection_init"}], 4429),
    ([{"init": True}, {"type": "start", "id": "1"}], 4400),
    ([{"init": True}, {"type": "subscribe", "id": "1", "payload": {}}], 4400),
    ([{"init": True}, {"type": "subscribe", "payload": {"query": MESSAGES}}], 4400),
    ([{"init": True}, *[{"type": "subscribe", "id": "1", "payload": {"query": MESSAGES}}] * 2], 4409),
]


@pytest.mark.parametrize(("said", "code"), PROTOCOL_ERRORS, ids=range(len(PROTOCOL_ERRORS)))
async def test_protocol_errors(url: str, token: str, said: list[Any], code: int) -> None:
    """What the protocol forbids closes the socket with the protocol's code."""
    async with connected(url) as socket:
        for message in said:
            if isinstance(message, str):
                await socket.raw.send_str(message)
            elif "init" in message:
                await socket.begin(token)
            else:
                await socket.say(**message)
        assert (await socket.closed())[0] == code


@pytest.mark.parametrize("protocol", ["graphql-ws", "other"])
async def test_other_protocols(url: str, protocol: str) -> None:
    """The older protocol of the same name, and any other, is not spoken."""
    async with connected(url, protocol) as socket:
        assert socket.raw.protocol is None
        assert (await socket.closed())[0] == 4406


async def test_subscription_by_http(url: str, token: str) -> None:
    """A subscription that comes by POST is told where to go."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            url.replace("ws://", "http://"),
            json={"query": MESSAGES},
            headers={"authorization": f"Bearer {token}"},
        ) as answer,
    ):
        (error,) = (await answer.json())["errors"]
    assert "graphql-transport-ws" in error["message"]


async def test_too_many_operations(url: str, token: str) -> None:
    """A socket runs fifty operations at once; one more is refused, and the others go on."""
    async with connected(url) as socket:
        await socket.begin(token)
        for number in range(51):
            await socket.subscribe(MESSAGES, str(number))
        heard = await socket.hear()
        assert (heard["type"], heard["id"]) == ("error", "50")
        assert heard["payload"][0]["extensions"]["code"] == "limit_exceeded"


async def test_too_many_sockets(stage: Stage, token: str) -> None:
    """A tenant has so many sockets and no more; where one is closed, another may come."""
    limits = SocketLimits(sockets=3, of_tenant=2)
    endpoint = SocketEndpoint(
        open_credential=stage.gateway.open_credential,
        open_session=cast("Any", None),
        engine=Engine(),
        now=utc_now,
        limits=limits,
    )

    async def one_left() -> bool:
        return limits.by_tenant[stage.tenant] == limits.open == 1

    async with (
        listening_with_sockets(Starlette(routes=[endpoint.route()])) as url,
        connected(url) as first,
        connected(url) as second,
    ):
        await first.begin(token)
        await second.begin(token)
        async with connected(url) as third, connected(url) as fourth:
            await third.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
            assert (await third.closed())[0] == 1013
            await fourth.raw.close()
        await first.raw.close()
        await eventually(one_left)
        async with connected(url) as fifth:
            await fifth.begin(token)
