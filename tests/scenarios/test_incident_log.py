"""The main job on a real log: the offline backtest against an independent computation, line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.scenarios.incident_oracle import CycleVerdict, judge, read_incidents

ROOT = Path(__file__).resolve().parents[2]
EXPORT = ROOT.parent / "shared" / "data" / "servicenow-incidents.csv.gz"
EXAMPLES = ROOT / "services" / "cli" / "examples" / "servicenow"

needs_export = pytest.mark.skipif(
    not EXPORT.is_file(), reason="the ServiceNow export is not beside the checkout"
)


def instant(text: str | None) -> datetime | None:
    """Read an RFC 3339 instant, or None."""
    return None if text is None else datetime.fromisoformat(text)


def verdict(line: str) -> CycleVerdict:
    """Read one object that the backtest printed."""
    cycle = json.loads(line)
    started_at = instant(cycle["started_at"])
    assert started_at is not None
    return CycleVerdict(
        subject=cycle["subject"],
        target=cycle["target"],
        phase=cycle["phase"],
        outcome=cycle["outcome"],
        started_at=started_at,
        due_at=instant(cycle["due_at"]),
        breached_at=instant(cycle["breached_at"]),
        stopped_at=instant(cycle["stopped_at"]),
        elapsed=timedelta(microseconds=cycle["elapsed_us"]),
    )


def backtest(*extra: str) -> list[CycleVerdict]:
    """Run the command as a user does, without any server."""
    command = [sys.executable, "-m", "cli", "backtest", str(EXAMPLES / "policy.yaml"), str(EXPORT)]
    command += ["--calendar", str(EXAMPLES / "calendar.yaml"), "--format", "json", *extra]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own command
    return [verdict(line) for line in printed.splitlines()]


@needs_export
def test_backtest_agrees_with_the_oracle_on_every_incident() -> None:
    """Every Cycle of the log has the numbers of an independent computation, to the microsecond."""
    incidents = list(read_incidents(EXPORT))
    as_of = max(at for incident in incidents for at, _, _ in incident.rows)
    expected = {incident.number: judge(incident, as_of) for incident in incidents}
    found = {cycle.subject: cycle for cycle in backtest()}
    assert len(found) == len(expected) == 17_136
    assert {
        number: (found.get(number), cycle) for number, cycle in expected.items() if found.get(number) != cycle
    } == {}


@needs_export
@pytest.mark.parametrize("as_of", ["2016-03-15T15:00:00Z", "2016-04-21T12:34:56.789012Z"])
def test_backtest_as_of_an_earlier_instant_agrees_with_the_oracle(as_of: str) -> None:
    """In the middle of the log, with incidents open and paused, the numbers agree as well."""
    at = datetime.fromisoformat(as_of)
    expected = {}
    for incident in read_incidents(EXPORT):
        cut = incident.until(at)
        if cut is not None:
            expected[incident.number] = judge(cut, at)
    found = {cycle.subject: cycle for cycle in backtest("--as-of", as_of)}
    assert {cycle.phase for cycle in expected.values()} == {"RUNNING", "PAUSED", "STOPPED"}
    assert found == expected
