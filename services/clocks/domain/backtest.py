"""Backtests: what other rules would have made of recorded events, held against what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from businesstime import from_us
from clocks.domain.cycle import Cycle, Outcome, Phase, SubjectState, empty_state
from clocks.domain.due import Timelines, due_at_us
from clocks.domain.event import Event
from clocks.domain.fold import Policies, fold
from clocks.domain.reading import outcome_at, rewind

__all__ = ["Counted", "Flip", "Rulings", "Tried", "TriedTarget", "Window", "sum_targets", "try_subject"]

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


Tally = Counter[tuple[str, str, str]]


class Tried(NamedTuple):
    """What became of one Subject: counts by (metric, target, standing) of both sides, and the flips."""

    before: Tally
    after: Tally
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
    known = [event for event in log if event.occurred_at_us <= window.at_us]
    state = fold(empty_state(happened.subject_id), known, tried.policies)
    before = seen_of(happened, policy_key, was, window.at_us)
    after = seen_of(state, policy_key, tried.timelines, window.at_us)
    flips = [
        Flip(happened.subject_id, *place, counted(before.get(place)), counted(after.get(place)))
        for place in sorted(before.keys() | after.keys())
        if counts(before.get(place), window) or counts(after.get(place), window)
    ]
    return Tried(
        before=tally(before, window),
        after=tally(after, window),
        flips=tuple(flip for flip in flips if outcome(flip.before) != outcome(flip.after)),
    )


def seen_of(state: SubjectState, policy_key: str, timelines: Timelines, at_us: int) -> Mapping[Place, Seen]:
    """See the Cycles of a Policy that had begun, by Metric and number."""
    return {
        (clock.metric, cycle.number): see(cycle, at_us, timelines)
        for clock in state.clocks
        if clock.policy_key == policy_key
        for cycle in clock.cycles
        if cycle.started_at_us <= at_us
    }


def see(cycle: Cycle, at_us: int, timelines: Timelines) -> Seen:
    """See one Cycle."""
    then = rewind(cycle, at_us)
    due_us = due_at_us(then, timelines)
    return Seen(then.target, then.phase, outcome_at(then, due_us, at_us), due_us, then.stopped_at_us)


def counted(seen: Seen | None) -> Counted | None:
    """Take what a flip says."""
    if seen is None:
        return None
    return Counted(seen.target, seen.outcome, None if seen.due_us is None else from_us(seen.due_us))


def outcome(side: Counted | None) -> str | None:
    """Tell the outcome, if there is one."""
    return None if side is None else side.outcome


def counts(seen: Seen | None, window: Window) -> bool:
    """Tell whether a Cycle is in the window: met at its stop, breached at due; what is neither always is."""
    if seen is None:
        return False
    if seen.outcome == "MET":
        return seen.stopped_us is not None and window.holds(seen.stopped_us)
    return seen.outcome == "PENDING" or (seen.due_us is not None and window.holds(seen.due_us))


def tally(side: Mapping[Place, Seen], window: Window) -> Tally:
    """Count Cycles by Metric, Target and what became of them."""
    return Counter(
        (metric, seen.target, standing(seen)) for (metric, _), seen in side.items() if counts(seen, window)
    )


def standing(seen: Seen) -> str:
    """Tell what a Cycle counts as: one that was cancelled before due is neither met nor pending."""
    return "CANCELLED" if seen.phase == "CANCELLED" and seen.outcome == "PENDING" else seen.outcome


def sum_targets(tallies: Iterable[Tally]) -> tuple[TriedTarget, ...]:
    """Sum counts of Subjects, in order of Metric and Target."""
    total: Tally = Counter()
    for each in tallies:
        total.update(each)
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
