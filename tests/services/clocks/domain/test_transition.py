"""The state table of the README, a cell a row, and what a time before or after due makes of it."""

from __future__ import annotations

import pytest

from clocks.domain.cycle import Cycle
from clocks.domain.fold import fold
from clocks.domain.policy import version_in_force
from clocks.domain.reading import read_cycle
from tests.services.clocks.domain.promises import (
    LATE,
    OFFICE,
    TIMELINES,
    at_us,
    cycles_of,
    event,
    folded,
    policy_document,
    versions,
)

RESUMES = {"reopen": "resume"}
IGNORES = {"reopen": "ignore"}
ANEW = {"reopen": "new"}
REPEATS = {"repeats": True}

NOTHING: tuple[str, ...] = ()
RUNNING = ("start",)
PAUSED = ("start+wait",)
STOPPED = ("start", "stop")
CANCELLED = ("start", "cancel")

# state, its rule, kind of the event, then what is there afterwards: the phase of each Cycle
CELLS = [
    (NOTHING, RESUMES, "start", ["RUNNING"]),
    (NOTHING, RESUMES, "start+wait", ["PAUSED"]),
    (NOTHING, RESUMES, "wait", []),
    (NOTHING, RESUMES, "other", []),
    (NOTHING, RESUMES, "stop", []),
    (NOTHING, RESUMES, "start+stop", ["STOPPED"]),
    (NOTHING, RESUMES, "cancel", []),
    (NOTHING, RESUMES, "start+cancel", []),
    (RUNNING, RESUMES, "start", ["RUNNING"]),
    (RUNNING, RESUMES, "start+wait", ["PAUSED"]),
    (RUNNING, RESUMES, "wait", ["PAUSED"]),
    (RUNNING, RESUMES, "other", ["RUNNING"]),
    (RUNNING, RESUMES, "stop", ["STOPPED"]),
    (RUNNING, RESUMES, "start+stop", ["STOPPED"]),
    (RUNNING, RESUMES, "stop+wait", ["STOPPED"]),
    (RUNNING, RESUMES, "cancel", ["CANCELLED"]),
    (RUNNING, RESUMES, "cancel+start+stop", ["CANCELLED"]),
    (PAUSED, RESUMES, "start", ["RUNNING"]),
    (PAUSED, RESUMES, "start+wait", ["PAUSED"]),
    (PAUSED, RESUMES, "wait", ["PAUSED"]),
    (PAUSED, RESUMES, "other", ["RUNNING"]),
    (PAUSED, RESUMES, "stop", ["STOPPED"]),
    (PAUSED, RESUMES, "start+stop", ["STOPPED"]),
    (PAUSED, RESUMES, "cancel", ["CANCELLED"]),
    (STOPPED, RESUMES, "start", ["RUNNING"]),
    (STOPPED, RESUMES, "start+wait", ["PAUSED"]),
    (STOPPED, RESUMES, "wait", ["STOPPED"]),
    (STOPPED, RESUMES, "other", ["STOPPED"]),
    (STOPPED, RESUMES, "stop", ["STOPPED"]),
    (STOPPED, RESUMES, "start+stop", ["STOPPED"]),
    (STOPPED, RESUMES, "cancel", ["CANCELLED"]),
    (STOPPED, IGNORES, "start", ["STOPPED"]),
    (STOPPED, IGNORES, "start+wait", ["STOPPED"]),
    (STOPPED, IGNORES, "other", ["STOPPED"]),
    (STOPPED, IGNORES, "stop", ["STOPPED"]),
    (STOPPED, IGNORES, "cancel", ["STOPPED"]),
    (STOPPED, ANEW, "start", ["STOPPED", "RUNNING"]),
    (STOPPED, ANEW, "start+wait", ["STOPPED", "PAUSED"]),
    (STOPPED, ANEW, "wait", ["STOPPED"]),
    (STOPPED, ANEW, "start+stop", ["STOPPED"]),
    (STOPPED, ANEW, "cancel", ["STOPPED"]),
    (STOPPED, ANEW, "start+cancel", ["STOPPED"]),
    (STOPPED, REPEATS, "start", ["STOPPED", "RUNNING"]),
    (STOPPED, REPEATS, "start+stop", ["STOPPED"]),
    (STOPPED, REPEATS, "cancel", ["STOPPED"]),
    (CANCELLED, RESUMES, "start", ["CANCELLED", "RUNNING"]),
    (CANCELLED, RESUMES, "start+wait", ["CANCELLED", "PAUSED"]),
    (CANCELLED, RESUMES, "wait", ["CANCELLED"]),
    (CANCELLED, RESUMES, "other", ["CANCELLED"]),
    (CANCELLED, RESUMES, "stop", ["CANCELLED"]),
    (CANCELLED, RESUMES, "start+stop", ["CANCELLED", "STOPPED"]),
    (CANCELLED, RESUMES, "cancel", ["CANCELLED"]),
    (CANCELLED, RESUMES, "start+cancel", ["CANCELLED"]),
]


