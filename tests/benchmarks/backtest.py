"""What backtests cost: of a real log offline and through the gateway, and of a million generated updates.

Run as `python -m tests.benchmarks.backtest [EXPORT.csv.gz]`. Goals: the real log of some 101,000 updates
under 3 s, either way; 1,000,000 generated ones under 30 s, in memory that stays. Each
figure stands beside a bare reading of the same rows in the same run. Each run is the whole command as a user
has it, Python's start included. Without an export, the generated ones alone.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from cli.runtime import read_runtime
from tests.benchmarks.import_log import EXAMPLES, EXPORT, ZONE, run
from tests.services.cli.stacks import meantime, short_folder, stack

REAL_GOAL_S = 3
GENERATED_GOAL_S = 30
GENERATED = (100_000, 1_000_000)
POLICY = str(EXAMPLES / "policy.yaml")
STATES = ("New", "Active", "Awaiting User Info", "Active", "Resolved", "Closed")


def main() -> None:
    """Measure and print."""
    export = Path(sys.argv[1]) if len(sys.argv) > 1 else EXPORT
    if export.is_file():
        offline(export, "the real log, offline", REAL_GOAL_S)
        on_server(export)
    else:
        sys.stdout.write(f"backtest: there is no {export.name}; name an export of ServiceNow's\n")
    with tempfile.TemporaryDirectory() as folder:
        for rows in GENERATED:
            path = Path(folder) / f"{rows}.csv.gz"
            with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=1) as file:
                csv.writer(file).writerows(generated(rows))
            offline(path, f"{rows:,} generated updates, offline", GENERATED_GOAL_S)


def offline(path: Path, what: str, goal_s: int) -> None:
    """Run the command on a file, beside reading its rows and doing nothing with them."""
    bare_s = best_s(lambda: read_csv(path), times=3)
    calendar = str(EXAMPLES / "calendar.yaml")
    command = ("backtest", POLICY, str(path), "--calendar", calendar, "--format", "json")
    took_s, peak_mb = min(run_alone(*command) for _ in range(3 if path == EXPORT else 1))
    say(what, took_s, goal_s, bare_s, "its CSV")
    sys.stdout.write(f"  peak memory {peak_mb:.0f} MB\n")


def on_server(export: Path) -> None:
    """Import a log, and drive a backtest of it through the gateway, beside selecting its rows."""
    with short_folder() as folder, stack(folder) as running:
        options = ("--data", str(running.data))
        run("apply", "-f", str(EXAMPLES), *options)
        run("import", "servicenow", str(export), "--timezone", ZONE, *options)
        runtime = read_runtime(running.data)
        if runtime is None:
            sys.exit("meantime up has left no facts")
        url = runtime.database_url
        bare_s = best_s(lambda: asyncio.run(select_rows(url)), times=3)
        took_s = best_s(lambda: rehearse(options), times=3)
    say("the real log, through the gateway", took_s, REAL_GOAL_S, bare_s, "a bare SELECT")


def rehearse(options: tuple[str, ...]) -> None:
    """Try the policy on all that was recorded; it must flip nothing, as it is the one in force."""
    done = meantime("rehearse", POLICY, "--policy", "resolution", "--format", "json", *options)
    if done.returncode != 0 or json.loads(done.stdout.splitlines()[-1])["flips"]:
        sys.exit(f"meantime rehearse: {done.stdout}{done.stderr}")


def run_alone(*arguments: str) -> tuple[float, float]:
    """Run a command in a process of its own: seconds, and its peak memory in MB."""
    began_s = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        (sys.executable, "-m", "cli", *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"meantime {arguments[0]} ended with {process.returncode}")
    return time.perf_counter() - began_s, used.ru_maxrss / 1024


def say(what: str, took_s: float, goal_s: int, bare_s: float, bare: str) -> None:
    """Print a figure."""
    ratio = f"{took_s / bare_s:.1f} times {bare} ({bare_s:.2f} s)"
    sys.stdout.write(f"backtest of {what}: {took_s:.2f} s (goal: {goal_s} s), {ratio}\n")


def best_s(work: Callable[[], object], *, times: int) -> float:
    """Say how long the fastest of some runs took."""
    found = []
    for _ in range(times):
        began_s = time.perf_counter()
        work()
        found.append(time.perf_counter() - began_s)
    return min(found)


def read_csv(path: Path) -> int:
    """Read the rows and do nothing with them."""
    with gzip.open(path) as packed:
        return sum(1 for _ in csv.reader(io.TextIOWrapper(packed, encoding="utf-8", newline="")))


async def select_rows(url: str) -> int:
    """Select all events in the order of the fold, and do nothing with them."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT event_id, subject_id, occurred_at, sequence, type, attributes FROM clocks.events"
            " ORDER BY subject_id, occurred_at, sequence, event_id"
        )
    finally:
        await connection.close()
    return len(rows)


def generated(rows: int) -> Iterator[list[str]]:
    """Make incidents of six updates each, opened every eight minutes, whose rows follow one another."""
    yield ["number", "incident_state", "priority", "opened_at", "sys_updated_at", "sys_mod_count"]
    first = datetime(2016, 3, 1, 8)  # noqa: DTZ001 - a wall time
    for row in range(rows):
        incident, update = divmod(row, len(STATES))
        opened = first + timedelta(minutes=8 * incident)
        updated = opened + timedelta(hours=(1 + incident % 7) * update, minutes=3)
        priority = str(1 + incident % 4)
        yield [f"INC{incident:07}", STATES[update], priority, wall(opened), wall(updated), str(update)]


def wall(moment: datetime) -> str:
    """Write a wall time as the export does."""
    return f"{moment.day}/{moment.month}/{moment.year} {moment:%H:%M}"


if __name__ == "__main__":
    main()
