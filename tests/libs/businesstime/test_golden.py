from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from businesstime import (
    BusinessDays,
    Timeline,
    compile_schedule,
    from_us,
    parse_duration,
    schedule_from_document,
    to_us,
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "businesstime"
DOCUMENTS: dict[str, dict[str, Any]] = yaml.safe_load((GOLDEN / "schedules.yaml").read_text("utf-8"))
TIMELINES: dict[str, Timeline] = {
    name: compile_schedule(schedule_from_document(document)) for name, document in DOCUMENTS.items()
}


def cases(name: str) -> list[Any]:
    """Read the cases of a file, named for their schedule and reason."""
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [
            pytest.param(row, id=f"{row['schedule']}: {row['because']}")
            for row in csv.DictReader(file, strict=True)
        ]


def at_us(text: str) -> int:
    """Read an instant."""
    return to_us(datetime.fromisoformat(text))


@pytest.mark.parametrize("case", cases("elapsed"))
def test_elapsed(case: dict[str, str]) -> None:
    """The open time between two instants is what was worked out by hand, however it is asked."""
    timeline, start, end = TIMELINES[case["schedule"]], at_us(case["from"]), at_us(case["to"])
    expected = parse_duration(case["elapsed"])
    assert timeline.elapsed_us(start, end) == expected
    assert (
        timeline.elapsed(datetime.fromisoformat(case["from"]), datetime.fromisoformat(case["to"])) == expected
    )
    assert timeline.arrays.elapsed(np.array([start]), np.array([end])).tolist() == [expected]


@pytest.mark.parametrize("case", cases("deadline"))
def test_deadline(case: dict[str, str]) -> None:
    """A deadline is what was worked out by hand, however it is asked."""
    timeline, start = TIMELINES[case["schedule"]], at_us(case["from"])
    due, duration = datetime.fromisoformat(case["due"]), parse_duration(case["duration"])
    assert timeline.deadline(datetime.fromisoformat(case["from"]), duration) == due.astimezone(UTC)
    if isinstance(duration, BusinessDays):
        assert timeline.add_business_days_us(start, duration.days) == to_us(due)
        assert timeline.arrays.add_business_days(start, duration.days) == to_us(due)
    else:
        assert from_us(timeline.deadline_us(start, duration)) == due
        assert timeline.arrays.deadline(start, duration) == to_us(due)


def test_every_schedule_is_used() -> None:
    """No golden schedule is left without a case."""
    used = {case.values[0]["schedule"] for name in ("elapsed", "deadline") for case in cases(name)}
    assert used == set(DOCUMENTS)