@pytest.mark.parametrize(("before", "rule", "kind", "phases"), CELLS)
def test_each_event_in_each_state(
    before: tuple[str, ...], rule: dict[str, object], kind: str, phases: list[str]
) -> None:
    """A kind of event in a state does what the table says, and nothing else."""
    events = [event(hour, earlier) for hour, earlier in enumerate((*before, kind))]
    found = cycles_of(folded(events, versions(policy_document(**rule))))
    assert [cycle.phase for cycle in found] == phases
    assert [cycle.number for cycle in found] == list(range(1, len(phases) + 1))


# Four hours around the clock from hour 0, so due at 4: the log; outcome, due, breached, elapsed at hour 10.
OUTCOMES = [
    ([(0, "start")], "BREACHED", 4, 4, 10),
    ([(0, "start"), (3, "stop")], "MET", 4, None, 3),
    ([(0, "start"), (4, "stop")], "MET", 4, None, 4),
    ([(0, "start"), (4.000001, "stop")], "BREACHED", 4, 4, 4.000001),
    ([(0, "start"), (3, "wait")], "PENDING", None, None, 3),
    ([(0, "start"), (4, "wait")], "BREACHED", 4, 4, 4),
    ([(0, "start"), (5, "wait")], "BREACHED", 4, 4, 5),
    ([(0, "start"), (1, "wait"), (3, "other")], "BREACHED", 6, 6, 8),
    ([(0, "start"), (1, "wait"), (7, "other")], "PENDING", 10, None, 4),
    ([(0, "start"), (1, "wait"), (3, "stop")], "MET", 6, None, 1),
    ([(0, "start"), (3, "cancel")], "PENDING", 4, None, 3),
    ([(0, "start"), (4, "cancel")], "PENDING", 4, None, 4),
    ([(0, "start"), (5, "cancel")], "BREACHED", 4, 4, 5),
    ([(0, "start"), (3, "stop"), (5, "cancel")], "MET", 4, None, 3),
    ([(0, "start"), (3, "stop"), (8, "start")], "BREACHED", 9, 9, 5),
    ([(0, "start"), (2, "stop"), (8, "start")], "PENDING", 10, None, 4),
    ([(0, "start"), (5, "stop"), (6, "start"), (7, "stop")], "BREACHED", 4, 4, 6),
    ([(0, "start"), (4, "stop"), (6, "start")], "BREACHED", 4, 4, 8),
    ([(0, "start"), (3, "stop"), (6, "stop")], "MET", 4, None, 3),
    ([(0, "start+stop")], "MET", 4, None, 0),
]


