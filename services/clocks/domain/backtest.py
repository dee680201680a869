"""Backtests: what other rules would have made of recorded events, held against what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from clocks.domain.cycle import Cycle, Outcome, Phase, SubjectState, empty_state
from clocks.domain.due import Timelines, due_at_us
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.instant import instant
from clocks.domain.policies import Policies
from clocks.domain.reading import outcome_at, rewind

__all__ = [
    "Counted",
    "Flip",
    "Rulings",
    "Tried",
    "TriedTarget",
    "Window",
    "counts_as",
    "sum_targets",
    "try_subject",
]

Place = tuple[str, int]


class Window(NamedTuple):
    """When is counted: all read at `at_us`; met or breached in [start, end), None: open to that side."""

    at_us: int
    start_us: int | None = None
    end_us: int | None = None

    def holds(self, instant_us: int) -> bool:
        """Tell whether an instant counts."""
        after_start = self.start_us is None or instant_us >= self.start_us
        return after_start and (self.end_us is None or instant_us < self.end_us)


class Rulings(NamedTuple):
    """What the events are folded by, and what the Cycles are counted on."""

    policies: Policies
    timelines: Timelines


class Seen(NamedTuple):
    """What of a Cycle matters here at an instant: a Reading without what it costs to count elapsed time."""

    target: str
    phase: Phase
    outcome: Outcome
    due_us: int | None
    stopped_us: int | None


class Counted(NamedTuple):
    """One Cycle on one side."""

    target: str
    outcome: str
    due_at: datetime | None


class Flip(NamedTuple):
    """A Cycle whose outcome is another; None: on that side there is no such Cycle."""

    subject_id: str
    metric: str
    cycle: int
    before: Counted | None
    after: Counted | None


class TriedTarget(msgspec.Struct, frozen=True, kw_only=True):
    """How many Cycles of a Target were met and breached, are pending, or were cancelled before due."""

    metric: str
    target: str
    met: int
    breached: int
    pending: int
    cancelled: int


Tallied = tuple[str, str, str]
"""Metric, Target, and what a Cycle counts as."""


class Tried(NamedTuple):
    """What became of one Subject: what each Cycle that counts is tallied as, on both sides, and the flips."""

    before: Sequence[Tallied]
    after: Sequence[Tallied]
    flips: tuple[Flip, ...]


def try_subject(
    policy_key: str,
    happened: SubjectState,
    log: Sequence[Event],
    was: Timelines,
    tried: Rulings,
    window: Window,
) -> Tried:
    """Fold a Subject's log by other rules, and compare its Cycles with how they stand.

    was: what the Cycles that happened are counted on. Raises BusinessTimeError where a Calendar cannot say.
    """
    state = fold(empty_state(happened.subject_id), log, tried.policies)
    stood, stands = (begun(each, policy_key, window.at_us) for each in (happened, state))
    before = {place: see(cycle, window.at_us, was) for place, cycle in stood.items()}
    after = {
        place: before[place]
        if place in stood and alike(cycle, stood[place], tried.timelines, was)
        else see(cycle, window.at_us, tried.timelines)
        for place, cycle in stands.items()
    }
    return Tried(
        tallied(before, window), tallied(after, window), flips(state.subject_id, before, after, window)
    )


def begun(state: SubjectState, policy_key: str, at_us: int) -> Mapping[Place, Cycle]:
    """List the Cycles of a Policy that had begun, by Metric and number."""
    return {
        (clock.metric, cycle.number): cycle
        for clock in state.clocks
        if clock.policy_key == policy_key
        for cycle in clock.cycles
        if cycle.started_at_us <= at_us
    }


def alike(one: Cycle, other: Cycle, timelines: Timelines, others: Timelines) -> bool:
    """Tell whether two Cycles are due at the same time for sure: the same story on the same Timelines.

    Most Cycles of a backtest are, and looking at one of the two is enough.
    """
    keys = {one.calendar_key, *(piece.calendar_key for piece in one.stretches)}
    if any(timelines.get(key) is not others.get(key) for key in keys):
        return False
    return replace(one, policy_version=other.policy_version, warnings=other.warnings) == other


def see(cycle: Cycle, at_us: int, timelines: Timelines) -> Seen:
    """See one Cycle."""
    then = rewind(cycle, at_us)
    due_us = due_at_us(then, timelines)
    return Seen(then.target, then.phase, outcome_at(then, due_us, at_us), due_us, then.stopped_at_us)


def flips(
    subject_id: str, before: Mapping[Place, Seen], after: Mapping[Place, Seen], window: Window
) -> tuple[Flip, ...]:
    """List the Cycles with another outcome, of those that count on either side."""
    found: list[Flip] = []
    for place in sorted(before.keys() | after.keys()):
        one, other = before.get(place), after.get(place)
        if outcome(one) != outcome(other) and (counts(one, window) or counts(other, window)):
            found.append(Flip(subject_id, *place, counted(one), counted(other)))
    return tuple(found)


def counted(seen: Seen | None) -> Counted | None:
    """Take what a flip says."""
    if seen is None:
        return None
    return Counted(seen.target, seen.outcome, instant(seen.due_us))


def outcome(seen: Seen | None) -> Outcome | None:
    """Tell the outcome, if there is a Cycle."""
    return None if seen is None else seen.outcome


def counts(seen: Seen | None, window: Window) -> bool:
    """Tell whether a Cycle is in the window: met at its stop, breached at due; what is neither always is."""
    if seen is None:
        return False
    if seen.outcome == "MET":
        return seen.stopped_us is not None and window.holds(seen.stopped_us)
    return seen.outcome == "PENDING" or (seen.due_us is not None and window.holds(seen.due_us))


def tallied(side: Mapping[Place, Seen], window: Window) -> Sequence[Tallied]:
    """List what counts."""
    return [
        (metric, seen.target, counts_as(seen.phase, seen.outcome))
        for (metric, _), seen in side.items()
        if counts(seen, window)
    ]


def counts_as(phase: Phase, outcome: Outcome) -> str:
    """Tell what a Cycle counts as: one that was cancelled before due is neither met nor pending."""
    return "CANCELLED" if phase == "CANCELLED" and outcome == "PENDING" else outcome


def sum_targets(sides: Iterable[Iterable[Tallied]]) -> tuple[TriedTarget, ...]:
    """Count what Cycles are tallied as, in order of Metric and Target."""
    total = Counter(chain.from_iterable(sides))
    return tuple(
        TriedTarget(
            metric=metric,
            target=target,
            met=total[metric, target, "MET"],
            breached=total[metric, target, "BREACHED"],
            pending=total[metric, target, "PENDING"],
            cancelled=total[metric, target, "CANCELLED"],
        )
        for metric, target in sorted({(metric, target) for metric, target, _ in total})
    )
