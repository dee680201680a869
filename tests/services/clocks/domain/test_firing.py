"""Firings: which warnings and breaches a Cycle owes, and when."""

from __future__ import annotations

import pytest

from clocks.domain.cycle import Cycle
from clocks.domain.due import due_at_us
from clocks.domain.errors import CalendarMissingError
from clocks.domain.firing import all_firings, next_firing
from clocks.domain.recount import due_of_each
from clocks.domain.spans import spans_of
from tests.services.clocks.domain.promises import (
    TIMELINES,
    at_us,
    cycles_of,
    event,
    folded,
    policy_document,
    versions,
)

FOUR = [{"name": "four", "duration": "4h", "warnings": ["30m", "50%"]}]
TWO_TARGETS = [
    {"name": "low", "when": 'subject.p == "low"', "duration": "8h", "warnings": ["75%"]},
    {"name": "high", "when": 'subject.p == "high"', "duration": "2h", "warnings": ["50%"]},
    {"name": "free", "when": 'subject.p == "free"', "duration": "40h"},
]


def cycle_of(log: list[tuple[float, str]]) -> Cycle:
    """Fold a log under four hours around the clock, warned at half and half an hour before due."""
    events = [event(hour, kind) for hour, kind in log]
    return cycles_of(folded(events, versions(policy_document(targets=FOUR))))[-1]


def fired(cycle: Cycle) -> list[tuple[float, str]]:
    """List firings in hours."""
    found = all_firings(cycle, TIMELINES)
    return [((firing.at_us - at_us(0)) / 3_600_000_000, firing.threshold) for firing in found]


ALL = [(2, "four:50%"), (3.5, "four:30m"), (4, "breach")]

LOGS = [
    ([(0, "start")], ALL),
    ([(0, "start"), (1, "wait")], []),
    ([(0, "start"), (2, "wait")], ALL[:1]),
    ([(0, "start"), (3, "wait")], ALL[:1]),
    ([(0, "start"), (4, "wait")], ALL),
    ([(0, "start"), (5, "wait")], ALL),
    ([(0, "start"), (1, "wait"), (3, "other")], [(4, "four:50%"), (5.5, "four:30m"), (6, "breach")]),
    ([(0, "start"), (2, "stop")], []),
    ([(0, "start"), (3, "stop")], ALL[:1]),
    ([(0, "start"), (4, "stop")], ALL[:2]),
    ([(0, "start"), (4.000001, "stop")], ALL),
    ([(0, "start"), (3, "cancel")], ALL[:1]),
    ([(0, "start"), (5, "cancel")], ALL),
    ([(0, "start"), (3, "stop"), (9, "start")], [(2, "four:50%"), (9.5, "four:30m"), (10, "breach")]),
    ([(0, "start"), (1, "stop"), (6, "cancel")], []),
]


@pytest.mark.parametrize(("log", "expected"), LOGS)
def test_firings_follow_the_used_time(
    log: list[tuple[float, str]], expected: list[tuple[float, str]]
) -> None:
    """Each comes when its time is used up, and only if the Cycle goes on past that; by columns, too."""
    cycle = cycle_of(log)
    assert fired(cycle) == expected
    assert all_firings(cycle, TIMELINES, spans_of(cycle)) == all_firings(cycle, TIMELINES)
    assert due_of_each([cycle], TIMELINES) == [due_at_us(cycle, TIMELINES)]


RETARGETED = [
    ("RECOUNT", [(0, "low"), (5, "high")], [(1, "high:50%"), (2, "breach")]),
    ("CARRY", [(0, "low"), (5, "high")], [(5, "breach")]),
    ("CARRY", [(0, "low"), (1.5, "high")], [(1.5, "high:50%"), (2, "breach")]),
    ("CARRY", [(0, "high"), (1.5, "low")], [(6, "low:75%"), (8, "breach")]),
    ("CARRY", [(0, "high"), (5, "low")], [(2, "breach")]),
    ("RECOUNT", [(0, "high"), (5, "low")], [(6, "low:75%"), (8, "breach")]),
    ("CARRY", [(0, "low"), (5, "free"), (7, "low")], [(7, "low:75%"), (8, "breach")]),
    (
        "CARRY",
        [(0, "low"), (5, "free"), (7, "low"), (7.5, "free"), (7.75, "low")],
        [(7, "low:75%"), (8, "breach")],
    ),
]


@pytest.mark.parametrize(("mode", "log", "expected"), RETARGETED)
def test_only_the_present_targets_warnings_count(
    mode: str, log: list[tuple[float, str]], expected: list[tuple[float, str]]
) -> None:
    """What was used up before a change under CARRY is reached at the change; due comes without warning."""
    policies = versions(policy_document(targets=TWO_TARGETS, retarget=mode))
    (cycle,) = cycles_of(folded([event(hour, "start", p=p) for hour, p in log], policies))
    assert fired(cycle) == expected


def test_a_warning_reached_at_a_change_stays_there() -> None:
    """What comes after the change, a pause for one, does not move it."""
    policies = versions(policy_document(targets=TWO_TARGETS, retarget="CARRY"))
    log = [event(0, "start", p="low"), event(1.5, "start", p="high"), event(1.75, "wait"), event(3, "other")]
    (cycle,) = cycles_of(folded(log, policies))
    assert fired(cycle) == [(1.5, "high:50%"), (3.25, "breach")]


def test_the_next_firing_is_the_first_that_was_not_fired() -> None:
    """Nothing is owed when all were, or while paused."""
    running, paused = cycle_of([(0, "start")]), cycle_of([(0, "start"), (1, "wait")])
    first = next_firing(running, TIMELINES)
    assert first is not None
    assert (first.kind, first.threshold, first.target, first.at_us) == (
        "warning",
        "four:50%",
        "four",
        at_us(2),
    )
    last = next_firing(running, TIMELINES, fired={"four:50%", "four:30m"})
    assert last is not None
    assert (last.kind, last.at_us) == ("breach", at_us(4))
    assert next_firing(running, TIMELINES, fired={"four:50%", "four:30m", "breach"}) is None
    assert next_firing(paused, TIMELINES) is None


def test_a_calendar_that_is_not_given_is_named() -> None:
    """The error says which key is missing."""
    with pytest.raises(CalendarMissingError, match="'always'") as missing:
        all_firings(cycle_of([(0, "start")]), {})
    assert (missing.value.code, missing.value.kind) == ("calendar_unknown", "not_found")