@pytest.mark.parametrize(("log", "outcome", "due", "breached", "elapsed"), OUTCOMES)
def test_outcomes_are_exact_at_due(
    log: list[tuple[float, str]], outcome: str, due: float | None, breached: float | None, elapsed: float
) -> None:
    """Done at due is met, a moment later is breached; a pause that begins at due comes too late."""
    (cycle,) = cycles_of(folded([event(hour, kind) for hour, kind in log], versions(policy_document())))
    reading = read_cycle(cycle, at_us(10), TIMELINES)
    assert reading.outcome == outcome
    assert reading.due_at_us == (None if due is None else at_us(due))
    assert reading.breached_at_us == (None if breached is None else at_us(breached))
    assert reading.elapsed_us == at_us(elapsed) - at_us(0)
    assert reading.remaining_us == at_us(4) - at_us(elapsed)


def test_an_open_cycle_is_pending_at_due_and_breached_a_microsecond_later() -> None:
    """The comparison is exact."""
    (cycle,) = cycles_of(folded([event(0, "start")], versions(policy_document())))
    assert read_cycle(cycle, at_us(4), TIMELINES).outcome == "PENDING"
    assert read_cycle(cycle, at_us(4) + 1, TIMELINES).outcome == "BREACHED"


TARGETS = [
    {"name": "long", "when": 'subject.priority == "low"', "duration": "8h"},
    {"name": "short", "when": 'subject.priority == "high"', "duration": "2h"},
]


def retargeted(mode: str, log: list[tuple[float, str, str]]) -> Cycle:
    """Fold a log of (hour, kind, priority) under one of the two modes."""
    policies = versions(policy_document(retarget=mode, targets=TARGETS))
    (cycle,) = cycles_of(folded([event(hour, kind, priority=p) for hour, kind, p in log], policies))
    return cycle


# mode, log, then outcome and due at hour 20
RETARGETS = [
    ("RECOUNT", [(0, "start", "low"), (1, "other", "high")], "BREACHED", 2),
    ("CARRY", [(0, "start", "low"), (1, "other", "high")], "BREACHED", 2),
    ("RECOUNT", [(0, "start", "low"), (5, "other", "high")], "BREACHED", 2),
    ("CARRY", [(0, "start", "low"), (5, "other", "high")], "BREACHED", 5),
    ("RECOUNT", [(0, "start", "low"), (5, "stop", "high")], "BREACHED", 2),
    ("CARRY", [(0, "start", "low"), (5, "stop", "high")], "MET", 5),
    ("RECOUNT", [(0, "start", "high"), (5, "other", "low"), (7, "stop", "low")], "MET", 8),
    ("CARRY", [(0, "start", "high"), (5, "other", "low"), (7, "stop", "low")], "BREACHED", 2),
    ("RECOUNT", [(0, "start", "high"), (1, "wait", "high"), (4, "wait", "low")], "PENDING", None),
    ("CARRY", [(0, "start", "low"), (3, "wait", "low"), (4, "wait", "high")], "BREACHED", 4),
    ("CARRY", [(0, "start", "low"), (2, "wait", "low"), (4, "wait", "high")], "BREACHED", 4),
    ("CARRY", [(0, "start", "high"), (1, "other", "low"), (7, "stop", "low")], "MET", 8),
    ("CARRY", [(0, "start", "high"), (2, "other", "low"), (7, "stop", "low")], "MET", 8),
    ("CARRY", [(0, "start", "high"), (2 + 1 / 3.6e9, "other", "low"), (7, "stop", "low")], "BREACHED", 2),
    (
        "CARRY",
        [(0, "start", "high"), (2, "stop", "high"), (4, "start", "low"), (9, "stop", "low")],
        "MET",
        10,
    ),
    (
        "CARRY",
        [(0, "start", "high"), (2, "stop", "high"), (4, "start", "high"), (5, "x", "low")],
        "BREACHED",
        2,
    ),
    ("CARRY", [(0, "start", "low"), (3, "stop", "low"), (4, "start", "high")], "BREACHED", 4),
    ("RECOUNT", [(0, "start", "low"), (3, "stop", "low"), (4, "other", "high")], "MET", 8),
    ("RECOUNT", [(0, "start", "low"), (1, "other", "none"), (7, "stop", "low")], "MET", 8),
]


