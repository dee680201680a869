"""Nudges over Redis, after a commit: look now, not at your next poll. A lost one costs a wait, no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import structlog
from redis.asyncio.client import PubSub

from serving.cancellation import heeding_cancellation
from serving.guarded_redis import FAILURES, GuardedRedis

__all__ = ["Nudges", "feed_channel"]

_PING_EVERY_S = 5.0
_RETRY_AFTER_S = 1.0
_LOG = structlog.get_logger("nudges")


def feed_channel(service: str) -> str:
    """Name the channel on which followers of a service's feed are nudged; the text is a tenant's id."""
    return f"meantime:nudge:{service}"


class Nudges:
    """Publishes and hears nudges; without a Redis it does neither, and everything still works by polling.

    heard: whether `listen` has a connection now, so that polls may be rarer.
    """

    def __init__(self, redis: GuardedRedis | None) -> None:
        self._redis = redis
        self.heard = False

    async def publish(self, tenant_id: str, *channels: str) -> None:
        """Nudge, after the commit of what is to be looked at; never raises, and never waits long."""
        if self._redis is not None:
            for channel in channels:
                # Ruff would have the lambda bind `channel`; it is called before the next turn of the loop.
                await self._redis.call(lambda client: client.publish(channel, tenant_id))  # noqa: B023

    async def listen(self, *channels: str) -> AsyncGenerator[str, None]:
        """Iterate over the channels that are nudged, for ever; a Redis that is gone is tried every second.

        The first item of each connection is an empty text: what was said before it may have been missed.
        """
        while self._redis is not None:
            try:
                async with self._redis.client.pubsub(ignore_subscribe_messages=True) as subscription:
                    with heeding_cancellation():
                        await subscription.subscribe(*channels)
                    self.heard = True
                    yield ""
                    while True:
                        if channel := await _next(subscription):
                            yield channel
            except FAILURES as error:
                _LOG.warning("nudges are not heard", reason=str(error) or type(error).__name__)
            finally:
                self.heard = False
            await asyncio.sleep(_RETRY_AFTER_S)


async def _next(subscription: PubSub) -> str | None:
    """Wait for a nudge; None after a while without one, in which the connection has shown that it lives."""
    with heeding_cancellation():
        message = await subscription.get_message(timeout=_PING_EVERY_S)
        if message is None:
            await subscription.ping()
            return None
    return message["channel"].decode() if message["type"] == "message" else None
