"""Redis as a cache and a nudge: short waits, and a circuit so that a dead one costs one of them, not many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from serving.cancellation import heeding_cancellation

__all__ = ["FAILURES", "Circuit", "GuardedRedis", "open_redis"]

CALL_TIMEOUT_S = 0.1
SOCKET_TIMEOUT_S = 0.08
COOL_DOWN_S = 1.0
MAX_CONNECTIONS = 64

FAILURES = (RedisError, OSError, TimeoutError)
"""What the client raises when Redis is gone, hung, or refuses."""

AnswerT = TypeVar("AnswerT")

_FAILED = Counter(
    "meantime_redis_failed_calls",
    "Calls that Redis did not answer in time or refused; each opens the circuit",
)
_SKIPPED = Counter("meantime_redis_skipped_calls", "Calls not made because the circuit was open")


class Circuit:
    """Closed until a failure; then open for `cool_down_s`; then one call at a time probes until one succeeds.

    monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, *, cool_down_s: float, monotonic: Callable[[], float]) -> None:
        self._cool_down_s = cool_down_s
        self._monotonic = monotonic
        self._open_until: float | None = None

    def allows(self) -> bool:
        """Say whether a call may be made; where this is a probe, others wait for it a cool-down long."""
        if self._open_until is None:
            return True
        now = self._monotonic()
        if now < self._open_until:
            return False
        self._open_until = now + self._cool_down_s
        return True

    def succeeded(self) -> None:
        """Close the circuit."""
        self._open_until = None

    def failed(self) -> None:
        """Open the circuit."""
        self._open_until = self._monotonic() + self._cool_down_s


class GuardedRedis:
    """A Redis that answers None where it is gone, hung, or refuses: it never raises, and never waits long.

    client: the Redis itself, for what waits longer by nature, such as a subscription.
    """

    def __init__(self, client: Redis, circuit: Circuit) -> None:
        self.client = client
        self._circuit = circuit

    async def call(self, action: Callable[[Redis], Awaitable[AnswerT]]) -> AnswerT | None:
        """Run commands within 100 ms; None when they did not succeed or the circuit is open."""
        if not self._circuit.allows():
            _SKIPPED.inc()
            return None
        try:
            with heeding_cancellation():
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    answer = await action(self.client)
        except FAILURES:
            _FAILED.inc()
            self._circuit.failed()
            return None
        self._circuit.succeeded()
        return answer

    async def check(self) -> None:
        """Raise where Redis does not answer within 100 ms, whatever the circuit says."""
        async with asyncio.timeout(CALL_TIMEOUT_S):
            await self.client.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()


def open_redis(url: str | None, *, monotonic: Callable[[], float] = time.monotonic) -> GuardedRedis | None:
    """Guard the Redis at redis://, rediss:// or unix://; None without a URL. Connects at the first call."""
    if url is None:
        return None
    client = Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),  # redis-py would try thrice by default, a timeout each
        max_connections=MAX_CONNECTIONS,
    )
    return GuardedRedis(client, Circuit(cool_down_s=COOL_DOWN_S, monotonic=monotonic))
