"""Compiled Timelines by definition key: in the process (bounded), then Redis, then made anew.

Keys cover content, horizon and data versions (domain/definition), so an entry is never stale. What comes from
Redis is believed only if its digest, over the key and the bytes, is right; anything else is made anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from prometheus_client import Counter
from redis.asyncio import Redis

from businesstime import BusinessTimeError, Timeline
from calendars.domain.definition import DefinitionKey
from serving.guarded_redis import GuardedRedis

__all__ = ["MAX_HELD", "CompiledTimeline", "Make", "TimelineShelf", "seal", "unseal"]

MAX_HELD = 512
EXPIRY_S = 7 * 24 * 3600

_DIGEST_BYTES = 32

_READS = Counter(
    "calendars_timeline_reads",
    "Timelines read, by where they were found: process, redis, compiled.",
    ["source"],
)
_FROM_PROCESS = _READS.labels("process")
_FROM_REDIS = _READS.labels("redis")
_COMPILED = _READS.labels("compiled")
_CORRUPT = Counter("calendars_timeline_corrupt", "Entries in Redis that were not what was put there.")


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledTimeline:
    """A Timeline and its binary form."""

    timeline: Timeline
    blob: bytes


Make = Callable[[Sequence[DefinitionKey]], Awaitable[Mapping[DefinitionKey, Timeline]]]
"""Compiles the Timelines of definition keys that no cache has."""


class TimelineShelf:
    """The caches of Timelines, each asked in turn; one making of a key at a time, whoever asks.

    redis: None where there is none. max_held: how many Timelines the process keeps, the least used leave.
    """

    def __init__(self, redis: GuardedRedis | None, *, max_held: int = MAX_HELD) -> None:
        self._redis = redis
        self._max_held = max_held
        self._held: OrderedDict[DefinitionKey, CompiledTimeline] = OrderedDict()
        self._making: dict[DefinitionKey, asyncio.Event] = {}

    def held(self, key: DefinitionKey) -> CompiledTimeline | None:
        """Return what the process keeps under a key."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
            _FROM_PROCESS.inc()
        return found

    async def obtain(
        self, keys: Iterable[DefinitionKey], make: Make
    ) -> dict[DefinitionKey, CompiledTimeline]:
        """Return the Timelines of all keys; `make` is asked for those that no cache has, and may raise."""
        found: dict[DefinitionKey, CompiledTimeline] = {}
        missing = list(dict.fromkeys(keys))
        while missing:
            found |= {key: held for key in missing if (held := self.held(key))}
            missing = [key for key in missing if key not in found]
            own = [key for key in missing if key not in self._making]
            found |= await self._fetch_or_make(own, make)
            missing = [key for key in missing if key not in found]
            for key in missing:
                await self._settled(key)
        return found

    def forget(self) -> None:
        """Empty the process's own cache."""
        self._held.clear()

    async def _settled(self, key: DefinitionKey) -> None:
        """Wait until another's making of the key has ended, well or not."""
        making = self._making.get(key)
        if making is not None:
            await making.wait()

    async def _fetch_or_make(
        self, keys: Sequence[DefinitionKey], make: Make
    ) -> dict[DefinitionKey, CompiledTimeline]:
        if not keys:
            return {}
        settled = asyncio.Event()
        self._making |= dict.fromkeys(keys, settled)
        try:
            found = await self._fetch(keys)
            missing = [key for key in keys if key not in found]
            found |= await self._make(missing, make)
            self._hold(found)
            return found
        finally:
            for key in keys:
                del self._making[key]
            settled.set()

    async def _fetch(self, keys: Sequence[DefinitionKey]) -> dict[DefinitionKey, CompiledTimeline]:
        if self._redis is None:
            return {}
        sealed = await self._redis.call(lambda redis: _get_all(redis, keys)) or []
        found = {}
        for key, entry in zip(keys, sealed, strict=False):
            compiled = unseal(key, entry) if entry is not None else None
            if compiled is not None:
                found[key] = compiled
            elif entry is not None:
                _CORRUPT.inc()
        _FROM_REDIS.inc(len(found))
        return found

    async def _make(self, keys: Sequence[DefinitionKey], make: Make) -> dict[DefinitionKey, CompiledTimeline]:
        if not keys:
            return {}
        timelines = await make(keys)
        made = {
            key: CompiledTimeline(timeline=timeline, blob=timeline.to_bytes())
            for key, timeline in timelines.items()
        }
        _COMPILED.inc(len(made))
        if self._redis is not None:
            await self._redis.call(lambda redis: _set_all(redis, made))
        return made

    def _hold(self, found: Mapping[DefinitionKey, CompiledTimeline]) -> None:
        self._held |= found
        while len(self._held) > self._max_held:
            self._held.popitem(last=False)


def seal(key: DefinitionKey, blob: bytes) -> bytes:
    """Return what is put into Redis: a digest over key and blob, and the blob."""
    return sha256(key.encode() + blob).digest() + blob


def unseal(key: DefinitionKey, sealed: bytes) -> CompiledTimeline | None:
    """Return what was put under the key; None where these bytes are not that."""
    digest, blob = sealed[:_DIGEST_BYTES], sealed[_DIGEST_BYTES:]
    if sha256(key.encode() + blob).digest() != digest:
        return None
    try:
        return CompiledTimeline(timeline=Timeline.from_bytes(blob), blob=blob)
    except BusinessTimeError:  # right bytes of a process with other data or code
        return None


def redis_key(key: DefinitionKey) -> str:
    """Name an entry in Redis. Content has no tenant: equal calendars of many tenants share it."""
    return f"meantime:timeline:{key}"


async def _get_all(redis: Redis, keys: Sequence[DefinitionKey]) -> list[bytes | None]:
    """Get entries in one trip, each by itself: on a cluster they lie in several slots."""
    async with redis.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.get(redis_key(key))
        entries: list[bytes | None] = await pipeline.execute()
        return entries


async def _set_all(redis: Redis, made: Mapping[DefinitionKey, CompiledTimeline]) -> bool:
    async with redis.pipeline(transaction=False) as pipeline:
        for key, compiled in made.items():
            pipeline.set(redis_key(key), seal(key, compiled.blob), ex=EXPIRY_S)
        await pipeline.execute()
    return True
