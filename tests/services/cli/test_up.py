"""`meantime up`, from outside: what it gives, and what is left when it ends, however it ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ordinary_user import environment_for_anyone, ordinary_user
from tests.processes import alive, wait_until
from tests.services.cli.stacks import Stack, clean_environment, meantime, short_folder, stack, starting_stack

VIEWER = "{ __typename }"


@pytest.fixture(scope="module")
def up() -> Iterator[Stack]:
    """Run a stack for the tests that only look at it."""
    with short_folder() as folder, stack(folder / "data") as running:
        yield running


def test_it_says_where_to_go(up: Stack) -> None:
    """One line names the addresses, one the token; the console is there."""
    text = "\n".join(up.lines)
    assert f"http://127.0.0.1:{up.port}/graphql" in text
    assert up.token in text
    assert up.get("/") == 200


def test_the_token_opens_the_gateway(up: Stack) -> None:
    """The demo tenant's token is let in; another is not."""
    status, document = up.ask(VIEWER, token=up.token)
    assert (status, document) == (200, {"data": {"__typename": "Query"}})
    status, _ = up.ask(VIEWER, token=up.token[:-4] + "0000")
    assert status == 401


def test_secrets_are_for_their_owner(up: Stack) -> None:
    """The runtime facts, the data and the sockets are closed to others."""
    modes = {
        name: stat.S_IMODE((up.data / name).stat().st_mode)
        for name in ("runtime.json", "postgres", "run-postgres", "run-valkey")
    }
    assert modes == {"runtime.json": 0o600, "postgres": 0o700, "run-postgres": 0o700, "run-valkey": 0o700}


def test_logs_hold_no_secrets(up: Stack) -> None:
    """The internal secret is nowhere in what is shown, and the token only where it is announced."""
    shown = [line for line in up.lines if up.token in line]
    assert len(shown) == 1
    assert shown[0].startswith("Token of the tenant demo")


def test_other_commands_find_it(up: Stack) -> None:
    """A key that `meantime token` makes opens the gateway, and the database is current."""
    made = meantime("token", "--tenant", "acme", "--scopes", "read", "--data", str(up.data))
    assert made.returncode == 0, made.stderr
    assert up.ask(VIEWER, token=made.stdout.strip())[0] == 200
    migrated = meantime("migrate", "--data", str(up.data))
    assert migrated.stdout == "nothing to apply: the database is current\n"


def test_a_second_one_on_the_same_data_is_refused(up: Stack) -> None:
    """The message names the process that runs, and what to do."""
    second = meantime("up", "--data", str(up.data), "--port", "20000")
    assert second.returncode == 1
    assert f"(pid {up.process.pid}, http://127.0.0.1:{up.port})" in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_a_crashed_service_comes_back(up: Stack) -> None:
    """A worker that is killed is started again."""
    worker = next(pid for pid in up.children() if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: any("starts again" in line for line in up.lines), what="the restart")
    wait_until(
        lambda: sum("serving" in line and "worker" in line for line in up.lines) >= 2,
        within_s=60,
        what="the second worker",
    )


