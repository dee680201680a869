from __future__ import annotations

import asyncio

import pytest

from pgstore.shares import Shares


class Crowd:
    """Tasks that hold places until they are let go, and in which order they came in."""

    def __init__(self, capacity: int, tasks: asyncio.TaskGroup) -> None:
        self.shares = Shares(capacity)
        self.inside: list[str] = []
        self.tasks = tasks
        self.leave: dict[str, list[asyncio.Event]] = {}

    async def come(self, *names: str, size: int = 1) -> None:
        """Have one task of each tenant ask for a place, and all come as far as they can."""
        for name in names:
            self.tasks.create_task(self._hold(name, size))
            await turns()

    async def go(self, *names: str) -> None:
        """Have one task of each tenant that came in give its place back."""
        for name in names:
            self.leave[name].pop(0).set()
            await turns()

    async def _hold(self, name: str, size: int) -> None:
        event = asyncio.Event()
        await self.shares.take(name, size)
        self.inside.append(name)
        self.leave.setdefault(name, []).append(event)
        await event.wait()
        self.shares.give(name, size)


async def turns() -> None:
    """Let all tasks come as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_that_asks_for_much_leaves_room_for_the_others() -> None:
    """Alone a tenant gets a half, the next a quarter, and something is left for the third and fourth."""
    async with asyncio.TaskGroup() as tasks:
        crowd = Crowd(8, tasks)
        await crowd.come(*"aaaaaaaaaa", *"bbbbbb", *"cccc", *"d")
        assert sorted(crowd.inside) == [*"aaaa", *"bb", *"c", *"d"]
        await crowd.go(*"abcd", *"abc", *"abc", *"abc", *"ab", *"ab")
        await crowd.go(*"aaaa")
    assert len(crowd.inside) == 21


async def test_those_who_wait_take_turns() -> None:
    """Of two that wait with many, each gets what comes free in turn, whoever came first."""
    async with asyncio.TaskGroup() as tasks:
        crowd = Crowd(1, tasks)
        await crowd.come(*"xaaabb")
        assert crowd.inside == ["x"]
        await crowd.go(*"xababa")
    assert crowd.inside == [*"xababa"]


async def test_nobody_overtakes_one_that_needs_much_and_holds_nothing() -> None:
    """What needs nearly all is let in once there is room, though small ones keep coming."""
    async with asyncio.TaskGroup() as tasks:
        crowd = Crowd(10, tasks)
        await crowd.come(*"ab")
        await crowd.come("large", size=9)
        await crowd.come(*"cd")
        assert crowd.inside == ["a", "b"]
        await crowd.go("a")
        assert crowd.inside == ["a", "b", "large"]
        await crowd.go("b", "large", "c", "d")


async def test_one_over_its_share_keeps_nobody_waiting() -> None:
    """A tenant that holds much and needs more than is free waits; others pass."""
    async with asyncio.TaskGroup() as tasks:
        crowd = Crowd(10, tasks)
        await crowd.come("sick", "other", size=4)
        await crowd.come("sick", size=4)
        await crowd.come("well")
        assert crowd.inside == ["sick", "other", "well"]
        await crowd.go("sick", "other", "well", "sick")


@pytest.mark.parametrize("place", [0, 1])
async def test_whoever_leaves_the_queue_leaves_no_trace(place: int) -> None:
    """One that waits and is cancelled, first in the queue or not, holds up nobody."""
    shares = Shares(1)
    async with shares.hold("a"):
        waiting = [asyncio.create_task(shares.take("b")) for _ in range(2)]
        await turns()
        waiting[place].cancel()
        await turns()
        assert shares.waiting("b") == 1
    await waiting[1 - place]
    shares.give("b")
    await shares.take("c", patience_s=0.01)


async def test_patience_ends() -> None:
    """Whoever has waited for too long gets a TimeoutError, and the place goes to the next."""
    shares = Shares(2)
    async with shares.hold("a"):
        with pytest.raises(TimeoutError):
            await shares.take("a", patience_s=0.01)
        await shares.take("b", patience_s=0.01)
