"""A long-running program as a value: how to start it, know that it is ready, and end it."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Command", "launch_argv"]

_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One program that a supervisor keeps running.

    name: shown in front of its log lines. argv: the program and its arguments.
    environment: what is added to ours. identity: as whom it runs, in the words of `launch`.
    is_ready: cheap, does not block for long, False until the program can serve.
    stop_signal: asks it to end in order. death_signal: what the kernel sends it when the supervisor dies.
    noise: lines of its output in which this is found are of no interest to a user.
    ready_within_s, stop_within_s: how long either may take before it counts as failed.
    """

    name: str
    argv: Sequence[str]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: str = "same"
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    noise: re.Pattern[str] | None = None
    ready_within_s: float = 30.0
    stop_within_s: float = 10.0

    def launch(self) -> list[str]:
        """Give the argv that starts the program, tied to the life of the calling thread."""
        return launch_argv(self.argv, identity=self.identity, death_signal=self.death_signal)


def launch_argv(argv: Sequence[str], *, identity: str, death_signal: signal.Signals) -> list[str]:
    """Put the launcher in front of a program; the thread that starts the result must outlive it."""
    return [
        sys.executable, "-I", "-S", str(_LAUNCHER),
        str(os.getpid()), str(int(death_signal)), identity, *argv,
    ]  # fmt: skip
