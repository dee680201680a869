"""Looks at processes from outside: who lives, who descends from whom, and waiting for it to change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["alive", "descendants", "wait_until"]

_PAUSE_S = 0.02


def wait_until(
    condition: Callable[[], object], *, within_s: float = 20.0, what: str = "the condition"
) -> None:
    """Wait for a condition to hold; AssertionError if it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about within {within_s} s"
        time.sleep(_PAUSE_S)


def alive(pids: Iterable[int]) -> set[int]:
    """List those that live; one that waits only to be reaped does not."""
    return {pid for pid in pids if _state(pid) not in {None, "Z", "X"}}


def descendants(pid: int) -> set[int]:
    """List the processes that a process has started, and theirs, as of now."""
    children: dict[int, set[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))):
            children.setdefault(int(fields[1]), set()).add(int(entry.name))
    found, left = set[int](), {pid}
    while left:
        left = set[int]().union(*(children.get(one, set()) for one in left))
        found |= left
    return found - {os.getpid()}


def _state(pid: int) -> str | None:
    fields = _fields(pid)
    return fields[0] if fields else None


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