def test_a_crashed_database_comes_back(up: Stack) -> None:
    """PostgreSQL that is killed recovers what was committed, and the services find it again."""
    postmaster = int((up.data / "postgres" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    os.kill(postmaster, signal.SIGKILL)
    wait_until(lambda: any("postgres  | ended" in line for line in up.lines), what="the restart")
    wait_until(lambda: up.ask(VIEWER, token=up.token)[0] == 200, within_s=60, what="an answer")


def test_ctrl_c_stops_in_order_and_data_is_kept() -> None:
    """After Ctrl-C nothing runs, exit code 0; the next run has the same data and the same token."""
    with short_folder() as folder:
        with stack(folder / "data") as first:
            token, started = first.token, first.children()
            first.process.send_signal(signal.SIGINT)
            assert first.process.wait(timeout=40) == 0
            assert not alive(started)
        assert not (folder / "data" / "postgres" / "postmaster.pid").exists()
        with stack(folder / "data") as second:
            assert second.token == token
            assert second.ask(VIEWER, token=token)[0] == 200


def test_kill_9_leaves_nothing_and_the_next_run_works() -> None:
    """Every process ends with the supervisor, and its data is whole."""
    with short_folder() as folder:
        with stack(folder / "data") as first:
            token, started = first.token, first.children()
            assert len(started) >= 8
            first.process.kill()
            first.process.wait()
            wait_until(lambda: not alive(started), within_s=30, what="the end of every process")
        with stack(folder / "data") as second:
            assert second.ask(VIEWER, token=token)[0] == 200


@pytest.mark.parametrize(
    "moment",
    ["the data directory is being made", "the servers start", "the services start"],
)
def test_kill_9_of_a_first_start_is_no_harm(moment: str) -> None:
    """Whenever the first start is killed, nothing is left running and the next start works."""
    with short_folder() as folder:
        data = folder / "data"
        come: Callable[[Stack], bool] = {
            "the data directory is being made": lambda _: (data / "postgres.partial" / "base").exists(),
            "the servers start": lambda started: any("starting valkey" in line for line in started.lines),
            "the services start": lambda started: any("starting gateway" in line for line in started.lines),
        }[moment]
        with starting_stack(data) as first:
            wait_until(lambda: come(first), within_s=60, what=moment)
        with stack(data) as second:
            assert second.ask(VIEWER, token=second.token)[0] == 200


def test_split_runs_each_service_by_itself() -> None:
    """The same answers through HTTP between five processes, and nothing left after kill -9."""
    with short_folder() as folder, stack(folder / "data", "--split") as split:
        assert split.ask(VIEWER, token=split.token)[0] == 200
        status, document = split.ask("{ calendars { edges { node { key } } } }", token=split.token)
        assert (status, document.get("errors")) == (200, None)
        started = split.children()
        split.process.kill()
        split.process.wait()
        wait_until(lambda: not alive(started), within_s=30, what="the end of every process")


def test_servers_of_ones_own_are_used(database_url: str, redis_url: str) -> None:
    """With both URLs set nothing embedded is started or needed."""
    environment = clean_environment(
        DATABASE_URL=database_url, REDIS_URL=redis_url, MEANTIME_POSTGRES_BIN="/nowhere"
    )
    with short_folder() as folder, stack(folder / "data", environment=environment) as running:
        assert running.ask(VIEWER, token=running.token)[0] == 200
        names = {Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() for pid in running.children()}
        assert not names & {"postgres", "valkey-server"}
        assert not (folder / "data" / "postgres").exists()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=40) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_needs_nothing() -> None:
    """The whole stack runs without a privilege."""
    ordinary = ordinary_user("import redis.asyncio, strawberry, numpy")
    if ordinary is None:
        pytest.skip("an ordinary user cannot read this installation")
    with short_folder() as folder:
        if ordinary.uid is not None:
            os.chown(folder, ordinary.uid, -1)
        environment = environment_for_anyone()
        with stack(folder / "data", ordinary=ordinary, environment=environment) as running:
            assert {_capabilities(pid) for pid in running.children()} == {0}
            running.process.send_signal(signal.SIGINT)
            assert running.process.wait(timeout=40) == 0


def _capabilities(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("CapEff:")[2].split()[0], 16)


def test_help_is_quick_to_come() -> None:
    """The index of commands imports none of them."""
    program = (
        "import sys; sys.argv = ['meantime', '--help']\n"
        "import cli.app\n"
        "try: cli.app.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'asyncpg', 'strawberry', 'numpy', 'aiohttp', 'embedded', 'pgstore'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))\n"
    )
    done = subprocess.run(  # noqa: S603 - our own argv
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "heavy: []" in done.stdout
    assert "backtest" in done.stdout or "migrate" in done.stdout
