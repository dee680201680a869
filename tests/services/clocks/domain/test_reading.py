"""Readings and explanations of single Cycles, on the office's hours."""

from __future__ import annotations

from typing import Any

import pytest

from clocks.domain.cycle import Cycle
from clocks.domain.explain import explain_cycle
from clocks.domain.reading import read_cycle
from tests.services.clocks.domain.promises import (
    HOUR_US,
    TIMELINES,
    at_us,
    cycles_of,
    event,
    folded,
    policy_document,
    versions,
)

PROMISES = [
    {"name": "four", "when": 'subject.p != "end"', "duration": "4h"},
    {"name": "end", "until": {"business_day_end": 0}},
]


def office_cycle(*log: tuple[float, str]) -> Cycle:
    """Fold a log under four office hours: Monday to Friday 9 to 12 and 13 to 17."""
    document = policy_document()
    document["calendars"] = {"default": "office"}
    (cycle,) = cycles_of(folded([event(hour, kind) for hour, kind in log], versions(document)))
    return cycle


@pytest.mark.parametrize(
    ("at", "ticking", "change"),
    [
        (8, False, 9),
        (9, True, 12),
        (12, False, 13),
        (13.5, True, 14),
        (14, True, 14 + 1 / 3.6e9),
        (15, True, 17),
        (17, False, 33),
        (16 + 4 * 24, True, 17 + 4 * 24),
        (18 + 4 * 24, False, 9 + 7 * 24),
    ],
)
def test_a_running_cycle_ticks_while_the_team_is_at_work(at: float, ticking: bool, change: float) -> None:  # noqa: FBT001 - a column of the table
    """And the next change is the next edge of its hours, or due."""
    reading = read_cycle(office_cycle((7, "start")), at_us(at), TIMELINES)
    assert (reading.ticking, reading.next_change_us) == (ticking, at_us(change))


def test_a_cycle_that_always_ticks_changes_next_when_it_is_due_and_then_never() -> None:
    """Around the clock there is no edge."""
    (cycle,) = cycles_of(folded([event(0, "start")], versions(policy_document())))
    assert read_cycle(cycle, at_us(1), TIMELINES).next_change_us == at_us(4)
    assert read_cycle(cycle, at_us(5), TIMELINES).next_change_us is None


@pytest.mark.parametrize("kind", ["go", "wait"])
def test_at_due_the_next_change_is_the_breach(kind: str) -> None:
    """A microsecond later: who looks again whenever something changes sees it at once, paused or not."""
    document = policy_document(targets=[{"name": "end", "until": {"business_day_end": 0}}])
    document["calendars"] = {"default": "office"}
    log = [event(9, "start"), event(10, kind)]
    (cycle,) = cycles_of(folded(log, versions(document)))
    at_due = read_cycle(cycle, at_us(17), TIMELINES)
    assert (at_due.outcome, at_due.next_change_us) == ("PENDING", at_us(17) + 1)
    broken = read_cycle(cycle, at_us(17) + 1, TIMELINES)
    assert (broken.outcome, broken.next_change_us) == ("BREACHED", at_us(33) if kind == "go" else None)


@pytest.mark.parametrize("kind", ["wait", "stop", "cancel"])
def test_what_does_not_run_does_not_tick(kind: str) -> None:
    """Paused, stopped or cancelled, nothing changes without an event."""
    reading = read_cycle(office_cycle((9, "start"), (10, kind)), at_us(11), TIMELINES)
    assert (reading.ticking, reading.next_change_us) == (False, None)


def test_an_exclusion_is_a_change_by_itself() -> None:
    """Where it begins and where it ends; in it the Cycle reads PAUSED, with the due time it will have."""
    span: dict[str, Any] = {"from": "2026-06-01T02:00:00Z", "until": "2026-06-01T03:00:00Z"}
    log = [event(0, "start"), event(1, "clock.exclude", reason="r", **span)]
    (cycle,) = cycles_of(folded(log, versions(policy_document())))
    seen = [read_cycle(cycle, at_us(hour), TIMELINES) for hour in (1, 2, 2.5, 3, 5)]
    assert [(each.phase, each.ticking) for each in seen] == [
        ("RUNNING", True),
        ("PAUSED", False),
        ("PAUSED", False),
        ("RUNNING", True),
        ("RUNNING", True),
    ]
    assert [each.next_change_us for each in seen] == [at_us(2), at_us(3), at_us(3), at_us(5), at_us(5) + 1]
    assert {each.due_at_us for each in seen} == {at_us(5)}


@pytest.mark.parametrize(
    ("at", "phase", "outcome", "change"),
    [(11, "RUNNING", "PENDING", 15), (12, "STOPPED", "MET", None), (20, "CANCELLED", "MET", None)],
)
def test_before_its_starting_point_a_cycle_does_not_tick(
    at: float, phase: str, outcome: str, change: float | None
) -> None:
    """It may be over before, from that very instant on."""
    log = [event(10, "start", opened="2026-06-01T15:00:00Z"), event(12, "stop"), event(20, "cancel")]
    (cycle,) = cycles_of(folded(log, versions(policy_document(starts_at="opened"))))
    reading = read_cycle(cycle, at_us(at), TIMELINES)
    assert (reading.phase, reading.outcome, reading.ticking, reading.elapsed_us) == (phase, outcome, False, 0)
    assert reading.next_change_us == (None if change is None else at_us(change))


