"""What a backtest costs on a server: a real log, driven through the gateway, beside the same log offline.

Run as `python -m tests.benchmarks.rehearsal [EXPORT.csv.gz]`. Everything is in it, as a user has it. Goals:
the whole command under 3 s for some 101,000 updates; a gateway and services that stay below 400 MiB.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.benchmarks.import_log import EXAMPLES, EXPORT, ZONE, run
from tests.services.cli.stacks import meantime, short_folder, stack

GOAL_S = 3.0


def main() -> None:
    """Measure and print; without an export there is nothing to measure."""
    export = Path(sys.argv[1]) if len(sys.argv) > 1 else EXPORT
    if not export.is_file():
        sys.stdout.write(f"rehearsal: skipped, there is no {export.name}; name an export of ServiceNow's\n")
        return
    with short_folder() as folder, stack(folder) as running:
        options = ("--data", str(running.data))
        run("apply", "-f", str(EXAMPLES), *options)
        run("import", "servicenow", str(export), "--timezone", ZONE, *options)
        began_s = time.perf_counter()
        policy = str(EXAMPLES / "policy.yaml")
        done = meantime("rehearse", policy, "--policy", "resolution", "--format", "json", *options)
        took_s = time.perf_counter() - began_s
    if done.returncode != 0:
        sys.exit(f"meantime rehearse: {done.stderr}")
    summary = json.loads(done.stdout.splitlines()[-1])
    rate = summary["events"] / took_s
    sys.stdout.write(
        f"rehearsal of {summary['events']:,} events of {summary['subjects']:,} subjects through the gateway:"
        f" {took_s:.2f} s (goal: {GOAL_S:.0f} s), {rate:,.0f} events/s, {summary['flips']} flips\n"
    )


if __name__ == "__main__":
    main()
