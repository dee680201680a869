"""Redis Streams: each message once, in order, a bounded number of them."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from gateway.domain.message import Message
from gateway.operations import carry_streams
from gateway.operations.carry_streams import add_all, stream_of
from gateway.settings import Settings
from gateway.worker import LOOK_S, DeliveryWorker
from tests.services.gateway.delivery.conftest import Stage, eventually, open_worker, take_all, working


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Read what others would read."""
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def events(redis: Redis, stage: Stage) -> list[tuple[str, str]]:
    """Read the tenant's stream: ids and types of its CloudEvents."""
    entries: Any = await redis.xrange(stream_of(stage.tenant))
    return [(key.decode(), msgspec.json.decode(fields[b"event"])["type"]) for key, fields in entries]


async def carry_all(worker: DeliveryWorker) -> None:
    """Take and carry until there is nothing to do."""
    await take_all(worker)
    while await worker.stream_once() != LOOK_S:
        pass


async def test_each_once_in_order(stage: Stage, worker: DeliveryWorker, redis: Redis) -> None:
    """A tenant's stream holds its messages as they were said, each under its position."""
    async with working(worker):
        said = ["cycle.changed", "warning.fired", "breach.fired"]
        await stage.say(*said)

        async def arrived() -> bool:
            return len(await events(redis, stage)) == len(said)

        await eventually(arrived)
    found = await events(redis, stage)
    assert [type_ for _key, type_ in found] == said
    positions = [int(key.removesuffix("-0")) for key, _type in found]
    assert positions == sorted(positions)


async def test_crash_before_the_place_is_kept(stage: Stage, settings: Settings, redis: Redis) -> None:
    """What was carried before a crash is carried again, and stands in the stream once."""
    async with open_worker(settings, stage) as worker:
        await stage.say("cycle.changed", "breach.fired")
        await carry_all(worker)
        before = await events(redis, stage)
        async with worker._database.connection() as connection:
            assert await connection.execute("SELECT outlet_move('streams', 0)")  # never moves back
        await rewind(stage)
        await stage.say("breach.revoked")
        await carry_all(worker)
    assert (await events(redis, stage))[:2] == before
    assert [type_ for _key, type_ in await events(redis, stage)] == [
        "cycle.changed",
        "breach.fired",
        "breach.revoked",
    ]


async def test_bounded(stage: Stage, settings: Settings, redis: Redis) -> None:
    """A stream keeps about as many entries as it is told to; the latest stay."""
    delivery = dataclasses.replace(settings.delivery, stream_length=100)
    async with open_worker(dataclasses.replace(settings, delivery=delivery), stage) as worker:
        await stage.say(*["cycle.changed"] * 1_500, "breach.fired")
        await carry_all(worker)
    found = await events(redis, stage)
    assert 100 <= len(found) < 400
    assert found[-1][1] == "breach.fired"


async def test_redis_is_gone(stage: Stage, settings: Settings, redis: Redis) -> None:
    """While Redis takes nothing, nothing is passed over: it waits, and goes on."""
    gone = dataclasses.replace(settings.delivery, redis_url="redis://127.0.0.1:1/0")
    await stage.say("breach.fired")
    async with open_worker(dataclasses.replace(settings, delivery=gone), stage) as worker:
        await take_all(worker)
        assert await worker.stream_once() > 0
    assert await events(redis, stage) == []
    async with open_worker(settings, stage) as worker:
        await carry_all(worker)
    assert len(await events(redis, stage)) == 1


async def test_a_page_too_large_to_be_taken_in_time_is_halved(
    stage: Stage, worker: DeliveryWorker, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages so large that Redis takes only a few of them in time stop no stream."""

    async def add_few(client: Redis, found: Sequence[Message], max_length: int) -> int:
        if len(found) > 3:
            raise TimeoutError
        return await add_all(client, found, max_length)

    await carry_all(worker)
    monkeypatch.setattr(carry_streams, "add_all", add_few)
    assert worker._redis is not None
    worker._redis._circuit._cool_down_s = 0
    await stage.say(*["cycle.changed"] * 20, "breach.fired")
    await carry_all(worker)
    found = await events(redis, stage)
    assert [type_ for _key, type_ in found] == ["cycle.changed"] * 20 + ["breach.fired"]


async def test_key_is_something_else(stage: Stage, worker: DeliveryWorker, redis: Redis) -> None:
    """A tenant's key that is no stream keeps no other tenant's messages back."""
    await redis.set(stream_of(stage.tenant), "mine")
    await stage.say("breach.fired")
    await carry_all(worker)
    assert await redis.get(stream_of(stage.tenant)) == b"mine"


async def rewind(stage: Stage) -> None:
    """Put the streams' place back to before this tenant's messages, as a crash would have left it."""
    async with stage.admin() as connection:
        await connection.execute(
            "UPDATE outlets SET position = (SELECT min(position) - 1 FROM messages WHERE tenant_id = $1)"
            " WHERE outlet = 'streams'",
            stage.tenant,
        )
