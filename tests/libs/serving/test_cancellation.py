from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import pytest

from serving.cancellation import heeding_cancellation
from serving.guarded_redis import GuardedRedis, open_redis
from serving.nudges import Nudges

PATIENCE_S = 10


async def cancelled_after(turns: int, work: Callable[[], Awaitable[None]]) -> None:
    """Cancel work after so many turns of the loop, and wait until it has ended by that."""
    task = asyncio.ensure_future(work())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=PATIENCE_S)
    assert task.cancelled()


async def test_a_swallowed_cancellation_is_raised() -> None:
    """Where the block swallows a cancellation, or turns it into an error, the task is cancelled still."""

    async def swallow() -> None:
        with heeding_cancellation():
            try:
                await asyncio.sleep(PATIENCE_S)
            except asyncio.CancelledError:
                raise OSError from None

    await cancelled_after(1, swallow)


@pytest.mark.parametrize("turns", range(1, 40))
async def test_redis_swallows_no_cancellation(redis_url: str, turns: int) -> None:
    """Whoever says or hears nudges for ever ends when cancelled, in whatever turn that comes."""
    redis = open_redis(redis_url)
    assert redis is not None

    async def publish(redis: GuardedRedis = redis) -> None:
        while True:
            await Nudges(redis).publish("acme", "channel")

    async def listen(redis: GuardedRedis = redis) -> None:
        async for _ in Nudges(redis).listen(secrets.token_hex(4)):
            pass

    try:
        await Nudges(redis).publish("acme", "channel")
        await cancelled_after(turns, publish)
        await cancelled_after(turns, listen)
    finally:
        await redis.close()
