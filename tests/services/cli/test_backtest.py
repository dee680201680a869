"""The command `meantime backtest`, as a user calls it: what it prints, and how it refuses."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from cli.app import main

EXAMPLES = Path(__file__).parents[3] / "services" / "cli" / "examples" / "servicenow"
HEADER = "number,incident_state,priority,opened_at,sys_updated_at,sys_mod_count"
EXPORT = f"""{HEADER}
INC1,New,1,1/3/2016 09:00,1/3/2016 09:05,0
INC1,Awaiting Vendor,1,1/3/2016 09:00,1/3/2016 11:00,1
INC1,Active,1,1/3/2016 09:00,2/3/2016 09:00,2
INC1,Resolved,1,1/3/2016 09:00,2/3/2016 11:00,3
INC2,Resolved,2,1/3/2016 08:00,1/3/2016 18:30,0
INC3,Awaiting User Info,3,1/3/2016 17:00,1/3/2016 17:30,0
"""
CYCLES = [
    {
        "subject": "INC1",
        "metric": "resolution",
        "cycle": 1,
        "target": "P1",
        "phase": "STOPPED",
        "outcome": "MET",
        "started_at": "2016-03-01T12:00:00Z",
        "due_at": "2016-03-02T14:00:00Z",
        "breached_at": None,
        "stopped_at": "2016-03-02T14:00:00Z",
        "elapsed_us": 4 * 3_600_000_000,
    },
    {
        "subject": "INC2",
        "metric": "resolution",
        "cycle": 1,
        "target": "P2",
        "phase": "STOPPED",
        "outcome": "BREACHED",
        "started_at": "2016-03-01T11:00:00Z",
        "due_at": "2016-03-01T19:00:00Z",
        "breached_at": "2016-03-01T19:00:00Z",
        "stopped_at": "2016-03-01T21:30:00Z",
        "elapsed_us": 10 * 3_600_000_000,
    },
    {
        "subject": "INC3",
        "metric": "resolution",
        "cycle": 1,
        "target": "P3",
        "phase": "PAUSED",
        "outcome": "PENDING",
        "started_at": "2016-03-01T20:00:00Z",
        "due_at": None,
        "breached_at": None,
        "stopped_at": None,
        "elapsed_us": 1_800_000_000,
    },
]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Write a small export."""
    path = tmp_path / "export.csv"
    path.write_text(EXPORT, encoding="utf-8")
    return path


class Run(NamedTuple):
    """What a run of the command printed, and its exit code."""

    code: int
    out: str
    err: str


