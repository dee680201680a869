"""Count many plain Cycles anew on one Timeline.

Law: their due times and warnings are those of `firing.all_firings`, their time left that of `standing.stand`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from businesstime import Timeline
from clocks.domain.cycle import Cycle
from clocks.domain.due import Timelines, due_at_us, timeline_of
from clocks.domain.exclusion import running_on
from clocks.domain.firing import BREACH, Firing
from clocks.domain.policy import PolicyVersion, WarningRule
from clocks.domain.spans import NEVER, gather_spans, left_by_rows, reached_by_rows, spans_of

__all__ = ["Promise", "Recounted", "WarningsOf", "due_by_rows", "due_of_each", "recount", "warnings_by"]

Int64Array = npt.NDArray[np.int64]


class Promise(NamedTuple):
    """What a plain Cycle is held to: a Target of a version of a Policy."""

    policy_key: str
    policy_version: int
    metric: str
    target: str


class Recounted(NamedTuple):
    """n Cycles under one promise: due_us, shape (n,), and warned_us, shape (n, warnings); NEVER: not so far.

    thresholds: the warnings' names. left_us: the time left of each that is paused; None: it runs.
    """

    due_us: Int64Array
    warned_us: Int64Array
    thresholds: tuple[str, ...]
    left_us: Sequence[int | None]

    def comes_whole(self, now_us: int) -> npt.NDArray[np.bool_]:
        """Tell of which Cycles all thresholds come, and due is not before now; or none comes at all."""
        due = self.due_us[:, None]
        ahead = (self.due_us != NEVER) & (self.due_us >= now_us) & (self.warned_us < due).all(axis=1)
        idle = (self.due_us == NEVER) & (self.warned_us == NEVER).all(axis=1)
        return np.asarray(ahead | idle, dtype=np.bool_)

    def firings(self, place: int, target: str) -> list[Firing]:
        """List what one Cycle owes, in order of time."""
        due_us = int(self.due_us[place])
        firings = [
            Firing(kind="warning", threshold=threshold, target=target, at_us=at_us)
            for threshold, at_us in zip(self.thresholds, self.warned_us[place].tolist(), strict=True)
            if at_us < due_us  # NEVER comes before nothing
        ]
        if due_us != NEVER:
            firings.append(Firing(kind="breach", threshold=BREACH, target=target, at_us=due_us))
        return firings


WarningsOf = Callable[[Promise], Sequence[WarningRule]]


def warnings_by(policies: Mapping[str, Sequence[PolicyVersion]]) -> WarningsOf:
    """Make what finds the warnings of a promise. It raises LookupError for a Policy that is not there."""
    found: dict[Promise, Sequence[WarningRule]] = {}

    def warnings_of(promise: Promise) -> Sequence[WarningRule]:
        if promise not in found:
            versions = {version.version: version for version in policies[promise.policy_key]}
            metric = versions[promise.policy_version].rules[promise.metric].metric
            found[promise] = metric.target(promise.target).warnings
        return found[promise]

    return warnings_of


def due_by_rows(spans: Sequence[Sequence[int]], targets_us: Sequence[int], timeline: Timeline) -> Int64Array:
    """Tell when each Cycle is due; NEVER: it is paused with time left."""
    return reached_by_rows(gather_spans(spans), np.array(targets_us, dtype=np.int64), timeline)


def due_of_each(cycles: Sequence[Cycle], timelines: Timelines) -> list[int | None]:
    """Tell when each Cycle is or was due, as `due_at_us` does: those together that can be counted by columns.

    Of one that is over that is when it would have been due, had it run on.
    """
    due: list[int | None] = [None] * len(cycles)
    by_calendar: dict[str, list[tuple[int, tuple[int, ...]]]] = {}
    for place, cycle in enumerate(cycles):
        spans = spans_of(cycle if cycle.open else running_on(cycle))
        if spans is None:
            due[place] = due_at_us(cycle, timelines)
        else:
            by_calendar.setdefault(cycle.calendar_key, []).append((place, spans))
    for key, rows in by_calendar.items():
        targets_us = [cycles[place].target_us for place, _ in rows]
        counted = due_by_rows([spans for _, spans in rows], targets_us, timeline_of(timelines, key))
        for (place, _), due_us in zip(rows, counted.tolist(), strict=True):
            due[place] = None if due_us == NEVER else due_us
    return due


def recount(
    promise: Promise,
    spans: Sequence[Sequence[int]],
    targets_us: Sequence[int],
    warnings: Sequence[WarningRule],
    timeline: Timeline,
) -> Recounted:
    """Count Cycles under one promise."""
    gathered, limits_us = gather_spans(spans), np.array(targets_us, dtype=np.int64)
    warned = [
        reached_by_rows(gathered, np.full(len(spans), rule.elapsed_us, dtype=np.int64), timeline)
        for rule in warnings
    ]
    return Recounted(
        due_us=reached_by_rows(gathered, limits_us, timeline),
        warned_us=np.stack(warned, axis=1) if warned else np.empty((len(spans), 0), dtype=np.int64),
        thresholds=tuple(f"{promise.target}:{rule.label}" for rule in warnings),
        left_us=left_by_rows(gathered, limits_us, timeline),
    )
