"""Bucket tables: from many instants, or many totals, to the open Intervals around them, without a search.

Time is cut into buckets of 2^shift µs, and a table says for each which Interval is the first to close after
the bucket begins. One look-up and at most a few steps find the Interval of an instant. A table that would
need many steps, because Intervals crowd in some places, gives way to binary search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from businesstime.horizon import Totals
from businesstime.zones import Int64Array

__all__ = ["CHUNK_ROWS", "Buckets", "IntervalTable", "interval_table"]

# Rows at a time: the scratch arrays of a chunk stay in the caches of one core.
CHUNK_ROWS: Final = 1 << 15

_MOST_STEPS: Final = 4
_BUCKETS_PER_INTERVAL: Final = 4
_LEAST_SHIFT: Final = 20
_NEVER_US: Final = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Finds for ascending `ends` and any keys the place of the first end that is greater.

    ends: shape (n + 1,), the last greater than any key. firsts: that place for the start of each bucket.
    steps: how many places a bucket moves on at most; None: search instead.
    """

    start: int
    shift: int
    ends: Int64Array
    firsts: npt.NDArray[np.unsignedinteger]
    steps: int | None

    def places(self, keys: Int64Array) -> npt.NDArray[np.intp]:
        """Answer the place of the first end greater than each key; shape as keys."""
        if self.steps is None:
            return np.searchsorted(self.ends, keys, side="right")
        found = self.firsts.take((keys - self.start) >> self.shift, mode="clip").astype(np.intp)
        for _ in range(self.steps):
            found += keys >= self.ends.take(found, mode="clip")
        return found


@dataclass(frozen=True, slots=True, eq=False)
class IntervalTable:
    """The Intervals of Totals, one that never comes after them, and the two ways to find them.

    opens_us, closes_us, before_us, after_us: of each Interval, with the totals at its ends; shape (n + 1,).
    add_us: what turns an open instant into its total. by_instant: ends are closings; by_total: totals.
    """

    totals: Totals
    opens_us: Int64Array
    closes_us: Int64Array
    before_us: Int64Array
    after_us: Int64Array
    add_us: Int64Array
    by_instant: Buckets
    by_total: Buckets

    def totals_at(self, instants_us: Int64Array) -> Int64Array:
        """Answer the running total at each instant; shape as instants."""
        places = self.by_instant.places(instants_us)
        total = self.add_us.take(places, mode="clip")
        total += instants_us
        np.minimum(total, self.after_us.take(places, mode="clip"), out=total)
        np.maximum(total, self.before_us.take(places, mode="clip"), out=total)
        return total


def interval_table(totals: Totals) -> IntervalTable:
    """Build the tables of a horizon."""
    coverage, before = totals
    opens = np.append(coverage.opens_us, _NEVER_US)
    closes = np.append(coverage.closes_us, _NEVER_US)
    after = np.append(before[1:], before[-1])
    totals_end = np.append(before[1:], _NEVER_US)
    return IntervalTable(
        totals=totals,
        opens_us=opens,
        closes_us=closes,
        before_us=before,
        after_us=after,
        add_us=before - opens,
        by_instant=_buckets(closes, coverage.start_us, coverage.end_us),
        by_total=_buckets(totals_end, int(before[0]), int(before[-1])),
    )


def _buckets(ends: Int64Array, start: int, stop: int) -> Buckets:
    wanted = max(_BUCKETS_PER_INTERVAL * len(ends), 64)
    shift = max(((stop - start) // wanted).bit_length(), _LEAST_SHIFT)
    starts = start + (np.arange(((stop - start) >> shift) + 2, dtype=np.int64) << shift)
    firsts = np.searchsorted(ends, starts, side="right")
    steps = int(np.diff(firsts).max(initial=0))
    # As narrow as they go: many Timelines share the caches.
    narrow = firsts[:-1].astype(np.min_scalar_type(len(ends)))
    return Buckets(start, shift, ends, narrow, steps if steps <= _MOST_STEPS else None)
