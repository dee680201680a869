"""What importing a real log through the gateway costs, beside a bare batched insert of the same rows.

Run as `python -m tests.benchmarks.import_log [EXPORT.csv.gz]`. Everything is in it, as a user has it:
`meantime up` with its gateway, services and worker, and `meantime import` reading the CSV. Goal: a twelfth of
the bare insert's rate in the same run.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import uvloop

from businesstime import from_us
from cli.events import EventRow
from cli.runtime import read_runtime
from cli.servicenow import read_servicenow
from clocks.contract import EventRecord
from tests.benchmarks.ingest import bare_rate
from tests.services.cli.stacks import meantime, short_folder, stack

ROOT = Path(__file__).resolve().parents[2]
EXPORT = ROOT.parent / "shared" / "data" / "servicenow-incidents.csv.gz"
EXAMPLES = ROOT / "services" / "cli" / "examples" / "servicenow"
ZONE = "America/Sao_Paulo"
GOAL = 12


def main() -> None:
    """Measure and print; without an export there is nothing to measure."""
    export = Path(sys.argv[1]) if len(sys.argv) > 1 else EXPORT
    if not export.is_file():
        sys.stdout.write(f"import: skipped, there is no {export.name}; name an export of ServiceNow's\n")
        return
    with short_folder() as folder, stack(folder) as running:
        options = ("--data", str(running.data))
        run("apply", "-f", str(EXAMPLES), *options)
        events = [event_of(row) for row in read_servicenow(export, zone=ZONE) if isinstance(row, EventRow)]
        bare = bare_insert(running.data, events)
        began_s = time.perf_counter()
        run("import", "servicenow", str(export), "--timezone", ZONE, *options)
        rate = len(events) / (time.perf_counter() - began_s)
    sys.stdout.write(
        f"import of {len(events):,} rows through the gateway: {rate:,.0f} events/s; bare insert"
        f" {bare:,.0f} rows/s; 1/{bare / rate:.1f} (goal: 1/{GOAL})\n"
    )


def bare_insert(data: Path, events: list[EventRecord]) -> float:
    """Insert the same rows into a table of the same server; rows a second."""
    runtime = read_runtime(data)
    if runtime is None:
        sys.exit("meantime up has left no facts")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(bare_rate(runtime.database_url, events, 500))


def run(*arguments: str) -> None:
    """Run a command as a user does; it must succeed."""
    done = meantime(*arguments)
    if done.returncode != 0:
        sys.exit(f"meantime {arguments[0]}: {done.stderr}")


def event_of(row: EventRow) -> EventRecord:
    """Make what the clocks service gets of a row."""
    event = row.event
    return EventRecord(
        event_id=event.event_id,
        subject_id=event.subject_id,
        occurred_at=from_us(event.occurred_at_us),
        type=event.type,
        sequence=event.sequence,
        attributes=dict(event.attributes),
    )


if __name__ == "__main__":
    main()
