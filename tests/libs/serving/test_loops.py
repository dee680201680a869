from __future__ import annotations

import asyncio
import os
import signal

import pytest
import structlog

from serving import loops
from serving.loops import Loop, LoopStuckError, stop_on_signals

PATIENCE_S = 10


class Steps:
    """Counts steps, and lets a test wait for one."""

    def __init__(self, *, pause_s: float, fail_first: int = 0) -> None:
        self.count = 0
        self._pause_s = pause_s
        self._fail_first = fail_first
        self._stepped = asyncio.Event()

    async def step(self) -> float:
        """Do one step, or fail."""
        self.count += 1
        self._stepped.set()
        if self.count <= self._fail_first:
            raise ZeroDivisionError
        return self._pause_s

    async def until(self, count: int) -> None:
        """Wait for the step of a number."""
        async with asyncio.timeout(PATIENCE_S):
            while self.count < count:
                self._stepped.clear()
                await self._stepped.wait()


async def test_a_loop_steps_after_the_pause_that_it_asks_for() -> None:
    """A short pause gives the next step soon, none gives it at once."""
    for pause_s in (0.0, 0.001):
        loop, steps = Loop("test"), Steps(pause_s=pause_s)
        running = asyncio.create_task(loop.run(steps.step))
        await steps.until(5)
        loop.stop()
        await asyncio.wait_for(running, PATIENCE_S)


async def test_a_wake_ends_the_pause() -> None:
    """A loop that has nothing to do for an hour looks at once when nudged."""
    loop, steps = Loop("test"), Steps(pause_s=3600)
    running = asyncio.create_task(loop.run(steps.step))
    for count in (1, 2, 3):
        await steps.until(count)
        loop.wake()
    await steps.until(4)
    loop.stop()
    await asyncio.wait_for(running, PATIENCE_S)


async def test_a_wake_during_a_step_is_not_lost() -> None:
    """What comes while a step is under way, which may have looked already, brings another step."""
    loop, count = Loop("test"), 0

    async def step() -> float:
        nonlocal count
        count += 1
        if count == 1:
            loop.wake()
        else:
            loop.stop()
        return 3600

    await asyncio.wait_for(loop.run(step), PATIENCE_S)
    assert count == 2


async def test_a_step_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop lives on, and a wake does not make it knock faster than it should."""
    monkeypatch.setattr(loops, "_FIRST_PAUSE_S", 0.001)
    loop, steps = Loop("test"), Steps(pause_s=3600, fail_first=3)
    running = asyncio.create_task(loop.run(steps.step))
    loop.wake()
    await steps.until(4)
    loop.stop()
    await asyncio.wait_for(running, PATIENCE_S)


def test_pauses_after_failures_grow_to_a_bound() -> None:
    """From a tenth of a second to ten, spread by half."""
    assert 0.1 <= loops._pause_after(1) <= 0.2
    assert 5 <= loops._pause_after(50) <= 10


async def test_a_stop_ends_the_loop_in_a_pause_and_in_a_failure() -> None:
    """Nobody waits for a pause to pass."""
    for fail_first in (0, 1000):
        loop, steps = Loop("test"), Steps(pause_s=3600, fail_first=fail_first)
        running = asyncio.create_task(loop.run(steps.step))
        await steps.until(1)
        loop.stop()
        await asyncio.wait_for(running, PATIENCE_S)


async def test_signals_stop_loops() -> None:
    """A process that is asked to end finishes the step that it is in."""
    loop, steps = Loop("test"), Steps(pause_s=3600)
    stop_on_signals(loop)
    running = asyncio.create_task(loop.run(steps.step))
    await steps.until(1)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, PATIENCE_S)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_each_step_has_a_request_id() -> None:
    """Lines of one step belong together, also where it asks other services."""
    loop, seen = Loop("test"), list[dict[str, object]]()

    async def step() -> float:
        seen.append(structlog.contextvars.get_contextvars())
        if len(seen) == 2:
            loop.stop()
        return 0

    await asyncio.wait_for(loop.run(step), PATIENCE_S)
    assert [one["loop"] for one in seen] == ["test", "test"]
    assert seen[0]["request_id"] != seen[1]["request_id"]


async def test_a_loop_that_does_not_come_round_is_told() -> None:
    """Half a minute without a step done, whether it hangs or fails, makes the check raise."""
    now_s = 0.0
    loop = Loop("test", monotonic=lambda: now_s)
    now_s = 30.0
    await loop.check()
    now_s = 31.0
    with pytest.raises(LoopStuckError, match="loop test has done no step for 31 s"):
        await loop.check()
    steps = Steps(pause_s=3600)
    running = asyncio.create_task(loop.run(steps.step))
    await steps.until(1)
    await asyncio.sleep(0)
    await loop.check()
    loop.stop()
    await asyncio.wait_for(running, PATIENCE_S)
