"""Runs our code as a user without privileges, where the tests themselves run as root."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

__all__ = ["NOBODY", "environment_for_anyone", "python_for_anyone"]

NOBODY = 65534

_ROOT = Path(__file__).resolve().parent.parent


def environment_for_anyone() -> dict[str, str]:
    """Give an environment with which any Python of this version finds our code and what it needs."""
    places = [str(_ROOT / "libs"), str(_ROOT / "services"), sysconfig.get_path("purelib")]
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(places)}


@cache
def python_for_anyone() -> str | None:
    """Find a Python of this version that an ordinary user may run; None where there is none.

    The one that runs the tests may lie where only root can go.
    """
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{same}", f"/usr/local/bin/{same}"):
        try:
            done = subprocess.run(  # noqa: S603 - our own argv
                [python, "-c", "import embedded.running, asyncpg, msgspec"],
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                env=environment_for_anyone(),
                cwd="/",
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python
    return None
