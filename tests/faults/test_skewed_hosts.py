"""Hosts whose clocks are off, beside one that is right: only PostgreSQL's clock says what is due."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from random import Random

from clocks.app import utc_now
from tests.faults.crew import Host, ended, received, start, start_sending, work
from tests.faults.story import check, following, nothing_left, prepare, still_to_come, tell
from tests.services.clocks.following import eventually

AHEAD = timedelta(minutes=5)
BEHIND = timedelta(seconds=-90)
SKEWS = (timedelta(0), AHEAD, BEHIND)


def hosts_of(database_url: str, redis_url: str) -> list[Host]:
    """Give a host that is right, one that is ahead, and one that is behind."""
    return [Host(database_url=database_url, redis_url=redis_url, ahead=ahead) for ahead in SKEWS]


async def test_workers_on_skewed_hosts_fire_nothing_early_or_twice(
    database_url: str, redis_url: str, tenant: str
) -> None:
    """Each threshold once and after its time, whichever of the three workers comes to it."""
    hosts = hosts_of(database_url, redis_url)
    await prepare(hosts[1], tenant)
    story = tell(
        utc_now() + timedelta(seconds=0.3),
        chance=Random(5),  # noqa: S311 - no secret
        batches=10,
        size=20,
        apart=timedelta(seconds=0.1),
    )
    async with AsyncExitStack() as stack:
        follower = await stack.enter_async_context(following(database_url, tenant))
        for host in hosts:
            worker = start(work, host, None)
            stack.callback(worker.join)
            stack.callback(worker.kill)
        sender, receipts = start_sending(hosts[0], tenant, list(enumerate(story)))
        assert await ended(sender) == 0
        assert len(list(received(receipts))) == len(story)
        await eventually(lambda: nothing_left(database_url, tenant))
        await check(database_url, follower, [event for batch in story for event in batch])


async def test_events_of_skewed_hosts_are_taken_as_they_are_told(
    database_url: str, redis_url: str, tenant: str
) -> None:
    """What a host that is behind tells of is broken at once; of one that is ahead, not before its time."""
    hosts = hosts_of(database_url, redis_url)
    await prepare(hosts[2], tenant)
    stories = [
        tell(
            host.now() + timedelta(seconds=0.2),
            chance=Random(0),  # noqa: S311 - no secret
            batches=3,
            size=10,
            apart=timedelta(seconds=0.1),
            name=name,
        )
        for host, name in zip(hosts, ("right", "ahead", "behind"), strict=True)
    ]
    async with AsyncExitStack() as stack:
        follower = await stack.enter_async_context(following(database_url, tenant))
        worker = start(work, hosts[0], None)
        stack.callback(worker.join)
        stack.callback(worker.kill)
        sending = [
            start_sending(host, tenant, list(enumerate(story)))
            for host, story in zip(hosts, stories, strict=True)
        ]
        assert await asyncio.gather(*(ended(sender) for sender, _ in sending)) == [0, 0, 0]
        for _, receipts in sending:
            assert [refused for *_, refused in received(receipts)] == [0, 0, 0]
        running = {event.subject_id for batch in stories[1] for event in batch}
        running -= {event.subject_id for batch in stories[1] for event in batch if event.type == "done"}

        async def only_those_ahead() -> bool:
            return await still_to_come(database_url, tenant) == running

        await eventually(only_those_ahead)
        told = [event for story in stories for batch in story for event in batch]
        await check(database_url, follower, told, to_come=running)
