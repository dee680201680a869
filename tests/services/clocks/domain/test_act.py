"""What is done by hand: what holds on, what is heeded again, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from clocks.domain.cycle import Cycle
from clocks.domain.reading import read_cycle
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

SPAN: dict[str, Any] = {"from": "2026-06-01T02:00:00Z", "until": "2026-06-01T03:00:00Z"}


def lived(*log: tuple[float, str], said: dict[str, Any] | None = None, **metric: Any) -> tuple[Cycle, ...]:
    """Fold a log under four hours around the clock; all that is done by hand says `said`, too."""
    events = [
        event(hour, kind, reason="r", **(said or {})) if kind.startswith("clock.") else event(hour, kind)
        for hour, kind in log
    ]
    return cycles_of(folded(events, versions(policy_document(**metric))))


# Each log, and the phases that the Cycles are in after it.
HANDS = [
    ([(0, "start"), (1, "clock.stop"), (2, "clock.resume")], ["RUNNING"]),
    ([(0, "start"), (1, "stop"), (2, "clock.resume")], ["STOPPED"]),
    ([(0, "start"), (1, "wait"), (2, "clock.resume"), (3, "wait")], ["RUNNING"]),
    ([(0, "start"), (1, "wait"), (2, "clock.resume"), (3, "other"), (4, "wait")], ["PAUSED"]),
    (
        [
            (0, "start"),
            (1, "wait"),
            (2, "clock.resume"),
            (3, "clock.pause"),
            (4, "clock.resume"),
            (5, "wait"),
        ],
        ["RUNNING"],
    ),
    ([(0, "start"), (1, "clock.pause"), (2, "other")], ["PAUSED"]),
    ([(0, "start"), (1, "clock.pause"), (2, "cancel"), (3, "start")], ["CANCELLED", "RUNNING"]),
    ([(0, "start"), (1, "clock.cancel"), (2, "start")], ["CANCELLED"]),
    ([(0, "start"), (1, "clock.cancel"), (2, "stop"), (3, "start")], ["CANCELLED", "RUNNING"]),
]


@pytest.mark.parametrize(("log", "phases"), HANDS)
def test_what_is_done_by_hand_holds_until_the_log_says_otherwise(
    log: list[tuple[float, str]], phases: list[str]
) -> None:
    """A release ends when `pause` has once not held; an end by hand, when `stop` has held."""
    assert [cycle.phase for cycle in lived(*log)] == phases


def test_a_stopped_cycle_is_counted_as_if_the_promise_had_always_held() -> None:
    """Under CARRY too: broken at four hours, it was kept within nine."""
    (cycle,) = lived(
        (0, "start"), (5, "stop"), (6, "clock.override"), said={"duration": "9h"}, retarget="CARRY"
    )
    reading = read_cycle(cycle, at_us(20), TIMELINES)
    assert (reading.outcome, reading.due_at_us) == ("MET", at_us(9))


def test_the_promise_that_it_has_already_changes_nothing_but_that_it_stays() -> None:
    """No piece of it begins there; and it is counted one by one, since its Target may say otherwise."""
    (cycle,) = lived((0, "start"), (1, "clock.override"), said={"target": "four"}, retarget="CARRY")
    assert (cycle.stretches, cycle.cause.because, cycle.overridden) == ((), "started", True)
    assert spans_of(cycle) is None


def test_time_excluded_of_one_metric_counts_in_the_other() -> None:
    """In Cycles that begin later, as in those that are open."""
    document = policy_document()
    document["metrics"]["rest"] = document["metrics"]["work"]
    log = [event(0, "other"), event(1, "start")]
    about = {"reason": "r", "policy": "p", "metric": "work", **SPAN}
    for hour in (0.5, 1.5):
        state = folded([*log, event(hour, "clock.exclude", **about)], versions(document))
        excluded = {clock.metric: len(clock.cycles[0].exclusions) for clock in state.clocks}
        assert excluded == {"rest": 0, "work": 1}


def test_what_ended_before_its_start_would_have_run_from_there() -> None:
    """Stopped and cancelled before the starting point: due is counted from that."""
    log = [event(10, "start", opened="2026-06-01T15:00:00Z"), event(12, "stop"), event(13, "cancel")]
    excluded = event(14, "clock.exclude", reason="r", **SPAN)
    for told in (log, [*log, excluded]):
        (cycle,) = cycles_of(folded(told, versions(policy_document(starts_at="opened"))))
        assert read_cycle(cycle, at_us(30), TIMELINES).due_at_us == at_us(19)
