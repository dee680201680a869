"""The published state table: every cell of the README's is lived through, and says what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import clocks
from clocks.domain.event import Event
from clocks.domain.reading import read_cycle
from tests.services.clocks.domain.promises import (
    HOUR_US,
    TIMELINES,
    at_us,
    cycles_of,
    event,
    folded,
    versions,
)

README = Path(clocks.__file__).with_name("README.md")
HEADING = "### The table"

# Four hours around the clock for the urgent, eight for the normal, sixteen for the rest; in the east only
# from 15 to 23.
DOCUMENT: dict[str, Any] = {
    "name": "Table",
    "calendars": {"default": "always", "attribute": "region", "mapping": {"east": "late"}},
    "metrics": {
        "work": {
            "start": 'subject.status == "open"',
            "pause": 'subject.status == "waiting"',
            "stop": 'subject.status == "solved"',
            "cancel": 'event.type in ["merged", "deleted"]',
            "targets": [
                {"name": "urgent", "when": 'subject.priority == "urgent"', "duration": "4h"},
                {"name": "normal", "when": 'subject.priority == "normal"', "duration": "8h"},
                {"name": "low", "duration": "16h"},
            ],
        }
    },
}
POLICIES = versions(DOCUMENT)

# By column: what happened before, and when the event of the row comes.
OPENED = event(0, "created", status="open", priority="normal")
STATES: Mapping[str, tuple[list[Event], float]] = {
    "no Cycle": ([event(0, "created", priority="normal")], 3),
    "RUNNING": ([OPENED], 3),
    "RUNNING, late": ([OPENED], 10),
    "PAUSED": ([OPENED, event(2, "before", status="waiting")], 3),
    "PAUSED, late": ([OPENED, event(9, "before", status="waiting")], 10),
    "STOPPED": ([OPENED, event(2, "before", status="solved")], 3),
    "STOPPED, late": ([OPENED, event(9, "before", status="solved")], 10),
    "CANCELLED": ([OPENED, event(2, "deleted")], 3),
    "CANCELLED, late": ([OPENED, event(9, "deleted")], 10),
}
REASON: dict[str, Any] = {"reason": "agreed"}
EVENTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "updated": ("updated", {}),
    "waits": ("updated", {"status": "waiting"}),
    "opened again": ("updated", {"status": "open"}),
    "solved": ("updated", {"status": "solved"}),
    "merged": ("merged", {}),
    "deleted": ("deleted", {}),
    "made urgent": ("updated", {"priority": "urgent"}),
    "made less urgent": ("updated", {"priority": "low"}),
    "handed over": ("updated", {"region": "east"}),
    "`clock.pause`": ("clock.pause", REASON),
    "`clock.resume` of the Metric": ("clock.resume", REASON | {"metric": "work"}),
    "`clock.resume` of all": ("clock.resume", REASON),
    "`clock.stop`": ("clock.stop", REASON),
    "`clock.cancel`": ("clock.cancel", REASON),
    "`clock.exclude`": (
        "clock.exclude",
        REASON | {"from": "2026-06-01T01:00:00Z", "until": "2026-06-01T02:00:00Z"},
    ),
    "`clock.override`": ("clock.override", REASON | {"duration": "16h"}),
    "`clock.stop`, revoked": ("clock.stop", REASON),
}


def lived(name: str, state: str) -> str:
    """Let an event come in a state, and say how the last Cycle stands an hour later."""
    before, hours = STATES[state]
    kind, attributes = EVENTS[name]
    log = [*before, event(hours, kind, event_id="row", **attributes)]
    if name.endswith(", revoked"):
        log.append(event(hours + 0.5, "clock.revoke", **REASON, event="row"))
    cycles = cycles_of(folded(log, POLICIES))
    if not cycles:
        return "nothing"
    reading = read_cycle(cycles[-1], at_us(hours + 1), TIMELINES)
    said = {"MET": "kept", "BREACHED": "broken", "PENDING": "due"}[reading.outcome]
    number = "" if len(cycles) == 1 else f"{len(cycles)}: "
    if reading.due_at_us is None:
        return f"{number}{reading.phase}"
    return f"{number}{reading.phase}, {said} {(reading.due_at_us - at_us(0)) / HOUR_US:g}"


def table() -> list[list[str]]:
    """Read the rows of the README's table, its head first."""
    lines = README.read_text(encoding="utf-8").partition(HEADING)[2].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows[: len(EVENTS) + 2] if not row[0].startswith("--")]


def cells() -> Iterator[tuple[str, str, str]]:
    """List event, state and what the table says of them."""
    (_, *states), *rows = table()
    for name, *row in rows:
        for state, said in zip(states, row, strict=True):
            yield name, state, said


@pytest.mark.parametrize(("name", "state", "said"), list(cells()))
def test_a_cell_is_true(name: str, state: str, said: str) -> None:
    """What the table says comes of an event in a state is what does."""
    assert lived(name, state) == said


def test_the_table_is_whole() -> None:
    """It has every event in every state, once, in order."""
    (_, *states), *rows = table()
    assert states == list(STATES)
    assert [row[0] for row in rows] == list(EVENTS)
