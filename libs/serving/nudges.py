"""Nudges over Redis: look now, not at your next poll. A lost one costs a poll interval, nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

__all__ = ["Nudges", "open_redis"]

_LOG = structlog.get_logger("nudges")
_CHANNEL = "meantime:nudge:"
_TIMEOUT_S = 0.5
_QUIET_S = 1.0  # after a failure, so that a Redis that hangs is not waited for again and again
_PING_EVERY_S = 15.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_FAILURES = (RedisError, OSError, TimeoutError)


def open_redis(url: str) -> Redis:
    """Open a client for caching at redis://, rediss:// or unix:// that gives up after half a second.

    Connects when first used. Its calls raise `redis.exceptions.RedisError` or OSError: whoever caches goes
    on without.
    """
    return Redis.from_url(
        url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )


class Nudges:
    """Publishes and hears nudges; without a URL it does neither, and everything still works by polling."""

    def __init__(self, url: str | None) -> None:
        self._redis = open_redis(url) if url else None
        self._quiet_until_s = 0.0

    async def publish(self, topic: str) -> None:
        """Nudge whoever listens to a topic, after the commit of what they should look at; never raises."""
        if self._redis is None or time.monotonic() < self._quiet_until_s:
            return
        try:
            await self._redis.publish(_CHANNEL + topic, b"")
        except _FAILURES as error:
            self._quiet_until_s = time.monotonic() + _QUIET_S
            _LOG.warning("nudge lost", topic=topic, reason=str(error))

    async def listen(self, topics: Sequence[str], wake: Callable[[], None]) -> None:
        """Call `wake` at each nudge and after each reconnection, until cancelled; never raises."""
        pause_s = _FIRST_PAUSE_S
        while self._redis is not None:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(*(_CHANNEL + topic for topic in topics))
                    pause_s = _FIRST_PAUSE_S
                    await _hear(channel, wake)
            except _FAILURES as error:
                _LOG.warning("nudges unheard", topics=list(topics), reason=str(error))
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()


async def _hear(channel: PubSub, wake: Callable[[], None]) -> None:
    """Hear until the connection breaks; what was said before it was made may be missed, hence a wake."""
    wake()
    while True:
        message = await channel.get_message(timeout=_PING_EVERY_S)
        if message is None:
            await channel.ping()
        elif message["type"] == "message":
            wake()