@pytest.mark.parametrize(("mode", "log", "outcome", "due"), RETARGETS)
def test_retargeting_recounts_or_carries(
    mode: str, log: list[tuple[float, str, str]], outcome: str, due: float | None
) -> None:
    """RECOUNT counts as if the new Target had always held; CARRY keeps what was used, and what was broken.

    What is changed at due, or stands stopped from due on, was not broken.
    """
    reading = read_cycle(retargeted(mode, log), at_us(20), TIMELINES)
    assert (reading.outcome, reading.due_at_us) == (outcome, None if due is None else at_us(due))


def test_a_handover_under_carry_counts_each_part_on_its_own_calendar() -> None:
    """Two office hours, then the rest on the late hours."""
    document = policy_document(retarget="CARRY")
    document["calendars"] = {"default": "office", "attribute": "team", "mapping": {"night": "late"}}
    log = [event(10, "start"), event(14, "other", team="night")]  # 10-12 and 13-14 are office hours
    (cycle,) = cycles_of(folded(log, versions(document)))
    assert (cycle.calendar_key, cycle.calendar_rule) == ("late", "attribute")
    reading = read_cycle(cycle, at_us(15.5), TIMELINES)
    assert reading.elapsed_us == at_us(3.5) - at_us(0)
    assert reading.due_at_us == at_us(16)
    assert (OFFICE["zone"], LATE["zone"]) == ("UTC", "UTC")


def opened_at(value: object) -> Cycle:
    """Open a Cycle at hour 10, stop it at 12, with a starting point in the attribute `opened`."""
    policies = versions(policy_document(starts_at="opened"))
    (cycle,) = cycles_of(folded([event(10, "start", opened=value), event(12, "stop")], policies))
    return cycle


@pytest.mark.parametrize(
    ("opened", "started", "elapsed", "outcome"),
    [
        ("2026-06-01T08:00:00Z", 8, 4, "MET"),
        ("2026-06-01T05:00:00-02:00", 7, 5, "BREACHED"),
        ("2026-06-01T11:00:00Z", 11, 1, "MET"),
        ("2026-06-01T15:00:00Z", 15, 0, "MET"),
        (None, 10, 2, "MET"),
        ("2026-06-01T08:00:00", 10, 2, "MET"),
        ("yesterday", 10, 2, "MET"),
        ("0001-01-01T00:00:00+14:00", 10, 2, "MET"),
        (1_780_300_800, 10, 2, "MET"),
    ],
)
def test_the_starting_point_is_an_instant_or_the_event(
    opened: object, started: float, elapsed: float, outcome: str
) -> None:
    """Only an RFC 3339 instant with an offset moves the start; before the start nothing ticks."""
    cycle = opened_at(opened)
    reading = read_cycle(cycle, at_us(20), TIMELINES)
    assert cycle.started_at_us == at_us(started)
    assert reading.elapsed_us == at_us(elapsed) - at_us(0)
    assert reading.stopped_at_us == at_us(12)
    assert reading.outcome == outcome


def test_a_retroactive_start_runs_until_the_first_event_pauses_it() -> None:
    """The pause of the first event begins at that event."""
    log = [event(10, "start+wait", opened="2026-06-01T08:00:00Z")]
    (cycle,) = cycles_of(folded(log, versions(policy_document(starts_at="opened"))))
    assert cycle.phase == "PAUSED"
    assert read_cycle(cycle, at_us(20), TIMELINES).elapsed_us == at_us(2) - at_us(0)


