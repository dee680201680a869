"""Timed loops: a step again and again, after the time it asks for or at once when nudged, until stopped."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from prometheus_client import Counter

from serving.request_ids import new_request_id

__all__ = ["Loop", "LoopStuckError", "stop_on_signals"]

Step = Callable[[], Awaitable[float]]
"""Does a portion of work and returns after how many seconds, under 30, to do the next; 0: at once."""

_LOG = structlog.get_logger("loops")
_STEPS = Counter("meantime_loop_steps_total", "Steps of timed loops", ("loop", "outcome"))
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0
_STUCK_AFTER_S = 30.0


class LoopStuckError(Exception):
    """A loop has not come round for longer than any step or pause of it should take."""


class Loop:
    """One timed loop; `wake` and `stop` may be called at any time in its event loop, also before `run`.

    monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, name: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._monotonic = monotonic
        self._done_at_s = monotonic()
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()

    def wake(self) -> None:
        """Have the next step run now; a wake during a step is not lost."""
        self._woken.set()

    def stop(self) -> None:
        """End the loop after the step that it is in."""
        self._stopped.set()
        self._woken.set()

    async def check(self) -> None:
        """Raise when no step has been done for half a minute; a check for `health_routes`."""
        idle_s = self._monotonic() - self._done_at_s
        if idle_s > _STUCK_AFTER_S:
            raise LoopStuckError(f"loop {self._name} has done no step for {idle_s:.0f} s")

    async def run(self, step: Step) -> None:
        """Run steps until stopped. A step that raises is logged and tried again, later each time."""
        failures = 0
        while not self._stopped.is_set():
            self._woken.clear()
            pause_s = await self._try(step)
            if pause_s is not None:
                failures = 0
                await _wait(self._woken, pause_s)
            else:
                failures += 1
                await _wait(self._stopped, _pause_after(failures))

    async def _try(self, step: Step) -> float | None:
        with structlog.contextvars.bound_contextvars(request_id=new_request_id(), loop=self._name):
            try:
                pause_s = await step()
            except Exception:  # noqa: BLE001 - a loop outlives whatever a step runs into
                _LOG.exception("step failed")
                _STEPS.labels(self._name, "failed").inc()
                return None
        _STEPS.labels(self._name, "done").inc()
        self._done_at_s = self._monotonic()
        return pause_s


def stop_on_signals(*loops: Loop) -> None:
    """Stop loops at SIGTERM or SIGINT; for a process of its own, not beside a server that handles signals."""

    def stop_all() -> None:
        for loop in loops:
            loop.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop_all)


def _pause_after(failures: int) -> float:
    """Double with each failure up to a bound, spread so that many loops do not knock together."""
    longest_s = min(_FIRST_PAUSE_S * (1 << min(failures, 16)), _LONGEST_PAUSE_S)
    return longest_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


async def _wait(event: asyncio.Event, pause_s: float) -> None:
    if pause_s <= 0:
        await asyncio.sleep(0)  # others have their turn even if there is always work
        return
    # Not wait_for, which on Python 3.11 swallows a cancellation that meets a wake.
    with suppress(TimeoutError):
        async with asyncio.timeout(pause_s):
            await event.wait()
