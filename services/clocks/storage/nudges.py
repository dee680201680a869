"""Nudges over Redis, after a commit: a lost one costs a wait, never a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

__all__ = ["CALENDARS_CHANNEL", "FEED_CHANNEL", "WORK_CHANNEL", "Nudges"]

FEED_CHANNEL = "meantime:nudge:clocks"
"""Where followers of this service's feed are nudged; the text is the tenant's id."""

WORK_CHANNEL = "meantime:work:clocks"
"""Where the workers are nudged: something is due sooner than they may think, or rules have changed."""

CALENDARS_CHANNEL = "meantime:nudge:calendars"
"""Where the calendars service nudges followers of its feed."""

_TIMEOUT_S = 0.1
_COOL_DOWN_S = 1.0
_LOG = structlog.get_logger("nudges")


class Nudges:
    """Publishes and listens; where Redis is gone it does neither, and says so once.

    monotonic: a clock in seconds that never goes back. heard: whether `listen` has a connection now.
    """

    def __init__(self, url: str | None, *, monotonic: Callable[[], float]) -> None:
        self._redis = None if url is None else _connect(url)
        self._monotonic = monotonic
        self._silent_until = 0.0
        self.heard = False

    async def publish(self, tenant_id: str, *channels: str) -> None:
        """Nudge, within 100 ms, or not at all; after a failure not for a second."""
        if self._redis is None or self._monotonic() < self._silent_until:
            return
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                for channel in channels:
                    await self._redis.publish(channel, tenant_id)
        except (RedisError, OSError, TimeoutError) as error:
            self._silent_until = self._monotonic() + _COOL_DOWN_S
            _LOG.warning("nudge not sent", reason=str(error) or type(error).__name__)

    async def listen(self, *channels: str) -> AsyncIterator[str]:
        """Iterate over the channels that are nudged, for ever; a gone Redis is tried again every second.

        The first item is an empty text, at each connection: whatever was nudged before it may have been
        missed.
        """
        while self._redis is not None:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(*channels)
                    self.heard = True
                    yield ""
                    while True:
                        message = await subscription.get_message(timeout=_COOL_DOWN_S)
                        if message is not None:
                            yield message["channel"].decode()
            except (RedisError, OSError, TimeoutError) as error:
                self.heard = False
                _LOG.warning("nudges are not heard", reason=str(error) or type(error).__name__)
                await asyncio.sleep(_COOL_DOWN_S)

    async def ping(self) -> None:
        """Ask Redis for a sign of life; raises what it raises."""
        if self._redis is not None:
            await self._redis.ping()

    async def close(self) -> None:
        """Close all connections."""
        if self._redis is not None:
            await self._redis.aclose()


def _connect(url: str) -> Redis:
    # A read of a subscription may take as long as it likes; a call that should be quick has its own timeout.
    return Redis.from_url(
        url, socket_timeout=None, socket_connect_timeout=_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
    )
