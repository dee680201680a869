"""Redis as a cache and a nudge: short timeouts, and a circuit so that a dead one costs one, not many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

__all__ = ["Circuit", "GuardedRedis", "connect"]

CALL_TIMEOUT_S = 0.1
SOCKET_TIMEOUT_S = 0.08
COOL_DOWN_S = 1.0

AnswerT = TypeVar("AnswerT")

_FAILURES = Counter(
    "calendars_redis_failures", "Calls that Redis did not answer in time or refused; each opens the circuit."
)
_SKIPPED = Counter("calendars_redis_skipped", "Calls not made because the circuit was open.")


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
    """A Redis that answers None where it is gone, hung, or refuses: it never raises, and never waits long."""

    def __init__(self, redis: Redis, circuit: Circuit) -> None:
        self._redis = redis
        self._circuit = circuit

    async def call(self, action: Callable[[Redis], Awaitable[AnswerT]]) -> AnswerT | None:
        """Run commands within 100 ms; None when they did not succeed or the circuit is open."""
        if not self._circuit.allows():
            _SKIPPED.inc()
            return None
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                answer = await action(self._redis)
        except (RedisError, OSError, TimeoutError):
            _FAILURES.inc()
            self._circuit.failed()
            return None
        self._circuit.succeeded()
        return answer

    async def check(self) -> None:
        """Raise where Redis does not answer within 100 ms, whatever the circuit says."""
        async with asyncio.timeout(CALL_TIMEOUT_S):
            await self._redis.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()


def connect(url: str, *, monotonic: Callable[[], float]) -> GuardedRedis:
    """Return a guarded Redis for a URL; no connection is made before the first call."""
    redis = Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),  # redis-py would try thrice by default, a timeout each
        max_connections=64,
    )
    return GuardedRedis(redis, Circuit(cool_down_s=COOL_DOWN_S, monotonic=monotonic))