def test_a_cycle_may_count_from_the_creation() -> None:
    """From the first event that nobody made by hand, though it was no start; a late fact moves it."""
    policies = versions(policy_document(starts_at={"event": "first"}))
    log = [
        event(1, "clock.pause", reason="nothing is there yet"),
        event(3, "created"),
        event(6, "wait"),
        event(8, "start"),
    ]
    for first in range(5):
        state = folded(log[first:], policies)
        started = [cycle.started_at_us for cycle in cycles_of(state)]
        assert started == [[at_us(3)], [at_us(3)], [at_us(6)], [at_us(8)], []][first]
        for cut in range(first, 5):
            assert fold(folded(log[first:cut], policies), log[cut:], policies) == state
    reading = read_cycle(cycles_of(folded(log, policies))[0], at_us(9), TIMELINES)
    assert (reading.elapsed_us, reading.due_at_us) == (at_us(6) - at_us(0), at_us(7))


def test_only_the_first_cycle_has_a_retroactive_start() -> None:
    """A Cycle that follows another starts at its event."""
    log = [event(10, "start", opened="2026-06-01T08:00:00Z"), event(12, "cancel"), event(13, "start")]
    first, second = cycles_of(folded(log, versions(policy_document(starts_at="opened"))))
    assert (first.started_at_us, second.started_at_us) == (at_us(8), at_us(13))


def test_coverage_and_target_are_decided_at_the_start() -> None:
    """An event that is not covered, or for which no Target holds, opens nothing; a later one may."""
    document = policy_document(targets=TARGETS)
    document["covers"] = "subject.gold"
    log = [
        event(1, "start", gold=False, priority="low"),
        event(2, "start", gold=True, priority="none"),
        event(3, "start", priority="low"),
        event(4, "other", gold=False),
    ]
    (cycle,) = cycles_of(folded(log, versions(document)))
    assert (cycle.started_at_us, cycle.phase) == (at_us(3), "RUNNING")


def test_the_version_in_force_at_the_opening_event_governs_to_the_end() -> None:
    """A Cycle keeps its version; the next Cycle takes the one in force then."""
    four, one = (
        policy_document(repeats=True),
        policy_document(repeats=True, targets=[{"name": "one", "duration": "1h"}]),
    )
    policies = versions(four, one, effective_from_us=(None, at_us(5)))
    log = [event(0, "start"), event(6, "other"), event(7, "stop"), event(8, "start")]
    first, second = cycles_of(folded(log, policies))
    assert (first.policy_version, first.target, second.policy_version, second.target) == (1, "four", 2, "one")
    assert version_in_force(policies["p"][1:], at_us(4)) is None


def test_an_attribute_set_to_null_is_gone() -> None:
    """Null removes: the condition that reads it is an error, which is false."""
    document = policy_document(pause='subject.on_hold == "yes"')
    log = [event(0, "start", on_hold="yes"), event(1, "other", on_hold=None)]
    state = folded(log, versions(document))
    assert state.attributes == {}
    assert cycles_of(state)[0].phase == "RUNNING"


def test_another_rule_for_the_same_calendar_is_told() -> None:
    """The Calendar is the same; that an attribute chose it now is said."""
    document = policy_document(retarget="CARRY")
    document["calendars"] = {"default": "office", "attribute": "team", "mapping": {"day": "office"}}
    log = [event(10, "start"), event(11, "other", team="day")]
    (cycle,) = cycles_of(folded(log, versions(document)))
    rules = [read_cycle(cycle, at_us(hour), TIMELINES).calendar_rule for hour in (10.5, 11)]
    assert rules == ["default", "attribute"]


def test_of_two_versions_from_one_instant_the_later_one_governs() -> None:
    """From that very instant on."""
    documents = [policy_document(repeats=True) for _ in range(3)]
    policies = versions(*documents, effective_from_us=(None, at_us(5), at_us(5)))
    for hour, version in ((5 - 1 / 3.6e9, 1), (5, 3)):
        (cycle,) = cycles_of(folded([event(hour, "start")], policies))
        assert cycle.policy_version == version
