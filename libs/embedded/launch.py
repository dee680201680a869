"""Becomes another program, after arranging that it cannot outlive the process that asked for it.

Run as a script (`python -I -S launch.py PARENT DEATH_SIGNAL IDENTITY PROGRAM [ARGUMENT…]`), never imported by
others: what it does between fork and exec is not safe in a process that has threads. Standard library only.

PARENT: the pid that must still be our parent. DEATH_SIGNAL: number of the signal that the kernel sends to
PROGRAM when that parent dies, however it dies. IDENTITY: `same`, `namespace:UID` (a user namespace in which
this user is called UID; files keep their owner), or `drop:UID:GID` (become that user for good; root only).
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

__all__ = ["EXIT_IDENTITY_REFUSED", "main"]

EXIT_IDENTITY_REFUSED = 126

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Assume the identity, ask for the signal, and become the program; returns only by exiting."""
    parent, death_signal, identity, *program = arguments
    try:
        _assume(identity)
    except OSError as error:
        sys.stderr.write(f"the system refuses the identity {identity}: {error.strerror}\n")
        sys.exit(EXIT_IDENTITY_REFUSED)
    if sys.platform == "linux":
        # After the identity: a change of credentials clears it.
        _call("prctl", _PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the process that asked for this one is gone")
    os.execv(program[0], program)  # noqa: S606 - becoming the program is what this file is for


def _assume(identity: str) -> None:
    kind, *numbers = identity.split(":")
    if kind == "namespace":
        (uid,) = numbers
        outer_uid, outer_gid = os.geteuid(), os.getegid()
        _call("unshare", _CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{uid} {outer_gid} 1", encoding="ascii")
    elif kind == "drop":
        uid, gid = numbers
        os.setgroups([])
        os.setresgid(int(gid), int(gid), int(gid))
        os.setresuid(int(uid), int(uid), int(uid))


def _call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main(sys.argv[1:])
