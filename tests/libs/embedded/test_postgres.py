"""Data directories: made whole, kept, and refused when they are not whole."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from embedded.errors import (
    DataDirectoryBrokenError,
    DataDirectoryForeignError,
    EmbeddedError,
    IdentityUnavailableError,
)
from embedded.identity import Identity, choose_identity
from embedded.postgres import Postgres, open_postgres
from embedded.running import running


@pytest.fixture
def directory() -> Iterator[Path]:
    """Make a folder with a short name that other users may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="mt-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """Make a data directory once, for tests to copy and spoil."""
    folder = Path(tempfile.mkdtemp(prefix="mt-"))
    open_postgres(folder, durable=False).prepare()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def copied(prepared: Path, directory: Path) -> Postgres:
    """Set a PostgreSQL on a copy of the prepared data directory."""
    shutil.copytree(prepared / "postgres", directory / "postgres")
    return open_postgres(directory, durable=False)


async def test_data_is_kept_between_runs(directory: Path) -> None:
    """What one server committed, the next one on the same directory reads; writes reach the disk."""
    postgres = open_postgres(directory)
    postgres.prepare()
    with running(postgres.command(), log=directory / "log"):
        connection = await asyncpg.connect(postgres.url())
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.close()
    again = open_postgres(directory)
    again.prepare()
    with running(again.command(), log=directory / "log"):
        connection = await asyncpg.connect(again.url())
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()


@pytest.mark.parametrize("missing", ["PG_VERSION", "global/pg_control", "postgresql.conf"])
def test_a_half_made_directory_is_refused(copied: Postgres, missing: str) -> None:
    """One line names the directory, what is missing and what to do; nothing is touched."""
    (copied.data / missing).unlink()
    before = sorted(copied.data.rglob("*"))
    with pytest.raises(DataDirectoryBrokenError, match="is not a complete data directory") as caught:
        copied.prepare()
    assert missing in str(caught.value)
    assert "move it away" in str(caught.value)
    assert sorted(copied.data.rglob("*")) == before


def test_an_interrupted_first_run_is_begun_again(prepared: Path, directory: Path) -> None:
    """A directory that was being made when the power went is made anew."""
    shutil.copytree(prepared / "postgres" / "base", directory / "postgres.partial" / "base")
    postgres = open_postgres(directory, durable=False)
    postgres.prepare()
    assert (postgres.data / "PG_VERSION").is_file()
    assert not (directory / "postgres.partial").exists()


def test_another_version_is_refused(copied: Postgres) -> None:
    """The message says which version made it and which one this is."""
    (copied.data / "PG_VERSION").write_text("14\n", encoding="ascii")
    with pytest.raises(
        DataDirectoryForeignError, match=f"made by PostgreSQL 14 and this one is {copied.major}"
    ):
        copied.prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_directory_of_another_user_is_refused(copied: Postgres) -> None:
    """The message says whose it is."""
    os.chown(copied.data, 12345, 12345)
    with pytest.raises(DataDirectoryForeignError, match="belongs to another user"):
        copied.prepare()


def test_a_file_in_its_place_is_refused(directory: Path) -> None:
    """A file where the directory should be is not a directory."""
    (directory / "postgres").write_text("", encoding="ascii")
    with pytest.raises(DataDirectoryBrokenError, match="is not a folder"):
        open_postgres(directory).prepare()


def test_a_stale_pid_file_is_no_obstacle(copied: Postgres, directory: Path) -> None:
    """The number in a file that a crash left may be another program's by now."""
    (copied.data / "postmaster.pid").write_text(f"{os.getpid()}\n{copied.data}\n", encoding="ascii")
    copied.prepare()
    with running(copied.command(), log=directory / "log"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a stand-in")
def test_root_keeps_its_files() -> None:
    """In a user namespace the server is called nobody, and files stay root's."""
    binaries = open_postgres(Path(tempfile.gettempdir())).binaries
    identity = choose_identity(str(binaries / "postgres"))
    if identity.kind == "drop":
        pytest.skip("user namespaces are forbidden here")
    assert identity.kind == "namespace"
    assert identity.owner_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_root_becomes_nobody_where_namespaces_are_forbidden(directory: Path) -> None:
    """The fallback owns the data directory, and root can still connect."""
    chosen = open_postgres(directory, durable=False)
    nobody = Identity(kind="drop", uid=65534, gid=65534)
    (directory / "run-postgres").rmdir()
    sockets = directory / "run-of-nobody"
    sockets.mkdir(mode=0o700)
    os.chown(sockets, nobody.uid, nobody.gid)
    postgres = dataclasses.replace(chosen, identity=nobody, sockets=sockets)
    try:
        postgres.prepare()
    except EmbeddedError as error:
        pytest.skip(f"an ordinary user cannot read this installation: {error}")
    assert postgres.data.stat().st_uid == nobody.uid
    with running(postgres.command(), log=directory / "log"):
        connection = await asyncpg.connect(postgres.url())
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user needs no stand-in")
def test_no_identity_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither stand-in works, the message says what else can be done."""
    monkeypatch.setattr("embedded.identity._runs", lambda *_: False)
    with pytest.raises(IdentityUnavailableError, match="set DATABASE_URL") as caught:
        choose_identity("/usr/bin/postgres")
    assert "\n" not in str(caught.value)
