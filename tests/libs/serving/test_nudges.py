from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import redis.asyncio as redis

from serving.guarded_redis import open_redis
from serving.nudges import Nudges, feed_channel

PATIENCE_S = 10


@pytest.fixture
async def nudges(redis_url: str) -> AsyncIterator[Nudges]:
    """Open nudges over a real server."""
    guarded = open_redis(redis_url)
    assert guarded is not None
    yield Nudges(guarded)
    await guarded.close()


async def heard(listening: AsyncIterator[str]) -> str:
    """Wait for what is heard next."""
    return await asyncio.wait_for(anext(listening), PATIENCE_S)


async def test_a_nudge_is_heard_on_its_channel(nudges: Nudges) -> None:
    """A listener hears its own channels, and none besides; first of all, that it can hear."""
    one, other = (feed_channel(secrets.token_hex(4)) for _ in range(2))
    async with aclosing(nudges.listen(one, f"{one}-b")) as listening:
        states = [nudges.heard]
        assert await heard(listening) == ""
        states.append(nudges.heard)
        await nudges.publish("acme", other, f"{one}-b")
        await nudges.publish("acme", one)
        assert [await heard(listening), await heard(listening)] == [f"{one}-b", one]
    assert [*states, nudges.heard] == [False, True, False]


async def test_a_silence_is_no_end(nudges: Nudges, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that hears nothing for long asks for a sign of life and goes on."""
    monkeypatch.setattr("serving.nudges._PING_EVERY_S", 0.01)
    channel = feed_channel(secrets.token_hex(4))
    async with aclosing(nudges.listen(channel)) as listening:
        assert await heard(listening) == ""
        waiting = asyncio.create_task(heard(listening))
        await asyncio.wait([waiting], timeout=0.3)
        assert not waiting.done()
        await nudges.publish("acme", channel)
        assert await waiting == channel


async def test_a_listener_connects_again(
    nudges: Nudges, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut connection is made again, and the listener told that it may have missed something."""
    monkeypatch.setattr("serving.nudges._RETRY_AFTER_S", 0.01)
    channel = feed_channel(secrets.token_hex(4))
    async with aclosing(nudges.listen(channel)) as listening:
        assert await heard(listening) == ""
        async with redis.Redis.from_url(redis_url) as administrator:
            await administrator.client_kill_filter(_type="pubsub")
        assert await heard(listening) == ""
        assert await heard_of_many(nudges, listening, channel) == channel


async def heard_of_many(nudges: Nudges, listening: AsyncIterator[str], channel: str) -> str:
    """Nudge until it is heard: a nudge may be lost, as when the Redis has just been slow."""
    hearing = asyncio.ensure_future(heard(listening))
    while not hearing.done():
        await nudges.publish("acme", channel)
        await asyncio.wait([hearing], timeout=0.1)
    return await hearing


async def test_without_redis_nothing_is_heard_and_nothing_raised() -> None:
    """Without a URL a listener is at its end at once; with a dead server it keeps trying."""
    none = Nudges(None)
    await none.publish("acme", "channel")
    assert [channel async for channel in none.listen("channel")] == []
    guarded = open_redis("redis://127.0.0.1:1/0")
    assert guarded is not None
    dead = Nudges(guarded)
    await dead.publish("acme", "channel")
    async with aclosing(dead.listen("channel")) as listening:
        waiting = asyncio.ensure_future(anext(listening))
        await asyncio.wait([waiting], timeout=0.1)
        assert not waiting.done()
        assert not dead.heard
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await guarded.close()
