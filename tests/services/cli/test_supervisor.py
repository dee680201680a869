"""What a supervisor does with programs that come up, do not, fall over, or will not end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cli.supervisor import Supervisor
from embedded.command import Command
from embedded.errors import ServerFailedError
from tests.processes import alive

SLEEPER = (
    "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); print('up', flush=True); time.sleep(600)"
)


class Programs:
    """A supervisor, what was said, and commands made of a line of Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[tuple[str, str]] = []
        self.supervisor = Supervisor(self._hear)
        self._heard = asyncio.Event()

    def command(self, code: str, *, name: str = "program", ready_within_s: float = 20) -> Command:
        """Describe a program that is ready once it has made its file."""
        ready = self.folder / name
        return Command(
            name=name,
            argv=[sys.executable, "-c", code, str(ready)],
            is_ready=ready.exists,
            ready_within_s=ready_within_s,
            stop_within_s=2,
        )

    async def wait_for(self, name: str, part: str) -> None:
        """Wait until a program has said something."""
        await self.wait_until(lambda: any(name == who and part in line for who, line in self.said))

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what was said holds."""
        async with asyncio.timeout(20):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    def _hear(self, name: str, line: str) -> None:
        self.said.append((name, line))
        self._heard.set()


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    """Give a supervisor that ends what a test has started."""
    programs = Programs(tmp_path)
    yield programs
    await programs.supervisor.stop()


async def test_lines_come_with_the_name_of_their_program(programs: Programs) -> None:
    """Both streams of a program are shown, line by line."""
    code = SLEEPER.replace("time.sleep", "print('oops', file=sys.stderr, flush=True); time.sleep")
    await programs.supervisor.start(programs.command(code, name="one"))
    await programs.wait_for("one", "oops")
    assert ("one", "up") in programs.said


async def test_a_program_that_ends_before_it_is_ready_is_an_error(programs: Programs) -> None:
    """The error holds the exit code and the last words."""
    with pytest.raises(ServerFailedError, match=r"one ended with code 3: no such luck"):
        await programs.supervisor.start(
            programs.command("import sys; print('no such luck'); sys.exit(3)", name="one")
        )


async def test_a_program_that_is_never_ready_is_an_error(programs: Programs) -> None:
    """Patience has a bound, and the program is ended with the others."""
    code = "import time; print('thinking', flush=True); time.sleep(600)"
    with pytest.raises(ServerFailedError, match="is not ready after 1 s: thinking"):
        await programs.supervisor.start(programs.command(code, ready_within_s=1))


async def test_one_that_fails_to_start_ends_the_start_of_the_others(programs: Programs) -> None:
    """A start of several is all or nothing."""
    with pytest.raises(ServerFailedError, match="two ended with code 1"):
        await programs.supervisor.start(
            programs.command("import time; time.sleep(600)", name="one"),
            programs.command("raise SystemExit(1)", name="two"),
        )


async def test_a_program_that_crashes_is_started_again(programs: Programs) -> None:
    """A crash is told and mended."""
    code = (
        "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); print(os.getpid(), flush=True);"
        " time.sleep(600)"
    )
    await programs.supervisor.start(programs.command(code, name="one"))
    await programs.wait_for("one", "")
    os.kill(int(programs.said[0][1]), signal.SIGKILL)
    await programs.wait_for("one", "ended with code -9, starts again in 0.5 s")
    await programs.wait_until(lambda: len([line for _, line in programs.said if line.isdigit()]) == 2)


async def test_programs_end_in_reverse_order(programs: Programs) -> None:
    """What was started last ends first, and each has ended before the next is asked to."""
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    print('ending', flush=True); time.sleep(0.2); print('ended', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "while True: time.sleep(1)\n"
    )
    await programs.supervisor.start(programs.command(code, name="one"))
    await programs.supervisor.start(programs.command(code, name="two"))
    await programs.supervisor.stop()
    assert programs.said == [("two", "ending"), ("two", "ended"), ("one", "ending"), ("one", "ended")]


async def test_a_program_that_will_not_end_is_killed(programs: Programs) -> None:
    """A stop is bounded."""
    code = (
        "import os, pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True); pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
    )
    await programs.supervisor.start(programs.command(code))
    await programs.wait_for("program", "")
    pid = int(programs.said[0][1])
    await programs.supervisor.stop()
    assert not alive([pid])
    assert ("program", "does not end, killed") in programs.said


async def test_a_line_without_end_is_no_obstacle(programs: Programs) -> None:
    """What no reader could hold is dropped, and later lines are shown."""
    code = SLEEPER.replace("print('up'", "print('x' * 3_000_000); print('up'")
    await programs.supervisor.start(programs.command(code))
    await programs.wait_for("program", "up")
