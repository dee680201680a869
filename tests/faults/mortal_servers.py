"""Servers of a test's own, which may be killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from cli.tracks import migrate_all
from embedded.errors import ServerFailedError
from embedded.postgres import open_postgres
from embedded.running import running
from embedded.sockets import socket_directory
from embedded.valkey import valkey_command, valkey_url
from tests.faults.crew import Host

__all__ = ["MortalServers"]


class MortalServers:
    """A PostgreSQL, which keeps what it committed, and a Valkey."""

    def __init__(self) -> None:
        self._stack, self._postgres_life = ExitStack(), ExitStack()

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="meantime-faults-"))
        self._stack.callback(shutil.rmtree, self._directory, ignore_errors=True)
        self._directory.chmod(0o711)
        self._postgres = open_postgres(self._directory, durable=True)
        self._start_postgres()
        sockets = socket_directory(self._directory, name="valkey")
        log = self._directory / "valkey.log"
        self._redis = self._stack.enter_context(running(valkey_command(sockets=sockets), log=log))
        self.host = Host(database_url=self._postgres.url("postgres"), redis_url=valkey_url(sockets=sockets))
        return self

    def __exit__(self, *_: object) -> None:
        self._postgres_life.close()
        self._stack.close()

    async def migrate(self) -> None:
        """Bring the database up to date."""
        await migrate_all(self.host.database_url)

    async def kill_postgres(self) -> None:
        """Kill it, and start it again as soon as what it had started has ended, too."""
        os.kill(self._pid, signal.SIGKILL)
        self._postgres_life.close()
        async with asyncio.timeout(30):
            while True:
                with suppress(ServerFailedError):
                    self._start_postgres()
                    return
                await asyncio.sleep(0.1)

    def kill_redis(self) -> None:
        """Kill it for good."""
        os.kill(self._redis, signal.SIGKILL)

    def _start_postgres(self) -> None:
        self._postgres.prepare()
        log = self._directory / "postgres.log"
        self._pid = self._postgres_life.enter_context(running(self._postgres.command(), log=log))