def backtest(events: Path, *options: str, policy: Path = EXAMPLES / "policy.yaml") -> Run:
    """Run the command in this process, from its arguments to its exit."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    arguments = ["meantime", "backtest", str(policy), str(events), *options]
    with command_line(arguments), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        else:
            code = 0
    return Run(code, *(read_back(stream) for stream in (out, err)))


@contextmanager
def command_line(arguments: list[str]) -> Iterator[None]:
    """Stand where a shell stands."""
    before, sys.argv = sys.argv, arguments
    try:
        yield
    finally:
        sys.argv = before


def read_back(stream: io.TextIOWrapper) -> str:
    """Read what was written."""
    stream.seek(0)
    return stream.read()


CALENDAR = ("--calendar", str(EXAMPLES / "calendar.yaml"))
JSON = ("--format", "json")


def cycles(run: Run) -> list[dict[str, Any]]:
    """Read the lines that it printed."""
    assert run.code == 0, run.err
    return [json.loads(line) for line in run.out.splitlines()]


def refusal(run: Run) -> str:
    """Take the one line of a refusal."""
    assert run.code == 1, run.out
    (line,) = run.err.splitlines()
    assert line.startswith("meantime: ")
    return line


def test_each_cycle_is_one_json_object(export: Path) -> None:
    """In order of subject, with instants in UTC and null where there is none."""
    assert cycles(backtest(export, *CALENDAR, *JSON)) == CYCLES


def test_a_calendar_may_be_given_by_key(export: Path) -> None:
    """KEY=FILE names the Calendar that the policy counts on."""
    by_key = ("--calendar", f"service-desk={EXAMPLES / 'calendar.yaml'}")
    assert cycles(backtest(export, *by_key, *JSON)) == CYCLES


def test_the_zone_of_wall_times_is_the_calendars_or_the_one_given(export: Path) -> None:
    """Read as UTC, the same wall times are three hours earlier."""
    first, *_ = cycles(backtest(export, *CALENDAR, *JSON, "--timezone", "UTC"))
    assert first["started_at"] == "2016-03-01T09:00:00Z"


def test_as_of_reads_by_what_was_known_then(export: Path) -> None:
    """Later events are not yet known, and a running Cycle is read at that instant."""
    first, second, third = cycles(backtest(export, *CALENDAR, *JSON, "--as-of", "2016-03-01T21:30:00Z"))
    assert (first["phase"], first["due_at"], first["elapsed_us"]) == ("PAUSED", None, 2 * 3_600_000_000)
    assert (second, third) == (CYCLES[1], CYCLES[2])
    assert cycles(backtest(export, *CALENDAR, *JSON, "--as-of", "2016-01-01T00:00:00Z")) == []


def test_json_lines_give_the_same(export: Path, tmp_path: Path) -> None:
    """The same facts in another form and order are the same Cycles."""
    said = [
        ("INC1", "New", "1", "2016-03-01T12:00:00Z", "2016-03-01T12:05:00Z"),
        ("INC1", "Awaiting Vendor", "1", "2016-03-01T12:00:00Z", "2016-03-01T14:00:00Z"),
        ("INC1", "Active", "1", "2016-03-01T12:00:00Z", "2016-03-02T12:00:00Z"),
        ("INC1", "Resolved", "1", "2016-03-01T12:00:00Z", "2016-03-02T14:00:00Z"),
        ("INC2", "Resolved", "2", "2016-03-01T11:00:00Z", "2016-03-01T21:30:00Z"),
        ("INC3", "Awaiting User Info", "3", "2016-03-01T20:00:00Z", "2016-03-01T20:30:00Z"),
    ]
    lines = [
        {
            "event_id": f"e{index}",
            "subject_id": subject,
            "occurred_at": at,
            "type": "updated",
            "attributes": {"incident_state": state, "priority": priority, "opened_at": opened},
        }
        for index, (subject, state, priority, opened, at) in enumerate(said)
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines[::-1]), encoding="utf-8")
    assert cycles(backtest(path, *CALENDAR, *JSON)) == cycles(backtest(export, *CALENDAR, *JSON))


def test_an_id_of_two_subjects_is_a_contradiction(tmp_path: Path) -> None:
    """The first line that has an id keeps it; the same line again is no harm."""
    lines = [
        {"event_id": "e", "subject_id": subject, "occurred_at": "2016-03-01T12:00:00Z", "type": "updated"}
        for subject in ("B", "A", "B")
    ]
    attributes = {"incident_state": "New", "priority": "1"}
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(line | {"attributes": attributes}) + "\n" for line in lines))
    run = backtest(path, *CALENDAR, *JSON)
    assert [each["subject"] for each in cycles(run)] == ["B"]
    assert run.err.splitlines() == [
        "line 2: event e was there before with other content",
        "1 rows left out",
    ]


def test_only_an_export_needs_a_zone(export: Path, tmp_path: Path) -> None:
    """A composed calendar has none of its own: JSON lines do without, an export asks for --timezone."""
    hours = "{zone: America/Sao_Paulo, hours: {mon-fri: ['08:00-18:00']}}"
    composed = ("--calendar", write(tmp_path / "composed.yaml", f"union: [{hours}, {hours}]\n"))
    lines = tmp_path / "events.jsonl"
    lines.write_text('{"event_id":"e","subject_id":"s","type":"x","occurred_at":"2016-03-01T12:00:00Z"}\n')
    assert cycles(backtest(lines, *composed, *JSON)) == []
    assert "give --timezone" in refusal(backtest(export, *composed))
    zone = ("--timezone", "America/Sao_Paulo")
    assert cycles(backtest(export, *composed, *zone, *JSON)) == CYCLES


def test_bad_rows_are_reported_beside_the_result(export: Path) -> None:
    """Lines and reasons go to the error stream; one that repeats an event is no harm, a contradiction is."""
    bad = "INC4,New,1,1/3/2016 09:00,soon,0\n"
    repeated = "INC1,New,1,1/3/2016 09:00,1/3/2016 09:05,0\n"
    contradiction = "INC1,Active,1,1/3/2016 09:00,1/3/2016 09:05,0\n"
    export.write_text(EXPORT + bad + repeated + contradiction, encoding="utf-8")
    run = backtest(export, *CALENDAR, *JSON)
    assert cycles(run) == CYCLES
    assert run.err.splitlines() == [
        "line 8: sys_updated_at: 'soon' is no time as D/M/YYYY HH:MM or YYYY-MM-DD HH:MM",
        "line 10: event INC1/0/1456833900 was there before with other content",
        "2 rows left out",
        "wall times are read in America/Sao_Paulo, the calendar's; --timezone names another",
    ]


def test_the_table_shows_attainment_and_what_was_breached(export: Path) -> None:
    """Met, breached and pending by Target; then the breached Cycles, the longest over due first, bounded."""
    rows = [f"B{n},Resolved,1,1/3/2016 08:00,1/3/2016 13:{n:02},0\n" for n in range(25)]
    export.write_text(EXPORT + "".join(rows), encoding="utf-8")
    shown = backtest(export, *CALENDAR).out
    lines = [" ".join(line.replace("│", " ").split()) for line in shown.splitlines()]
    assert "resolution P1 1 25 0 0 3.84 %" in lines
    assert "resolution P2 0 1 0 0 0.00 %" in lines
    assert "resolution P3 0 0 1 0 no data" in lines
    assert "6 more were breached; --format json lists every Cycle." in lines
    listed = [line.split()[0] for line in lines if line.endswith("m")]
    assert listed[:3] == ["INC2", "B24", "B23"]


def test_a_policy_that_does_not_compile_is_refused_with_file_path_and_position(
    export: Path, tmp_path: Path
) -> None:
    """One line says where."""
    document = yaml.safe_load((EXAMPLES / "policy.yaml").read_text(encoding="utf-8"))
    document["metrics"]["resolution"]["stop"] = "subject.state in"
    policy = tmp_path / "policy.yaml"
    policy.write_text(yaml.safe_dump(document), encoding="utf-8")
    line = refusal(backtest(export, *CALENDAR, policy=policy))
    assert f"{policy}: metrics.resolution.stop: line 1, column 17: Syntax error" in line


def write(path: Path, text: str) -> str:
    """Write a file and say its name."""
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_each_bad_input_is_one_clear_line(export: Path, tmp_path: Path) -> None:
    """The line names the file or option and the reason; nothing is printed as a result."""
    zone = write(tmp_path / "zone.yaml", "zone: Mars/Olympus\nhours: {mon: ['08:00-12:00']}\n")
    window = write(tmp_path / "window.yaml", "zone: UTC\nhours: {mon: ['25:00-26:00']}\n")
    other = Path(write(tmp_path / "other.csv", "a,b\n1,2\n"))
    empty = Path(write(tmp_path / "empty.csv", HEADER + "\n"))
    broken = write(tmp_path / "broken.yaml", "a: [1\n")
    faults = {
        "Mars/Olympus": backtest(export, "--calendar", zone),
        "25:00": backtest(export, "--calendar", window),
        "not YAML": backtest(export, "--calendar", broken),
        "none.yaml: No such file": backtest(export, "--calendar", str(tmp_path / "none.yaml")),
        "give --calendar service-desk=FILE": backtest(export, "--calendar", f"x={window}"),
        "not a ServiceNow export": backtest(other, *CALENDAR),
        "holds no events": backtest(empty, *CALENDAR),
        "there is no such file": backtest(tmp_path / "none.csv", *CALENDAR),
        "'noon' is no RFC 3339 instant": backtest(export, *CALENDAR, "--as-of", "noon"),
        "has no offset": backtest(export, *CALENDAR, "--as-of", "2016-03-01T21:30:00"),
        "--timezone: 'Nowhere/Here'": backtest(export, *CALENDAR, "--timezone", "Nowhere/Here"),
    }
    for reason, run in faults.items():
        assert reason in refusal(run)
        assert run.out == ""
