"""Runs our code without privileges, where the tests themselves run as root."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.command import launch_argv

__all__ = ["OrdinaryUser", "environment_for_anyone", "ordinary_user"]

_NOBODY = 65534
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class OrdinaryUser:
    """How to start a Python without privileges: its argv, and the uid to take on first, if any."""

    python: Sequence[str]
    uid: int | None


def environment_for_anyone() -> dict[str, str]:
    """Give an environment with which any Python of this version finds our code and what it needs."""
    places = [str(_ROOT / "libs"), str(_ROOT / "services"), sysconfig.get_path("purelib")]
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(places)}


def ordinary_user(program: str) -> OrdinaryUser | None:
    """Find a way to run a program (Python text) without privileges; None where there is none.

    The Python that runs the tests may lie where only root can go: then the system's of the same version is
    tried, and last an identity without capabilities inside a user namespace.
    """
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    nested = launch_argv([sys.executable], identity=f"namespace:{_NOBODY}", death_signal=signal.SIGKILL)
    candidates = [
        *(
            OrdinaryUser(python=[python], uid=_NOBODY)
            for python in (sys.executable, f"/usr/bin/{same}", f"/usr/local/bin/{same}")
        ),
        OrdinaryUser(python=nested, uid=None),
    ]
    return next((candidate for candidate in candidates if _runs(candidate, program)), None)


def _runs(candidate: OrdinaryUser, program: str) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own argv
            [*candidate.python, "-c", program],
            user=candidate.uid,
            group=candidate.uid,
            extra_groups=None if candidate.uid is None else [],
            env=environment_for_anyone(),
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0
