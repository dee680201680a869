"""Coverage: open Intervals in a stretch of time, as two arrays; sets of instants, with the algebra of sets.

Always in normal form: ascending, apart (no two touch), none empty, all inside the stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from businesstime.zones import Int64Array

__all__ = ["Coverage", "Interval", "cover_union", "from_edges"]

_NONE = np.empty(0, dtype=np.int64)


class Interval(NamedTuple):
    """Open time `[start_us, end_us)`, microseconds since the epoch."""

    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """The open Intervals `[opens_us[i], closes_us[i])` of `[start_us, end_us)`, µs since the epoch."""

    start_us: int
    end_us: int
    opens_us: Int64Array
    closes_us: Int64Array

    def cut(self, start_us: int, end_us: int) -> Coverage:
        """Answer what of it lies in `[start_us, end_us)`, a part of its own stretch."""
        first = int(np.searchsorted(self.closes_us, start_us, side="right"))
        last = int(np.searchsorted(self.opens_us, end_us, side="left"))
        if last <= first:
            return Coverage(start_us, end_us, _NONE, _NONE)
        opens, closes = self.opens_us[first:last], self.closes_us[first:last]
        return Coverage(start_us, end_us, np.maximum(opens, start_us), np.minimum(closes, end_us))

    def complement(self) -> Coverage:
        """Answer the closed Intervals of the stretch."""
        edges = np.concatenate(([self.start_us], _interleave(self.opens_us, self.closes_us), [self.end_us]))
        opens, closes = edges[0::2], edges[1::2]
        some = opens < closes
        return Coverage(self.start_us, self.end_us, opens[some], closes[some])

    def shift(self, by_us: int) -> Coverage:
        """Answer the whole, stretch and all, `by_us` later."""
        return Coverage(
            self.start_us + by_us, self.end_us + by_us, self.opens_us + by_us, self.closes_us + by_us
        )

    def intersection(self, other: Coverage) -> Coverage:
        """Answer what is open in both; both cover the same stretch."""
        opens = np.sort(np.concatenate((self.opens_us, other.opens_us)), kind="stable")
        closes = np.sort(np.concatenate((self.closes_us, other.closes_us)), kind="stable")
        ended = np.searchsorted(closes, opens, side="right")
        both = np.arange(1, len(opens) + 1) - ended == 2  # noqa: PLR2004 - both are open
        return Coverage(self.start_us, self.end_us, opens[both], closes[ended[both]])

    def join(self, later: Coverage) -> Coverage:
        """Answer this and the stretch that begins where it ends, as one."""
        opens = np.concatenate((self.opens_us, later.opens_us))
        closes = np.concatenate((self.closes_us, later.closes_us))
        return from_edges(self.start_us, later.end_us, opens, closes)


def cover_union(coverages: Sequence[Coverage]) -> Coverage:
    """Answer what is open in any of one or more coverages of the same stretch."""
    first = coverages[0]
    if len(coverages) == 1:
        return first
    opens = np.sort(np.concatenate([each.opens_us for each in coverages]), kind="stable")
    closes = np.sort(np.concatenate([each.closes_us for each in coverages]), kind="stable")
    return from_edges(first.start_us, first.end_us, opens, closes)


def from_edges(start_us: int, end_us: int, opens: Int64Array, closes: Int64Array) -> Coverage:
    """Merge Intervals that touch or overlap, and drop empty ones.

    opens, closes: each ascending, shape (n,); the i-th of both need not be of one Interval: a gap is where as
    many have closed as have opened.
    """
    if not len(opens):
        return Coverage(start_us, end_us, _NONE, _NONE)
    gaps = np.flatnonzero(opens[1:] > closes[:-1])
    if len(gaps) < len(opens) - 1:
        opens = np.concatenate((opens[:1], opens[1:][gaps]))
        closes = np.concatenate((closes[gaps], closes[-1:]))
    some = opens < closes
    if not some.all():
        opens, closes = opens[some], closes[some]
    return Coverage(start_us, end_us, opens, closes)


def _interleave(opens: Int64Array, closes: Int64Array) -> Int64Array:
    edges = np.empty(2 * len(opens), dtype=np.int64)
    edges[0::2], edges[1::2] = opens, closes
    return edges
