"""Sets of Intervals, many at once: in order, none of them empty, none touching the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from businesstime import Interval
from clocks.domain.measures.columns import Flags, Int64Array, exact_sum

__all__ = ["Intervals", "intervals_of", "length_us", "merge", "overlap", "subtract", "touching"]


class Intervals(NamedTuple):
    """n Intervals [start, end)."""

    starts: Int64Array
    ends: Int64Array


def intervals_of(intervals: Sequence[Interval]) -> Intervals:
    """Bring Intervals into columns."""
    both = np.array(intervals, dtype=np.int64).reshape(-1, 2)
    return Intervals(both[:, 0], both[:, 1])


def merge(intervals: Intervals) -> Intervals:
    """Unite Intervals, in any order, that touch or overlap."""
    real = intervals.starts < intervals.ends
    starts, ends = intervals.starts[real], intervals.ends[real]
    order = np.argsort(starts)
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    first = np.ones(len(starts), dtype=np.bool_)
    first[1:] = starts[1:] > reached[:-1]
    last = np.ones(len(starts), dtype=np.bool_)
    last[:-1] = first[1:]
    return Intervals(starts[first], reached[last])


def overlap(some: Intervals, others: Intervals) -> Intervals:
    """Answer what lies in both of two sets."""
    return _where(some, others, weight=1, wanted=2)


def subtract(some: Intervals, others: Intervals) -> Intervals:
    """Answer what lies in the first of two sets and not in the second."""
    return _where(some, others, weight=-1, wanted=1)


def touching(some: Intervals, others: Intervals) -> Flags:
    """Tell of each Interval of one set whether it overlaps any of the other."""
    places = np.searchsorted(others.ends, some.starts, side="right")
    starts = np.append(others.starts, np.iinfo(np.int64).max)
    found: Flags = starts[places] < some.ends
    return found


def length_us(intervals: Intervals) -> int:
    """Add the lengths of Intervals up."""
    return int(exact_sum(intervals.ends - intervals.starts))


def _where(some: Intervals, others: Intervals, *, weight: int, wanted: int) -> Intervals:
    """Answer where the sum is as wanted, with 1 for being in `some` and the weight for `others`."""
    edges = np.concatenate((*some, *others))
    steps = np.repeat([1, -1, weight, -weight], [len(column) for column in (*some, *others)])
    order = np.lexsort((steps, edges))
    edges = edges[order]
    inside = np.cumsum(steps[order])[:-1] == wanted
    starts, ends = edges[:-1][inside], edges[1:][inside]
    return merge(Intervals(starts, ends))
