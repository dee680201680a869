"""Runs `meantime` as a user does, from outside, and looks at what becomes of it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ordinary_user import OrdinaryUser
from tests.processes import alive, descendants, wait_until

__all__ = ["Stack", "clean_environment", "free_ports", "meantime", "short_folder", "stack", "starting_stack"]

READY_WITHIN_S = 120
_OURS = ("DATABASE_URL", "REDIS_URL", "CALENDARS_URL", "CLOCKS_URL", "CREDITS_URL")


@dataclass
class Stack:
    """A `meantime up` that is ready, or was."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        """Read the demo tenant's token from the runtime facts."""
        return str(json.loads((self.data / "runtime.json").read_text(encoding="utf-8"))["token"])

    def children(self) -> set[int]:
        """List every process of the stack but the supervisor."""
        return descendants(self.process.pid)

    def get(self, path: str) -> int:
        """Fetch a page of the gateway and answer the status."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)

    def ask(self, query: str, *, token: str | None = None) -> tuple[int, dict[str, object]]:
        """Ask the gateway by GraphQL and answer the status and the document."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            data=json.dumps({"query": query}).encode(),
            headers={
                "content-type": "application/json",
                **({"authorization": f"Bearer {token}"} if token else {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def clean_environment(**variables: str) -> dict[str, str]:
    """Give our environment without the variables that say where servers are."""
    return {name: value for name, value in os.environ.items() if name not in _OURS} | variables


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder with a short name, in which sockets have room."""
    folder = Path(tempfile.mkdtemp(prefix="mt-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports() -> int:
    """Find a port that is free with the four after it, below those that the kernel gives to clients."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        try:
            for one in range(port, port + 5):
                socket.create_server(("127.0.0.1", one)).close()
        except OSError:
            continue
        return port


def meantime(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(  # noqa: S603 - our own argv
        [sys.executable, "-P", "-m", "cli", *arguments],
        env=clean_environment() if environment is None else environment,
        capture_output=True,
        text=True,
        timeout=READY_WITHIN_S,
        check=False,
    )


@contextmanager
def stack(
    data: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    ordinary: OrdinaryUser | None = None,
) -> Iterator[Stack]:
    """Run `meantime up` for the block and wait until it is ready."""
    with starting_stack(data, *arguments, environment=environment, ordinary=ordinary) as running:
        wait_until(lambda: _is_ready(running), within_s=READY_WITHIN_S, what="readiness")
        yield running


@contextmanager
def starting_stack(
    data: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    ordinary: OrdinaryUser | None = None,
) -> Iterator[Stack]:
    """Run `meantime up` for the block, ready or not; when the block ends nothing is left."""
    port = free_ports()
    user = ordinary.uid if ordinary else None
    program = ordinary.python if ordinary else [sys.executable]
    process = subprocess.Popen(  # noqa: S603 - our own argv
        [*program, "-P", "-m", "cli", "up", "--data", str(data), "--port", str(port), *arguments],
        env=clean_environment() if environment is None else environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    running = Stack(process=process, data=data, port=port)
    reader = threading.Thread(target=_read, args=(running,), daemon=True)
    reader.start()
    try:
        yield running
    finally:
        children = descendants(process.pid)
        process.kill()
        process.wait()
        wait_until(lambda: not alive(children), what="the end of every process")
        reader.join()


def _is_ready(running: Stack) -> bool:
    assert running.process.poll() is None, running.lines
    return any("Meantime is ready" in line for line in running.lines)


def _read(running: Stack) -> None:
    assert running.process.stdout is not None
    with running.process.stdout as output:
        for line in output:
            running.lines.append(line.rstrip("\n"))
