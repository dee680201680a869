"""Redis is a cache and a nudge: flushed, stopped, hung or wrong, answers are right and come soon."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.exceptions import RedisError

from calendars.app import open_calendars
from calendars.contract import CreateCalendar, ReadTimelines
from calendars.service import CalendarsService
from calendars.settings import Settings
from embedded.running import running
from embedded.valkey import valkey_command, valkey_url
from serving.context import RequestContext
from tests.services.calendars.conftest import SECRET
from tests.services.calendars.documents import LONDON, NEW_YORK, SYDNEY
from tests.services.standing_time import StandingTime

KEYS = ("london", "new-york", "sydney")


@dataclass(frozen=True, kw_only=True)
class PrivateValkey:
    """A Valkey of this test's own, to be harmed."""

    url: str
    pid: int


@pytest.fixture
def valkey() -> Iterator[PrivateValkey]:
    """Run a Valkey that no other test knows; it is woken up before it is stopped."""
    with tempfile.TemporaryDirectory(prefix="meantime-test-") as name:
        folder = Path(name)
        with running(valkey_command(sockets=folder), log=folder / "log") as pid:
            yield PrivateValkey(url=valkey_url(sockets=folder), pid=pid)


@pytest.fixture
async def harmed(
    valkey: PrivateValkey, database_url: str, context: RequestContext, clock: StandingTime
) -> AsyncIterator[CalendarsService]:
    """Open the service on the private Valkey, with three Calendars of three zones."""
    settings = Settings(database_url=database_url, redis_url=valkey.url, internal_secret=SECRET)
    async with open_calendars(settings, now=clock) as service:
        for key, document in zip(KEYS, (LONDON, NEW_YORK, SYDNEY), strict=True):
            await service.create_calendar(context, CreateCalendar(key=key, name=key, document=document))
        yield service


async def ask(service: CalendarsService, context: RequestContext) -> list[tuple[str, str, bytes]]:
    """Read the three Timelines as a process that keeps none."""
    service._shelf.forget()
    record = await service.read_timelines(context, ReadTimelines(keys=KEYS))
    return [(line.key, line.content_key, line.blob) for line in record.timelines]


def counted(name: str, **labels: str) -> float:
    """Read a metric."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@contextmanager
def hung(pid: int) -> Iterator[None]:
    """Stop a process from running for the length of the block, its sockets staying open."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_what_one_process_compiles_another_finds_in_redis(
    harmed: CalendarsService, context: RequestContext
) -> None:
    """The second reader, with an empty cache of its own, is answered from Redis with the same bytes."""
    first = await ask(harmed, context)
    before = counted("calendars_timeline_reads_total", source="redis")
    assert await ask(harmed, context) == first
    assert counted("calendars_timeline_reads_total", source="redis") == before + len(KEYS)


async def test_a_flushed_redis_is_filled_again(
    harmed: CalendarsService, context: RequestContext, valkey: PrivateValkey
) -> None:
    """After FLUSHALL the answers are the same, and the entries are back."""
    first = await ask(harmed, context)
    async with Redis.from_url(valkey.url) as redis:
        held = await redis.dbsize()
        await redis.flushall()
        assert await ask(harmed, context) == first
        assert await redis.dbsize() == held == len(KEYS)


@pytest.mark.parametrize("rubbish", ["empty", "text", "truncated", "bit", "other"])
async def test_a_wrong_entry_is_never_believed(
    harmed: CalendarsService, context: RequestContext, valkey: PrivateValkey, rubbish: str
) -> None:
    """An entry damaged, cut, or put under another's key is made anew and put right."""
    first = await ask(harmed, context)
    async with Redis.from_url(valkey.url) as redis:
        names = sorted(await redis.keys("meantime:timeline:*"))
        right = [entry for entry in await redis.mget(names) if isinstance(entry, bytes)]
        wrong = {
            "empty": [b""] * len(right),
            "text": [b"hello"] * len(right),
            "truncated": [entry[:-1] for entry in right],
            "bit": [entry[:60] + bytes([entry[60] ^ 1]) + entry[61:] for entry in right],
            "other": [*right[1:], right[0]],
        }[rubbish]
        for name, entry in zip(names, wrong, strict=True):
            await redis.set(name, entry)
        before = counted("calendars_timeline_corrupt_total")
        assert await ask(harmed, context) == first
        assert counted("calendars_timeline_corrupt_total") == before + len(right)
        assert await redis.mget(names) == right


