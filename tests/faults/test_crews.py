"""Workers and clients killed by -9 wherever they wait, PostgreSQL and Redis, too: all exactly once.

Each run takes another seed and prints it; MEANTIME_FAULTS_SEED repeats one. `make soak` makes more rounds.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

import pytest

from clocks.app import utc_now
from clocks.contract import EventRecord
from tests.faults.crew import UNAVAILABLE, Death, Host, ended, received, start, start_sending, work
from tests.faults.mortal_servers import MortalServers
from tests.faults.story import check, following, nothing_left, prepare, tell
from tests.services.clocks.following import eventually

ROUNDS = range(max(1, int(os.environ.get("MEANTIME_HYPOTHESIS_EXAMPLES", "100")) // 200))
BATCHES = 14
SIZE = 12
APART = timedelta(seconds=0.15)
LIVES = 2
"""How often each process dies before it may live on."""


@pytest.fixture(params=ROUNDS)
def chance() -> Random:
    """Draw a seed, and say which."""
    seed = int(os.environ.get("MEANTIME_FAULTS_SEED", secrets.randbits(32)))
    print(f"MEANTIME_FAULTS_SEED={seed}")  # noqa: T201 - pytest shows it where a test fails
    return Random(seed)  # noqa: S311 - no secret


@pytest.mark.parametrize("workers", [2, 4])
async def test_workers_and_senders_are_killed(
    chance: Random, workers: int, database_url: str, redis_url: str, tenant: str
) -> None:
    """Killed before, during or after any trip to a server: nothing is lost, doubled, or early."""
    host = Host(database_url=database_url, redis_url=redis_url)
    await live_through(chance, host, tenant, workers=workers, lives=LIVES)


async def test_postgres_is_killed(chance: Random, tenant: str) -> None:
    """Killed twice under ingest and firing: what was taken is there, and all is told once."""
    with MortalServers() as servers:
        await servers.migrate()

        async def fate() -> None:
            for _ in range(2):
                await asyncio.sleep(chance.uniform(0.3, 1.0))
                await servers.kill_postgres()

        await live_through(chance, servers.host, tenant, workers=2, fate=fate)


async def test_redis_goes(chance: Random, tenant: str) -> None:
    """Killed amid the story, and gone: what is due is fired without it, while workers die, too."""
    with MortalServers() as servers:
        await servers.migrate()

        async def fate() -> None:
            await asyncio.sleep(chance.uniform(0.3, 1.0))
            servers.kill_redis()

        await live_through(chance, servers.host, tenant, workers=2, lives=1, fate=fate)


async def nothing_happens() -> None:
    """Leave the servers alone."""


async def live_through(
    chance: Random,
    host: Host,
    tenant: str,
    *,
    workers: int,
    lives: int = 0,
    fate: Callable[[], Awaitable[None]] = nothing_happens,
) -> None:
    """Live through a story, and count what was said of it."""
    await prepare(host, tenant)
    story = tell(utc_now() + timedelta(seconds=0.3), chance=chance, batches=BATCHES, size=SIZE, apart=APART)
    async with (
        following(host.database_url, tenant) as follower,
        crew(host, [deaths(chance, lives) for _ in range(workers)]) as last_lives,
    ):
        async with asyncio.timeout(60):
            await asyncio.gather(deliver(host, tenant, story, deaths(chance, lives)), fate())
            await asyncio.gather(*(one.wait() for one in last_lives))
        await eventually(lambda: nothing_left(host.database_url, tenant))
        await check(host.database_url, follower, [event for batch in story for event in batch])


def deaths(chance: Random, lives: int) -> list[Death | None]:
    """Choose how a process dies, so many times; then it lives."""
    chosen: list[Death | None] = [
        Death(trip=chance.randint(1, 40), how=chance.choice(("before", "during", "after")))
        for _ in range(lives)
    ]
    return [*chosen, None]


@asynccontextmanager
async def crew(host: Host, fates: Sequence[Sequence[Death | None]]) -> AsyncIterator[list[asyncio.Event]]:
    """Keep a worker running for each fate; gives what is set once a worker is in its last life."""
    last_lives = [asyncio.Event() for _ in fates]
    tasks = [
        asyncio.create_task(keep_working(host, fate, last))
        for fate, last in zip(fates, last_lives, strict=True)
    ]
    try:
        yield last_lives
    finally:
        for task in tasks:
            task.cancel()
        failures = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(failure, asyncio.CancelledError) for failure in failures), failures


async def keep_working(host: Host, fate: Sequence[Death | None], last: asyncio.Event) -> None:
    """Start a worker again each time that it dies as it should, or finds no PostgreSQL as it starts."""
    lives = deque(fate)
    while lives:
        process = start(work, host, lives[0])
        if lives[0] is None:
            last.set()
        try:
            code = await ended(process)
        finally:
            process.kill()
            process.join()
        if code != UNAVAILABLE:
            assert (code, lives.popleft() is None) == (-signal.SIGKILL, False)


async def deliver(
    host: Host, tenant: str, story: Sequence[Sequence[EventRecord]], fate: Sequence[Death | None]
) -> None:
    """Send every batch until it is taken, from where a sender that died was not answered any more."""
    left, lives = dict(enumerate(story)), deque(fate)
    while left:
        process, receipts = start_sending(host, tenant, list(left.items()), lives[0])
        code = await ended(process)
        for number, accepted, duplicates, refused in received(receipts):
            assert (accepted + duplicates, refused) == (len(left.pop(number)), 0)
        if code != UNAVAILABLE:
            assert code == (-signal.SIGKILL if lives.popleft() else 0)
