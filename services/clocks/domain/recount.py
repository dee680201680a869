"""Count many plain Cycles anew on one Timeline.

Law: their due times and warnings are those of `firing.all_firings`, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from businesstime import Timeline
from clocks.domain.firing import BREACH, Firing
from clocks.domain.policy import PolicyVersion, WarningRule
from clocks.domain.spans import NEVER, Spans, gather_spans, reached_by_rows

__all__ = ["Promise", "WarningsOf", "due_by_rows", "firings_by_rows", "warnings_by"]

Int64Array = npt.NDArray[np.int64]


class Promise(NamedTuple):
    """What a plain Cycle is held to: a Target of a version of a Policy."""

    policy_key: str
    policy_version: int
    metric: str
    target: str


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


def firings_by_rows(
    spans: Sequence[Sequence[int]],
    targets_us: Sequence[int],
    promises: Sequence[Promise],
    warnings_of: WarningsOf,
    timeline: Timeline,
) -> list[list[Firing]]:
    """List the firings of each Cycle, in order of time."""
    gathered = gather_spans(spans)
    due_us = reached_by_rows(gathered, np.array(targets_us, dtype=np.int64), timeline)
    firings: list[list[Firing]] = [[] for _ in promises]
    for promise, places in _by_promise(promises).items():
        chosen = Spans(*(column[places] for column in gathered))
        for rule in warnings_of(promise):
            limits_us = np.full(len(places), rule.elapsed_us, dtype=np.int64)
            warned_us = reached_by_rows(chosen, limits_us, timeline)
            threshold = f"{promise.target}:{rule.label}"
            comes = warned_us < due_us[places]  # NEVER comes before nothing
            for place, at_us in zip(places[comes].tolist(), warned_us[comes].tolist(), strict=True):
                firings[place].append(
                    Firing(kind="warning", threshold=threshold, target=promise.target, at_us=at_us)
                )
    for place, at_us in enumerate(due_us.tolist()):
        if at_us != NEVER:
            target = promises[place].target
            firings[place].append(Firing(kind="breach", threshold=BREACH, target=target, at_us=at_us))
    return firings


def _by_promise(promises: Sequence[Promise]) -> Mapping[Promise, npt.NDArray[np.int64]]:
    places: dict[Promise, list[int]] = {}
    for place, promise in enumerate(promises):
        places.setdefault(promise, []).append(place)
    return {promise: np.array(found, dtype=np.int64) for promise, found in places.items()}
