"""The servers of a test run: none is left, however the run ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import alive, descendants, wait_until

ROOT = Path(__file__).resolve().parent.parent
WAITING_TEST = '''
import pathlib, time

def test_waiting(database_url, redis_url):
    """Wait until ended."""
    pathlib.Path({marker!r}).touch()
    time.sleep(600)
'''


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_killed_run_leaves_nothing(tmp_path: Path, workers: str) -> None:
    """Servers and workers end with the process that started them, with and without xdist."""
    marker = tmp_path / "begun"
    with _run_of_tests(tmp_path, WAITING_TEST.format(marker=str(marker)), workers) as run:
        wait_until(marker.exists, within_s=60, what="the waiting test")
        started = descendants(run.pid)
        assert any(b"valkey-server" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in started)
        run.kill()
        run.wait()
        wait_until(lambda: not alive(started), within_s=60, what="the end of every process")


@contextmanager
def _run_of_tests(folder: Path, text: str, workers: str) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "test_inner.py").write_text(text, encoding="utf-8")
    mine = {"TEST_DATABASE_URL", "TEST_REDIS_URL", "MEANTIME_TEST_RUN"}
    run = subprocess.Popen(  # noqa: S603 - our own argv
        [
            *(sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "tests.conftest"),
            *("--rootdir", str(folder), "-o", "asyncio_mode=auto", "-o", "pythonpath="),
            str(folder / "test_inner.py"),
        ],
        cwd=ROOT,
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PYTEST_") and name not in mine
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield run
    finally:
        run.kill()
        run.wait()
