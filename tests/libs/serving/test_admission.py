from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from serving.admission import TOO_BUSY, Admission
from serving.problems import Problem


def admission(*, capacity: int = 10, waiting: int = 2, patience_s: float = 20) -> Admission:
    """Make a gate of ten bytes."""
    return Admission("tests", capacity=capacity, waiting=waiting, patience_s=patience_s)


async def passing(gate: Admission, size: int, passed: list[int], leave: asyncio.Event) -> None:
    """Go through and stay until told to leave."""
    async with gate.admit("acme", size):
        passed.append(size)
        await leave.wait()


async def turns() -> None:
    """Let all tasks come as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_fits_is_under_way() -> None:
    """Those that do not fit wait, in order: a small one does not overtake a large one."""
    gate, passed, leave = admission(), list[int](), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for size in (6, 5, 1):
            tasks.create_task(passing(gate, size, passed, leave))
            await turns()
        assert passed == [6]
        leave.set()
    assert passed == [6, 5, 1]


async def test_queue_is_bounded() -> None:
    """Whoever finds the queue full is refused at once, with a code that says to try again."""
    gate, leave = admission(waiting=1), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(passing(gate, 10, [], leave))
            await turns()
        with pytest.raises(Problem) as refused:
            async with gate.admit("acme"):
                pass
        assert (refused.value.code, refused.value.kind) == (TOO_BUSY, "too_many")
        leave.set()


async def test_one_tenant_fills_its_own_queue() -> None:
    """While one tenant is refused for all that it has sent, another is let in at once."""
    gate, leave = admission(waiting=1), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(passing(gate, 4, [], leave))
            await turns()
        with pytest.raises(Problem):
            async with gate.admit("acme"):
                pass
        async with gate.admit("other", 5):
            leave.set()


async def test_patience_ends() -> None:
    """Whoever has waited for too long is refused, and leaves no trace: the next one gets in."""
    gate = admission(patience_s=0.01)
    async with gate.admit("acme", 10):
        with pytest.raises(Problem):
            async with gate.admit("acme", 10):
                pass
    async with gate.admit("acme", 10):
        pass


@pytest.mark.parametrize("turn_has_come", [False, True])
async def test_whoever_leaves_gives_back(*, turn_has_come: bool) -> None:
    """A request that is cancelled while it waits, or as its turn comes, holds no room."""
    gate = admission()
    async with AsyncExitStack() as inside:
        await inside.enter_async_context(gate.admit("acme", 10))
        left = asyncio.create_task(passing(gate, 10, [], asyncio.Event()))
        behind = asyncio.create_task(passing(gate, 3, [], asyncio.Event()))
        await turns()
        if turn_has_come:
            await inside.aclose()
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
    await turns()
    async with gate.admit("other", 7):
        behind.cancel()
        await asyncio.gather(behind, return_exceptions=True)


async def test_whoever_leaves_as_room_comes_is_cancelled() -> None:
    """A request that is cancelled just before room comes ends as cancelled, not with an error of ours."""
    gate = admission()
    async with AsyncExitStack() as inside:
        await inside.enter_async_context(gate.admit("acme", 10))
        left = asyncio.create_task(passing(gate, 10, [], asyncio.Event()))
        await turns()
        left.cancel()
    (outcome,) = await asyncio.gather(left, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)
    async with gate.admit("acme", 10):
        pass


async def test_one_larger_than_all_room_passes_alone() -> None:
    """A request over the capacity is admitted when there is no other."""
    async with admission().admit("acme", 1_000):
        pass
