"""Runs servers for the length of a block: for tests and benchmarks, which have no supervisor."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.command import Command
from embedded.errors import ServerFailedError
from embedded.postgres import open_postgres
from embedded.sockets import socket_directory
from embedded.valkey import valkey_command, valkey_url

__all__ = ["Servers", "running", "temporary_servers"]

_PAUSE_S = 0.01
_LAST_LINES = 5
_CONNECTIONS = 1_000  # a test run has a worker for each core, and each worker several pools
_PREFIX = "meantime-test-"


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where a PostgreSQL (with its superuser) and a Valkey answer."""

    database_url: str
    redis_url: str


@contextmanager
def running(command: Command, *, log: Path) -> Iterator[int]:
    """Keep a server running for the block, its output going to `log`; gives its pid.

    Raises ServerFailedError with its last lines if it does not come up.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own argv
            command.launch(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _await_ready(process, command, log)
        yield process.pid
    finally:
        _stop(process, command)


@contextmanager
def temporary_servers(*, durable: bool = False) -> Iterator[Servers]:
    """Run both servers on data that is gone afterwards; `durable`: with commits that reach the disk."""
    _clear_abandoned()
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    directory.chmod(0o711)  # a PostgreSQL that must run as another user reaches its own folder, and no other
    try:
        with ExitStack() as stack:
            postgres = open_postgres(directory, durable=durable, connections=_CONNECTIONS)
            postgres.prepare()
            stack.enter_context(running(postgres.command(), log=directory / "postgres.log"))
            sockets = socket_directory(directory, name="valkey")
            valkey = valkey_command(sockets=sockets)
            stack.enter_context(running(valkey, log=directory / "valkey.log"))
            yield Servers(database_url=postgres.url("postgres"), redis_url=valkey_url(sockets=sockets))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _clear_abandoned() -> None:
    """Remove what runs that were killed have left."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = directory.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(directory, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _await_ready(process: subprocess.Popen[bytes], command: Command, log: Path) -> None:
    deadline = time.monotonic() + command.ready_within_s
    while not command.is_ready():
        if process.poll() is not None:
            raise ServerFailedError(f"{command.name} ended with code {process.returncode}: {_tail(log)}")
        if time.monotonic() > deadline:
            raise ServerFailedError(
                f"{command.name} is not ready after {command.ready_within_s:.0f} s: {_tail(log)}"
            )
        time.sleep(_PAUSE_S)


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(lines[-_LAST_LINES:]) or "it said nothing"


def _stop(process: subprocess.Popen[bytes], command: Command) -> None:
    if process.poll() is None:
        process.send_signal(command.stop_signal)
    try:
        process.wait(timeout=command.stop_within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
