"""`meantime measure` as a user has it, on what a real server has recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.access import Access
from cli.graphql import GatewayClient
from tests.services.cli.test_import_servicenow import export, imported, incidents
from tests.services.cli.test_rehearse import EXAMPLES, run

HOUR_US = 3_600_000_000
APRIL = ("--period", "2016-04")


@pytest.fixture
async def recorded(access: Access, client: GatewayClient, tmp_path: Path) -> Access:
    """Apply the examples, and import ten incidents of March 2016, each resolved in time."""
    applied = await run(access, "apply", "-f", str(EXAMPLES))
    assert applied.code == 0, applied.err
    await imported(client, export(tmp_path / "incidents.csv", incidents(10)))
    return access


def document(folder: Path, text: str, name: str = "measure.yaml") -> str:
    """Write a measure document."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


async def test_a_month_by_target(recorded: Access, tmp_path: Path) -> None:
    """The table shows the whole and each part; JSON has both whole numbers, and the hash of the evidence."""
    file = document(tmp_path, "{kind: attainment, policy: resolution}")
    month = ("--period", "2016-03", "--zone", "America/Sao_Paulo", "--by", "target")
    command = ("measure", "-f", file, *month)
    shown = await run(recorded, *command)
    lines = [" ".join(line.replace("│", " ").split()) for line in shown.out.splitlines()]
    assert "2016-03 (all) 100.00 % 10 10 10" in lines
    assert "2016-03 P3 100.00 % 10 10 10" in lines
    told = json.loads((await run(recorded, *command, "--format", "json")).out)
    assert (told["numerator"], told["denominator"], told["start"]) == ("10", "10", "2016-03-01T03:00:00Z")
    assert len(told["evidenceHash"]) == 64
    assert [part["name"] for part in told["parts"]] == ["P3"]


async def test_a_trend_of_times(recorded: Access, tmp_path: Path) -> None:
    """Each month has a row: times in hours and minutes, and no data where there is none."""
    mean = document(tmp_path, "{kind: mean, of: {kind: cycles, policy: resolution}}")
    months = ("--unit", "month", "--start", "2016-03-01T00:00:00Z", "--end", "2016-05-01T00:00:00Z")
    command = ("measure", "-f", mean, *months)
    march, april = map(json.loads, (await run(recorded, *command, "--format", "json")).out.splitlines())
    assert (march["label"], march["samples"], april["status"]) == ("2016-03", 10, "NO_DATA")
    hours, minutes = divmod(int(march["decimal"].split(".")[0]) // 60_000_000, 60)
    table = (await run(recorded, *command)).out
    assert f" {hours}h{minutes:02}m " in table
    assert " no data " in table
    narrowed = await run(recorded, *command, "--where", "priority=9", "--format", "json")
    assert [json.loads(line)["samples"] for line in narrowed.out.splitlines()] == [0, 0]


async def test_what_cannot_be_measured_is_one_line(recorded: Access, tmp_path: Path) -> None:
    """A document, a period and an attribute that say nothing possible are refused with their place."""
    kept = document(tmp_path, "{kind: attainment}")
    median = document(tmp_path, "{kind: median}", "median.yaml")
    refused = {
        f"{median}: kind: invalid value 'median': there are attainment, avail": (
            "measure",
            "-f",
            median,
            *APRIL,
        ),
        "--rolling-days: a rolling window has 1 to 36600": ("measure", "-f", kept, "--rolling-days", "0"),
        "--start: '2016-04-01' has no offset": ("measure", "-f", kept, "--start", "2016-04-01"),
        "--zone: 'Mars' is no zone": ("measure", "-f", kept, *APRIL, "--zone", "Mars"),
        "--by: 'team' tells nothing apart": ("measure", "-f", kept, *APRIL, "--by", "team"),
        "--period: say which": ("measure", "-f", kept),
        "NAME=VALUE is needed": ("measure", "-f", kept, "--period", "2016", "--where", "x"),
        "No such file": ("measure", "-f", str(tmp_path / "none.yaml"), "--period", "2016"),
    }
    for reason, command in refused.items():
        ended = await run(recorded, *command)
        assert (ended.code, ended.out) == (1, "")
        assert reason in ended.err
        assert len(ended.err.splitlines()) == 1
