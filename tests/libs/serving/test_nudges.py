from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import redis.asyncio as redis

from serving.nudges import Nudges, open_redis

PATIENCE_S = 10


class Counter:
    """Counts wakes, and lets a test wait for the next."""

    def __init__(self) -> None:
        self.count = 0
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Count one."""
        self.count += 1
        self._woken.set()

    async def next(self) -> int:
        """Wait for a wake."""
        async with asyncio.timeout(PATIENCE_S):
            await self._woken.wait()
        self._woken.clear()
        return self.count


@pytest.fixture
async def nudges(redis_url: str) -> AsyncIterator[Nudges]:
    """Open nudges over a real server."""
    nudges = Nudges(redis_url)
    yield nudges
    await nudges.close()


async def test_a_nudge_wakes_whoever_listens_to_its_topic(nudges: Nudges) -> None:
    """A listener hears its own topics, and none besides."""
    topic, heard = secrets.token_hex(4), Counter()
    listener = asyncio.create_task(nudges.listen([topic], heard.wake))
    assert await heard.next() == 1, "a wake once it can hear: what came before may have been missed"
    await nudges.publish(topic + "-other")
    await nudges.publish(topic)
    assert await heard.next() == 2
    listener.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listener


async def test_a_listener_connects_again(nudges: Nudges, redis_url: str) -> None:
    """A cut connection is made again, with a wake for what was said in between."""
    topic, heard = secrets.token_hex(4), Counter()
    listener = asyncio.create_task(nudges.listen([topic], heard.wake))
    await heard.next()
    async with redis.Redis.from_url(redis_url) as administrator:
        await administrator.client_kill_filter(_type="pubsub")
    await heard.next()
    await nudges.publish(topic)
    await heard.next()
    listener.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listener


async def test_without_redis_nothing_is_raised() -> None:
    """Neither a missing nor a dead server is an error to whoever nudges, and a listener keeps trying."""
    for url in (None, "redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock"):
        nudges, heard = Nudges(url), Counter()
        listener = asyncio.create_task(nudges.listen(["topic"], heard.wake))
        await nudges.publish("topic")
        await nudges.publish("topic")
        await asyncio.sleep(0)
        assert heard.count == 0
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
        await nudges.close()


async def test_a_redis_that_hangs_costs_one_wait() -> None:
    """A server that takes connections and says nothing is given up on, then left alone for a while."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    nudges = Nudges(f"redis://127.0.0.1:{port}/0")
    began_s = asyncio.get_running_loop().time()
    for _ in range(50):
        await nudges.publish("topic")
    assert asyncio.get_running_loop().time() - began_s < 3
    await nudges.close()
    for writer in held:
        writer.close()
    server.close()


async def test_a_cache_client_speaks_to_the_server(redis_url: str) -> None:
    """Over a unix socket or TCP, values are bytes."""
    assert urlsplit(redis_url).scheme in {"redis", "unix"}
    key = f"test:{secrets.token_hex(4)}"
    async with open_redis(redis_url) as client:
        await client.set(key, b"\x00\xff", ex=60)
        assert await client.get(key) == b"\x00\xff"
