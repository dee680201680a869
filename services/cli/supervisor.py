"""Keeps programs running: starts them, shows what they say, starts them again, ends them in order."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable

from embedded.command import Command
from embedded.errors import ServerFailedError

__all__ = ["Say", "Supervisor"]

Say = Callable[[str, str], None]
"""Takes the name of a program, and a line that it said."""

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_AFTER_S = 60.0
_READY_PAUSE_S = 0.02
_LONGEST_LINE = 1 << 20
_LAST_LINES = 3


class Supervisor:
    """Runs Commands for one event loop, whose thread must live as long as they should."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._children: list[_Child] = []

    async def start(self, *commands: Command) -> None:
        """Start programs side by side and return when all are ready; from then on they are kept running.

        Raises ServerFailedError when one of them ends first or takes too long.
        """
        children = [_Child(command, self._say) for command in commands]
        self._children += children
        # All are there before one can fail: asyncio complains of a launch that is cancelled.
        launched = [(child, await child.launch()) for child in children]
        try:
            async with asyncio.TaskGroup() as group:
                for child, process in launched:
                    group.create_task(child.be_ready(process))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # one line for the user: the first

    async def stop(self) -> None:
        """End all programs, the last started first."""
        while self._children:
            await self._children.pop().stop()

    def kill(self) -> None:
        """End all programs at once, in no order."""
        for child in self._children:
            child.kill()


class _Child:
    def __init__(self, command: Command, say: Say) -> None:
        self._command = command
        self._say = say
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._process: Process | None = None
        self._listener: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def be_ready(self, process: Process) -> None:
        try:
            async with asyncio.timeout(self._command.ready_within_s):
                await self._until_ready(process)
        except TimeoutError:
            raise self._failure(f"is not ready after {self._command.ready_within_s:.0f} s") from None
        self._keeper = asyncio.create_task(self._keep(process))

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(self._command.stop_signal)
            try:
                async with asyncio.timeout(self._command.stop_within_s):
                    await self._process.wait()
            except TimeoutError:
                self._say(self._command.name, "does not end, killed")
                self.kill()
                await self._process.wait()
        if self._listener is not None:
            self._listener.cancel()

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def launch(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._command.launch(),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, **self._command.environment},
            start_new_session=True,  # Ctrl-C is for us alone: we end the programs in order
            limit=_LONGEST_LINE,
        )
        self._listener = asyncio.create_task(self._listen(self._process))
        return self._process

    async def _until_ready(self, process: Process) -> None:
        while not await asyncio.to_thread(self._command.is_ready):
            if process.returncode is not None:
                if self._listener is not None:
                    await self._listener
                raise self._failure(f"ended with code {process.returncode}")
            await asyncio.sleep(_READY_PAUSE_S)

    async def _listen(self, process: Process) -> None:
        if process.stdout is None:
            return
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit: dropped
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            self._last_lines.append(text)
            if self._command.noise is None or not self._command.noise.search(text):
                self._say(self._command.name, text)

    async def _keep(self, process: Process) -> None:
        loop = asyncio.get_running_loop()
        pause_s = _FIRST_PAUSE_S
        while True:
            started_s = loop.time()
            code = await process.wait()
            if loop.time() - started_s > _STEADY_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            self._say(self._command.name, f"ended with code {code}, starts again in {pause_s:g} s")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            process = await self.launch()

    def _failure(self, what: str) -> ServerFailedError:
        said = " | ".join(self._last_lines) or "it said nothing"
        return ServerFailedError(f"{self._command.name} {what}: {said}")
