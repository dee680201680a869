"""What a backtest costs: a whole run of the command, and its parts, beside reading the bare CSV.

Run as `python -m tests.benchmarks.backtest`. It takes the real log where it lies beside the checkout,
else a generated one of the same size; `ROWS` as an argument generates that many rows.
"""

from __future__ import annotations

import csv
import gc
import gzip
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cli.backtesting import compile_calendars, read_calendars, read_log, read_policy, try_policy

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "services" / "cli" / "examples" / "servicenow"
REAL = ROOT.parent / "shared" / "data" / "servicenow-incidents.csv.gz"
REAL_ROWS = 101_045
STATES = ("New", "Active", "Awaiting User Info", "Active", "Resolved", "Closed")
ZONE = "America/Sao_Paulo"

Done = TypeVar("Done")


def main() -> None:
    """Measure and print."""
    with log_file(int(sys.argv[1]) if len(sys.argv) > 1 else None) as path:
        bare_s = min(timed(lambda: read_bare(path))[0] for _ in range(3))
        whole_s = min(timed(lambda: run_command(path))[0] for _ in range(3))
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"backtest of {path.name}: {whole_s:.2f} s, {whole_s / bare_s:.1f} times the bare CSV")  # noqa: T201
        print(f"  bare CSV {bare_s:.2f} s; peak {peak_mb:.0f} MB")  # noqa: T201
        print_parts(path)


def print_parts(path: Path) -> None:
    """Time the parts in this process."""
    policy = read_policy(EXAMPLES / "policy.yaml")
    documents = read_calendars([str(EXAMPLES / "calendar.yaml")], policy)
    gc.disable()
    compile_s, timelines = timed(lambda: compile_calendars(documents))
    read_s, log = timed(lambda: read_log(path, zone=ZONE, attributes=policy.reads))
    fold_s, cycles = timed(lambda: list(try_policy(policy, timelines, log, as_of_us=log.last_us)))
    events = sum(len(each) for each in log.events_of.values())
    print(f"  calendars {compile_s:.2f} s, rows {read_s:.2f} s, folds {fold_s:.2f} s")  # noqa: T201
    print(f"  {events:,} events, {len(cycles):,} Cycles, {events / fold_s:,.0f} events folded a second")  # noqa: T201


def timed(work: Callable[[], Done]) -> tuple[float, Done]:
    """Say how long it took, and what came of it."""
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def read_bare(path: Path) -> int:
    """Read the rows and do nothing with them."""
    with gzip.open(path) as packed:
        return sum(1 for _ in csv.reader(io.TextIOWrapper(packed, encoding="utf-8", newline="")))


def run_command(path: Path) -> None:
    """Run the command, start of Python included."""
    calendar = EXAMPLES / "calendar.yaml"
    command = [sys.executable, "-m", "cli", "backtest", str(EXAMPLES / "policy.yaml"), str(path)]
    command += ["--calendar", str(calendar), "--format", "json"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command


@contextmanager
def log_file(rows: int | None) -> Iterator[Path]:
    """Find the real log, or write a generated one."""
    if rows is None and REAL.is_file():
        yield REAL
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "generated.csv.gz"
        with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=1) as file:
            csv.writer(file).writerows(generated(rows or REAL_ROWS))
        yield path


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
