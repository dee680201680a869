"""The servers that a block runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from embedded.running import temporary_servers
from tests.ordinary_user import environment_for_anyone, ordinary_user
from tests.processes import alive, descendants, wait_until

HOLDER = """
import sys
from embedded.running import temporary_servers
with temporary_servers() as servers:
    print(servers.database_url, flush=True)
    sys.stdin.read()
"""


async def test_servers_answer_within_the_block() -> None:
    """PostgreSQL answers on its socket, Valkey on its own, both without a TCP port."""
    with temporary_servers() as servers:
        connection = await asyncpg.connect(servers.database_url)
        assert await connection.fetchval("SHOW listen_addresses") == ""
        found = await connection.fetchval("SELECT datname FROM pg_database WHERE datname = 'meantime'")
        await connection.close()
        assert found == "meantime"
        async with Redis.from_url(servers.redis_url) as valkey:
            assert await valkey.ping()
            assert await valkey.config_get("port") == {"port": "0"}


def test_nothing_is_left_after_the_block() -> None:
    """Processes end in order and the data is gone."""
    others = descendants(os.getpid())  # what another test of this process has not ended yet
    with temporary_servers() as servers:
        folder = Path(servers.database_url.partition("host=")[2]).parent
        started = descendants(os.getpid()) - others
        assert len(started) >= 3
    assert alive(started) == set()
    assert not folder.exists()


def test_nothing_runs_on_after_the_starter_is_killed() -> None:
    """A starter that dies by SIGKILL takes every server with it."""
    with _holder() as holder:
        started = descendants(holder.pid)
        assert len(started) >= 3
        holder.kill()
        holder.wait()
        wait_until(lambda: not alive(started), what="the end of the servers")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_runs_servers_too() -> None:
    """No privilege is needed, and nothing is left either."""
    ordinary = ordinary_user("import embedded.running")
    if ordinary is None:
        pytest.skip("an ordinary user cannot read this installation")
    with _holder(ordinary.python, user=ordinary.uid) as holder:
        started = descendants(holder.pid)
        if ordinary.uid is not None:
            assert {Path(f"/proc/{pid}").stat().st_uid for pid in started} == {ordinary.uid}
        holder.kill()
        holder.wait()
        wait_until(lambda: not alive(started), what="the end of the servers")


async def test_the_fixtures_give_servers_that_are_migrated(
    database_url: str, redis_url: str, tenant: str
) -> None:
    """The worker's own database has the record of migrations, and the Valkey answers."""
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM meantime.migrations") > 0
    await connection.close()
    async with Redis.from_url(redis_url) as valkey:
        await valkey.set(tenant, "1", ex=60)
        assert await valkey.get(tenant) == b"1"


@contextmanager
def _holder(
    python: Sequence[str] = (sys.executable,), *, user: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds servers until it is ended."""
    process = subprocess.Popen(  # noqa: S603 - our own argv
        [*python, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env=environment_for_anyone(),
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        yield process
    finally:
        process.kill()
        process.communicate()
