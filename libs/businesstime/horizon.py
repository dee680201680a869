"""A schedule's Coverage with running totals, which grows on demand and never changes an answer.

Totals are counted from one fixed instant, the anchor: before it they are negative. So what has been looked up
once stays true when the horizon grows, on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from businesstime.compiling import check_size, cover
from businesstime.coverage import Coverage
from businesstime.errors import NeverClosesError, NeverOpensError, OutOfReachError
from businesstime.instants import DAY_US, REACH_END_US, REACH_START_US, from_us
from businesstime.schedule import Schedule
from businesstime.zones import Int64Array, ZoneDatabase

__all__ = ["Horizon", "Totals"]

_LEAST_GROWTH_US: Final = 366 * DAY_US


class Totals(NamedTuple):
    """A Coverage and its running totals.

    before_us: open time from the anchor to each opening, and at the end to the last closing; shape (n + 1,).
    """

    coverage: Coverage
    before_us: Int64Array


class Horizon:
    """The part of a Timeline that has been compiled so far."""

    __slots__ = ("_totals", "anchor_us", "coverage", "database", "schedule_of")

    def __init__(
        self, coverage: Coverage, schedule_of: Callable[[], Schedule], database: ZoneDatabase
    ) -> None:
        """`schedule_of` answers the schedule when the horizon has to grow."""
        self.anchor_us = coverage.start_us
        self.coverage = coverage
        self.database = database
        self.schedule_of = schedule_of
        self._totals: Totals | None = None

    def totals(self) -> Totals:
        """Answer what is compiled, with running totals."""
        found, coverage = self._totals, self.coverage
        if found is None or found.coverage is not coverage:
            found = self._totals = _add_up(coverage, self.anchor_us)
        return found

    def spanning(self, low_us: int, high_us: int) -> Totals:
        """Answer totals that cover `[low_us, high_us)`. Raises OutOfReachError."""
        while True:  # another thread may have put a smaller growth in the place of ours
            totals = self.totals()
            have = totals.coverage
            if have.start_us <= low_us and high_us <= have.end_us:
                return totals
            if low_us < REACH_START_US or high_us > REACH_END_US:
                raise OutOfReachError("it goes beyond the years 1800 to 2399, which are what is computed")
            length = max(have.end_us - have.start_us, _LEAST_GROWTH_US)
            start_us, end_us = have.start_us, have.end_us
            if low_us < start_us:
                start_us = max(low_us - length, REACH_START_US)
            if high_us > end_us:
                end_us = min(high_us + length, REACH_END_US)
            self._grow(start_us, end_us)

    def next_close_us(self, at_us: int) -> int:
        """Answer the first closing after an instant. Raises NeverClosesError, OutOfReachError."""
        while True:
            coverage = self.spanning(at_us, at_us + 1).coverage
            place = int(np.searchsorted(coverage.closes_us, at_us, side="right"))
            if place < len(coverage.closes_us) and coverage.closes_us[place] < coverage.end_us:
                return int(coverage.closes_us[place])
            if not self.grow_later():
                raise NeverClosesError(f"the schedule does not close after {from_us(at_us)}")

    def grow_later(self) -> bool:
        """Compile as much again at the end; False when the end of reach is compiled already."""
        have = self.coverage
        if have.end_us >= REACH_END_US:
            return False
        length = max(have.end_us - have.start_us, _LEAST_GROWTH_US)
        self._grow(have.start_us, min(have.end_us + length, REACH_END_US))
        return True

    def grow_earlier(self) -> bool:
        """Compile as much again at the start; False when the start of reach is compiled already."""
        have = self.coverage
        if have.start_us <= REACH_START_US:
            return False
        length = max(have.end_us - have.start_us, _LEAST_GROWTH_US)
        self._grow(max(have.start_us - length, REACH_START_US), have.end_us)
        return True

    def opens(self) -> bool:
        """Say whether the schedule is open at any time in reach."""
        while not len(self.coverage.opens_us):
            if not (self.grow_later() or self.grow_earlier()):
                return False
        return True

    def require_opens(self) -> None:
        """Refuse a schedule that is closed in the whole of reach. Raises NeverOpensError."""
        if not self.opens():
            raise NeverOpensError("the schedule never opens: no window is left on any date")

    def _grow(self, start_us: int, end_us: int) -> None:
        have, schedule = self.coverage, self.schedule_of()
        check_size(schedule, start_us, end_us)
        if start_us < have.start_us:
            have = cover(schedule, start_us, have.start_us, self.database).join(have)
        if end_us > have.end_us:
            have = have.join(cover(schedule, have.end_us, end_us, self.database))
        self.coverage = have


def _add_up(coverage: Coverage, anchor_us: int) -> Totals:
    opens, closes = coverage.opens_us, coverage.closes_us
    before = np.zeros(len(opens) + 1, dtype=np.int64)
    np.cumsum(closes - opens, out=before[1:])
    if coverage.start_us < anchor_us and len(opens):
        at = max(int(np.searchsorted(opens, anchor_us, side="right")) - 1, 0)
        into = min(max(anchor_us - int(opens[at]), 0), int(closes[at] - opens[at]))
        before -= int(before[at]) + into
    return Totals(coverage, before)