async def test_an_entry_of_another_type_is_never_believed(
    harmed: CalendarsService, context: RequestContext, valkey: PrivateValkey
) -> None:
    """A list where a blob should be is an error of Redis, and no error of ours."""
    first = await ask(harmed, context)
    async with Redis.from_url(valkey.url) as redis:
        for name in await redis.keys("meantime:timeline:*"):
            await redis.delete(name)
            await redis.rpush(name, "x")
        assert await ask(harmed, context) == first


async def test_a_stopped_redis_costs_nobody_an_answer(
    harmed: CalendarsService, context: RequestContext, valkey: PrivateValkey
) -> None:
    """With Redis gone, reads and changes go on."""
    first = await ask(harmed, context)
    os.kill(valkey.pid, signal.SIGKILL)
    for _ in range(10):
        assert await ask(harmed, context) == first
    created = await harmed.create_calendar(
        context, CreateCalendar(key="paris", name="Paris", document=LONDON)
    )
    assert created.version == 1


async def test_a_hung_redis_costs_one_timeout_and_not_one_a_read(
    harmed: CalendarsService, context: RequestContext, valkey: PrivateValkey
) -> None:
    """While Redis hangs, thirty reads pay for a timeout a second at most; then it is used again."""
    first = await ask(harmed, context)
    failed = counted("meantime_redis_failed_calls_total")
    began_s = time.perf_counter()
    with hung(valkey.pid):
        for _ in range(30):
            assert await ask(harmed, context) == first
        created = await harmed.create_calendar(
            context, CreateCalendar(key="paris", name="Paris", document=LONDON)
        )
        assert created.version == 1
    took_s = time.perf_counter() - began_s
    assert counted("meantime_redis_failed_calls_total") - failed <= 2 + took_s
    found = counted("calendars_timeline_reads_total", source="redis")
    while counted("calendars_timeline_reads_total", source="redis") == found:
        assert await ask(harmed, context) == first


@pytest.mark.parametrize("harm", ["flush", "corrupt", "pause", "kill"])
async def test_a_load_of_reads_outlives_any_harm(
    harmed: CalendarsService, context: RequestContext, valkey: PrivateValkey, harm: str
) -> None:
    """Sixteen readers see no wrong answer and no error while Redis is flushed, lies, hangs or dies."""
    first = await ask(harmed, context)
    halfway, harmed_already = asyncio.Event(), asyncio.Event()
    answers: list[object] = []

    async def read_on() -> None:
        for count in range(20):
            answers.append(await ask(harmed, context))
            if count == 5:
                halfway.set()
                await harmed_already.wait()

    readers = [asyncio.create_task(read_on()) for _ in range(16)]
    await halfway.wait()
    async with Redis.from_url(valkey.url) as redis:
        if harm == "flush":
            await redis.flushall()
        if harm == "corrupt":
            for name in await redis.keys("meantime:timeline:*"):
                await redis.set(name, b"wrong")
    if harm in {"pause", "kill"}:
        os.kill(valkey.pid, signal.SIGSTOP if harm == "pause" else signal.SIGKILL)
    harmed_already.set()
    try:
        await asyncio.gather(*readers)
    finally:
        if harm == "pause":
            os.kill(valkey.pid, signal.SIGCONT)
    assert len(answers) == 16 * 20
    assert all(answer == first for answer in answers)


async def test_no_redis_at_all_is_right_too(
    database_url: str, context: RequestContext, clock: StandingTime, harmed: CalendarsService
) -> None:
    """A service without REDIS_URL answers the same."""
    first = await ask(harmed, context)
    settings = Settings(database_url=database_url, redis_url=None, internal_secret=SECRET)
    async with open_calendars(settings, now=clock) as service:
        assert await ask(service, context) == first
        await service.check_redis()


async def test_readiness_says_that_redis_hangs(harmed: CalendarsService, valkey: PrivateValkey) -> None:
    """The check of Redis fails within its time while Redis hangs, and passes before."""
    await harmed.check_redis()
    with hung(valkey.pid), pytest.raises((TimeoutError, RedisError)):
        await harmed.check_redis()
