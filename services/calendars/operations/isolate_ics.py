"""Read an iCalendar file in a process of its own: it may end there, never here.

The reader itself is linear and bounded (domain/ics_reading). This is the second wall: whatever a file makes
of it, two seconds of processor time and half a gigabyte are the end, and the event loop shares nothing with
it.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from contextlib import suppress

import msgspec

from calendars.domain.errors import CalendarsError, IcsInvalidError, IcsTooLargeError
from calendars.domain.ics_reading import MAX_BYTES, IcsHolidays, read_ics
from calendars.domain.import_errors import ReaderOverrunError
from pgstore.shares import Shares

__all__ = ["IcsReader", "answer_stdin", "hold_to_limits"]

CPU_S = 2
WALL_S = 15
MEMORY_BYTES = 512 * 1024 * 1024
MAX_AT_ONCE = 2

_COMMAND = ("-I", "-c", "from calendars.operations.isolate_ics import answer_stdin; answer_stdin()")
_REFUSALS: dict[str, type[CalendarsError]] = {each.code: each for each in (IcsInvalidError, IcsTooLargeError)}


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says: the holidays, or the code and message of a refusal."""

    read: IcsHolidays | None = None
    code: str | None = None
    message: str = ""


class IcsReader:
    """Reads files, two at a time at most and of one tenant one, each in a process of its own."""

    def __init__(self, *, cpu_s: int = CPU_S, wall_s: float = WALL_S) -> None:
        self._limits = {"MEANTIME_ICS_CPU_S": str(cpu_s), "OPENBLAS_NUM_THREADS": "1"}
        self._wall_s = wall_s
        self._slots = Shares(MAX_AT_ONCE)

    async def read(self, tenant_id: str, content: bytes) -> IcsHolidays:
        """Read one. Raises IcsInvalidError, IcsTooLargeError, ReaderOverrunError."""
        if len(content) > MAX_BYTES:
            raise IcsTooLargeError(f"content: is larger than {MAX_BYTES} bytes", field="content")
        async with self._slots.hold(tenant_id):
            answer = _decode(await self._ask(content))
        if answer is None:
            raise ReaderOverrunError(
                f"content: takes more than {CPU_S} s or {MEMORY_BYTES} bytes to read", field="content"
            )
        if answer.code is not None:
            raise _REFUSALS[answer.code](answer.message, field="content")
        return answer.read or IcsHolidays(holidays=(), skipped=())

    async def _ask(self, content: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._limits,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(content), self._wall_s)
        except TimeoutError:
            return b""
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return output


def answer_stdin() -> None:
    """Be that process: hold oneself to the limits, then read standard input and answer."""
    hold_to_limits(int(os.environ["MEANTIME_ICS_CPU_S"]))
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    sys.stdout.buffer.write(msgspec.json.encode(_answer(content)))


def _answer(content: bytes) -> _Answer:
    try:
        return _Answer(read=read_ics(_text(content)))
    except (IcsInvalidError, IcsTooLargeError) as error:
        return _Answer(code=error.code, message=str(error))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise IcsInvalidError(f"content: is no UTF-8 at byte {error.start}", field="content") from error


def hold_to_limits(cpu_s: int) -> None:
    """Bound this process for good: processor time, memory, no file written."""
    for name, limit in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (limit, limit))


def _decode(output: bytes) -> _Answer | None:
    """Return the answer; None where the process ended before it had one."""
    try:
        return msgspec.json.decode(output, type=_Answer)
    except msgspec.DecodeError:
        return None
