"""What an amended Calendar would do to Cycles, summed up: who moves, which Breaches come and go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from businesstime import from_us
from clocks.domain.amendment_door import AttainmentShift, CycleMove
from clocks.domain.cycle import Outcome, Phase
from clocks.domain.spans import NEVER
from clocks.domain.standing import CycleKey

__all__ = ["SAMPLES", "Cycles", "Numbers", "Tally", "outcomes_of"]

Int64Array = npt.NDArray[np.int64]

SAMPLES: Final = 10
_OUTCOMES: Final[tuple[Outcome, ...]] = ("PENDING", "MET", "BREACHED")
_MET: Final = 1
_BREACHED: Final = 2
_QUARTER_US: Final = 900_000_000


class Cycles(NamedTuple):
    """n Cycles: what an amendment leaves as it is. stopped_us: NEVER where it did not stop."""

    keys: Sequence[CycleKey]
    targets: Sequence[str]
    phases: Sequence[Phase]
    stopped_us: Int64Array


class Numbers(NamedTuple):
    """What it may change, shape (n,) each. due_us: NEVER where it is not due. outcomes: see `outcomes_of`."""

    due_us: Int64Array
    outcomes: npt.NDArray[np.int8]


def outcomes_of(outcomes: Iterable[Outcome]) -> npt.NDArray[np.int8]:
    """Bring outcomes into an array."""
    return np.array([_OUTCOMES.index(outcome) for outcome in outcomes], dtype=np.int8)


class Tally:
    """Sums over any number of Cycles, portion by portion."""

    def __init__(self) -> None:
        self.moved = self.earlier = self.later = self.farthest_earlier_us = self.farthest_later_us = 0
        self.breaches_gained = self.breaches_lost = 0
        self.moves: list[CycleMove] = []
        self.gained: list[CycleMove] = []
        self.lost: list[CycleMove] = []
        self._shifts: dict[tuple[str, str, str, int], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, cycles: Cycles, before: Numbers, after: Numbers) -> None:
        """Count a portion."""
        self._add_moves(cycles, before, after)
        was, will = before.outcomes == _BREACHED, after.outcomes == _BREACHED
        gained, lost = np.flatnonzero(will & ~was), np.flatnonzero(was & ~will)
        self.breaches_gained += len(gained)
        self.breaches_lost += len(lost)
        for places, samples in ((gained, self.gained), (lost, self.lost)):
            wanted = places[: SAMPLES - len(samples)]
            samples.extend(_move(cycles, before, after, int(place)) for place in wanted)
        self._add_shifts(cycles, before, after)

    def shifts(self) -> tuple[AttainmentShift, ...]:
        """List the changes of counts, in order of policy, metric, target and time."""
        return tuple(
            AttainmentShift(
                policy_key=policy_key,
                metric=metric,
                target=target,
                at=from_us(at_us),
                met=met,
                breached=breached,
            )
            for (policy_key, metric, target, at_us), (met, breached) in sorted(self._shifts.items())
            if met or breached
        )

    def _add_moves(self, cycles: Cycles, before: Numbers, after: Numbers) -> None:
        moved = before.due_us != after.due_us
        both = moved & (before.due_us != NEVER) & (after.due_us != NEVER)
        by_us = np.where(both, after.due_us - np.where(both, before.due_us, 0), 0)
        self.moved += int(moved.sum())
        self.earlier += int((by_us < 0).sum())
        self.later += int((by_us > 0).sum())
        self.farthest_earlier_us = max(self.farthest_earlier_us, -int(by_us.min(initial=0)))
        self.farthest_later_us = max(self.farthest_later_us, int(by_us.max(initial=0)))
        places = np.flatnonzero(moved)
        far = np.argsort(-np.abs(by_us[places]), kind="stable")[:SAMPLES]
        found = [*self.moves, *(_move(cycles, before, after, int(place)) for place in places[far])]
        self.moves = nlargest(SAMPLES, found, key=lambda move: abs(move.moved_us or 0))

    def _add_shifts(self, cycles: Cycles, before: Numbers, after: Numbers) -> None:
        then_us, now_us = _counted_us(cycles, before), _counted_us(cycles, after)
        for place in np.flatnonzero((before.outcomes != after.outcomes) | (then_us != now_us)).tolist():
            self._count(cycles, place, int(before.outcomes[place]), int(then_us[place]), -1)
            self._count(cycles, place, int(after.outcomes[place]), int(now_us[place]), 1)

    def _count(self, cycles: Cycles, place: int, outcome: int, at_us: int, by: int) -> None:
        if at_us != NEVER:
            key = cycles.keys[place]
            quarter_us = at_us - at_us % _QUARTER_US
            counts = self._shifts[(key.policy_key, key.metric, cycles.targets[place], quarter_us)]
            counts[outcome - _MET] += by


def _counted_us(cycles: Cycles, numbers: Numbers) -> Int64Array:
    """Tell when each counts in a measure: met at its stop, breached at its due time."""
    counted = np.where(numbers.outcomes == _MET, cycles.stopped_us, NEVER)
    return np.where(numbers.outcomes == _BREACHED, numbers.due_us, counted)


def _move(cycles: Cycles, before: Numbers, after: Numbers, place: int) -> CycleMove:
    due_before_us, due_after_us = int(before.due_us[place]), int(after.due_us[place])
    due = [None if at_us == NEVER else from_us(at_us) for at_us in (due_before_us, due_after_us)]
    return CycleMove(
        **cycles.keys[place]._asdict(),
        target=cycles.targets[place],
        phase=cycles.phases[place],
        outcome_before=_OUTCOMES[before.outcomes[place]],
        outcome_after=_OUTCOMES[after.outcomes[place]],
        due_before=due[0],
        due_after=due[1],
        moved_us=None if None in due else due_after_us - due_before_us,
    )
