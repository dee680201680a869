"""What `make` says where it cannot set up."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make with an environment of its own, so that what is installed stays as it is."""
    return subprocess.run(  # noqa: S603 - our own argv
        ["make", "--no-print-directory", *arguments, f"VENV={folder / 'venv'}"],  # noqa: S607 - make from PATH
        cwd=ROOT,
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def python(folder: Path, text: str) -> str:
    """Make a program that stands for a Python."""
    program = folder / "python3"
    program.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
    program.chmod(0o755)
    return str(program)


def message(done: subprocess.CompletedProcess[str]) -> str:
    """Take the one line that is ours; make itself adds that the target failed."""
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    return line


def test_make_alone_prints_help(tmp_path: Path) -> None:
    """The targets are listed, and nothing is installed."""
    done = make(tmp_path)
    assert done.returncode == 0
    for target in ("run", "test", "check", "bench", "soak", "migrate", "clean"):
        assert f"\n  {target} " in done.stdout
    assert not (tmp_path / "venv").exists()


def test_a_python_without_venv(tmp_path: Path) -> None:
    """The line says how to get it, or how to do without."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError", encoding="ascii")
    done = make(tmp_path, "setup", f"PYTHON={sys.executable}", PYTHONPATH=str(tmp_path))
    assert "has no venv" in message(done)
    assert "apt install python3-venv" in message(done)
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_too_old(tmp_path: Path) -> None:
    """The line names its version and the one that is needed."""
    old = python(tmp_path, '[ "$1" = -V ] && echo "Python 3.9.2" && exit 0; exit 1')
    assert f"{old} is Python 3.9.2, and 3.11 or later is needed" in message(
        make(tmp_path, "setup", f"PYTHON={old}")
    )


def test_no_python(tmp_path: Path) -> None:
    """The line says what to install, and how to name another."""
    line = message(make(tmp_path, "run", "PYTHON=python3.99"))
    assert "python3.99 is not to be found" in line
    assert "make run PYTHON=" in line
