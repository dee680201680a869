"""Timed loops: a step again and again, after the time it asks for or at once when nudged, until stopped."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from prometheus_client import Counter

from serving.request_ids import new_request_id

__all__ = ["Loop", "stop_on_signals"]

Step = Callable[[], Awaitable[float]]
"""Does one portion of work and returns after how many seconds to do the next; 0: at once."""

_LOG = structlog.get_logger("loops")
_STEPS = Counter("meantime_loop_steps_total", "Steps of timed loops", ("loop", "outcome"))
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0


class Loop:
    """One timed loop; `wake` and `stop` may be called at any time in its event loop, also before `run`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()

    def wake(self) -> None:
        """Have the next step run now; a wake during a step is not lost."""
        self._woken.set()

    def stop(self) -> None:
        """End the loop after the step that it is in."""
        self._stopped.set()
        self._woken.set()

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
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), pause_s)
