"""Where the servers' sockets lie: a folder of our own, closed to others, short enough for the kernel."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from embedded.errors import EmbeddedError

__all__ = ["LONGEST_SOCKET_PATH", "socket_directory"]

LONGEST_SOCKET_PATH = 103  # bytes that fit `sun_path` on Linux (108) and macOS (104), with the closing zero

_CLOSED = 0o700
_LONGEST_NAME = len("/.s.PGSQL.5432.lock")


def socket_directory(data: Path, *, name: str, owner_uid: int | None = None) -> Path:
    """Make the folder for a server's sockets, with mode 700, and answer its path.

    It is `run-<name>` inside the data directory, or, where that path is too long, one under the system's
    folder for temporary files that is named by the data directory, so that the next run finds it again.
    owner_uid: whose it shall be; None: ours.

    Raises EmbeddedError if someone else has put a thing of that name there.
    """
    owner_uid = os.geteuid() if owner_uid is None else owner_uid
    path = data.resolve() / f"run-{name}"
    if len(os.fsencode(path)) + _LONGEST_NAME > LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
        path = Path(tempfile.gettempdir()) / f"meantime-{owner_uid}-{digest}-{name}"
    path.mkdir(mode=_CLOSED, parents=True, exist_ok=True)
    if path.lstat().st_uid == os.geteuid() != owner_uid:
        os.chown(path, owner_uid, -1)
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != owner_uid or stat.S_IMODE(facts.st_mode) != _CLOSED:
        raise EmbeddedError(f"{path} is not a folder of ours with mode 700: remove it and run again")
    return path