def test_before_its_starting_point_a_cycle_knows_nothing_of_what_follows() -> None:
    """Neither of a pause after it, nor of the promise that it comes under then."""
    document = policy_document(targets=PROMISES, retarget="CARRY", starts_at="opened")
    log = [
        event(10, "start", opened="2026-06-01T15:00:00Z", p="four"),
        event(16, "wait"),
        event(17, "other", p="end"),
    ]
    (cycle,) = cycles_of(folded(log, versions(document)))
    reading = read_cycle(cycle, at_us(11), TIMELINES)
    assert (reading.phase, reading.target, reading.due_at_us) == ("RUNNING", "four", at_us(19))


def test_due_is_the_earliest_instant_at_which_the_time_is_used_up() -> None:
    """Used up at closing time is due at closing time: a stop in the evening is too late."""
    cycle = office_cycle((13, "start"), (19, "stop"))
    reading = read_cycle(cycle, at_us(30), TIMELINES)
    assert (reading.outcome, reading.due_at_us, reading.remaining_us) == ("BREACHED", at_us(17), 0)


def test_an_explanation_names_each_segment_and_its_cause() -> None:
    """Running, closed, paused and stopped time follow one another; the running parts are what elapsed."""
    cycle = office_cycle((11, "start"), (14, "wait"), (15, "other"), (16, "stop"), (34, "start"))
    told = [
        ((each.start_us - at_us(0)) / 3_600_000_000, each.kind, each.cause.because, each.cause.event_id)
        for each in explain_cycle(cycle, at_us(35), TIMELINES)
    ]
    assert told == [
        (11, "running", "started", "start@11"),
        (12, "closed", "started", "start@11"),
        (13, "running", "started", "start@11"),
        (14, "paused", "paused", "wait@14"),
        (15, "running", "resumed", "other@15"),
        (16, "stopped", "stopped", "stop@16"),
        (34, "running", "reopened", "start@34"),
    ]


def test_a_cycle_is_seen_in_the_past_as_it_was() -> None:
    """Before a stop it was running; before its start nothing had elapsed."""
    cycle = office_cycle((9, "start"), (10, "wait"), (11, "other"), (14, "stop"))
    phases = {hour: read_cycle(cycle, at_us(hour), TIMELINES) for hour in (8, 9.5, 10, 11, 13.5, 14)}
    assert [reading.phase for reading in phases.values()] == [
        "RUNNING",
        "RUNNING",
        "PAUSED",
        "RUNNING",
        "RUNNING",
        "STOPPED",
    ]
    assert [reading.stopped_at_us for reading in phases.values()] == [None] * 5 + [at_us(14)]
    assert phases[8].elapsed_us == 0
    assert phases[13.5].outcome == "PENDING"
    assert phases[14].outcome == "MET"


@pytest.mark.parametrize(
    ("mode", "then"),
    [
        ("RECOUNT", ("end", 7 * HOUR_US, 17, 4 * HOUR_US)),
        ("CARRY", ("four", 4 * HOUR_US, 14, HOUR_US)),
    ],
)
def test_the_promise_of_then_is_read(mode: str, then: tuple[str, int, float, int]) -> None:
    """Hours, before a fixed point took their place; counted anew, that had always held."""
    document = policy_document(targets=PROMISES, retarget=mode)
    document["calendars"] = {"default": "office"}
    log = [event(9, "start", p="four"), event(13.5, "other", p="end")]
    (cycle,) = cycles_of(folded(log, versions(document)))
    reading = read_cycle(cycle, at_us(13), TIMELINES)
    target, worth_us, due, left_us = then
    assert (reading.target, reading.target_us) == (target, worth_us)
    assert (reading.due_at_us, reading.remaining_us) == (at_us(due), left_us)
    later = read_cycle(cycle, at_us(13.5), TIMELINES)
    assert (later.target, later.due_at_us) == ("end", at_us(17))


@pytest.mark.parametrize(("mode", "by_hand"), [("RECOUNT", True), ("CARRY", False)])
def test_a_promise_is_by_hand_from_when_it_holds(mode: str, by_hand: bool) -> None:  # noqa: FBT001 - a column
    """With RECOUNT it had always held; with CARRY not before it was set."""
    document = policy_document(retarget=mode)
    log = [event(0, "start"), event(2, "clock.override", reason="r", duration="9h")]
    (cycle,) = cycles_of(folded(log, versions(document)))
    assert read_cycle(cycle, at_us(1), TIMELINES).overridden is by_hand
    assert read_cycle(cycle, at_us(2), TIMELINES).overridden
