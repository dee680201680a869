"""Servers for benchmarks: PostgreSQL with fsync on, as in production, for the length of a block."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from embedded.postgres import open_postgres
from embedded.running import Servers, running
from embedded.sockets import socket_directory
from embedded.valkey import valkey_command, valkey_url

__all__ = ["durable_servers"]


@contextmanager
def durable_servers(*, buffers_mb: int = 128) -> Iterator[Servers]:
    """Run both servers on a fresh data directory, which is removed afterwards.

    buffers_mb: the pages that PostgreSQL shares; its stock setting unless more is asked for.
    """
    directory = Path(tempfile.mkdtemp(prefix="meantime-bench-"))
    directory.chmod(0o711)
    try:
        with ExitStack() as stack:
            postgres = open_postgres(directory, durable=True, buffers_mb=buffers_mb)
            postgres.prepare()
            stack.enter_context(running(postgres.command(), log=directory / "postgres.log"))
            sockets = socket_directory(directory, name="valkey")
            stack.enter_context(running(valkey_command(sockets=sockets), log=directory / "valkey.log"))
            yield Servers(database_url=postgres.url("postgres"), redis_url=valkey_url(sockets=sockets))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
