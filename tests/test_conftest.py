"""The servers of a test run: none is left, however the run ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
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

NOTING_TEST = '''
import pathlib

def test_noting(database_url, fresh_database_url, redis_url):
    """Write down which databases there are."""
    pathlib.Path({noted!r}).write_text(f"{{database_url}} {{fresh_database_url}}")
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


def test_a_server_of_ones_own_is_left_as_it_was(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """With TEST_DATABASE_URL and TEST_REDIS_URL nothing is started, and the run's databases are dropped."""
    noted = tmp_path / "urls"
    own = {"TEST_DATABASE_URL": os.environ["TEST_DATABASE_URL"], "TEST_REDIS_URL": redis_url}
    text = NOTING_TEST.format(noted=str(noted))
    with _run_of_tests(tmp_path, text, "0", TMPDIR="/nowhere", **own) as run:
        assert run.wait(timeout=120) == 0
    made = {urlsplit(url).path.strip("/") for url in noted.read_text(encoding="utf-8").split()}
    assert len(made) == 2
    assert not made & asyncio.run(_databases(database_url))


async def _databases(database_url: str) -> set[str]:
    connection = await asyncpg.connect(database_url)
    try:
        return {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
    finally:
        await connection.close()


@contextmanager
def _run_of_tests(
    folder: Path, text: str, workers: str, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "test_inner.py").write_text(text, encoding="utf-8")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "TEST_", "MEANTIME_TEST_"))
    }
    run = subprocess.Popen(  # noqa: S603 - our own argv
        [
            *(sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "tests.conftest"),
            *("--rootdir", str(folder), "-o", "asyncio_mode=auto", "-o", "pythonpath="),
            str(folder / "test_inner.py"),
        ],
        cwd=ROOT,
        env=environment | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield run
    finally:
        run.kill()
        run.wait()
