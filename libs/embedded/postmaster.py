"""Reads what a running PostgreSQL says of itself in `postmaster.pid`, as `pg_ctl` does."""

from __future__ import annotations

import os
import time
from pathlib import Path

from embedded.errors import DataDirectoryBusyError

__all__ = ["await_no_postmaster", "postmaster_is_ready"]

_STATUS_LINE = 7
_PATIENCE_S = 15.0
_PAUSE_S = 0.05


def postmaster_is_ready(data: Path) -> bool:
    """Whether the server on a data directory takes connections."""
    lines = _lines(data)
    if len(lines) <= _STATUS_LINE or lines[_STATUS_LINE].strip() != "ready":
        return False
    return _runs_on(int(lines[0]), data)  # not what one that crashed has left


def await_no_postmaster(data: Path) -> None:
    """Wait until a server that is being stopped has left the data directory; clear what a crash left.

    Raises DataDirectoryBusyError if it stays.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while (pid := _postmaster(data)) is not None:
        if not _runs_on(pid, data):
            # A crash or a power cut left the file, and its number may by now be another program's.
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
        if time.monotonic() > deadline:
            raise DataDirectoryBusyError(
                f"a PostgreSQL with pid {pid} still runs on {data}: stop it, or choose another --data"
            )
        time.sleep(_PAUSE_S)


def _lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _postmaster(data: Path) -> int | None:
    lines = _lines(data)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _runs_on(pid: int, data: Path) -> bool:
    # A server's working directory is its data directory.
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    except PermissionError:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
