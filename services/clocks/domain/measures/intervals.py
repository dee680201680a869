"""Sets of Intervals: merged, in order, none of them empty. The sums of availability are made of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from businesstime import Interval

__all__ = ["length_us", "merge", "overlap", "subtract"]


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Unite Intervals, in any order, that touch or overlap."""
    merged: list[Interval] = []
    for start_us, end_us in sorted(one for one in intervals if one.start_us < one.end_us):
        if merged and start_us <= merged[-1].end_us:
            merged[-1] = Interval(merged[-1].start_us, max(merged[-1].end_us, end_us))
        else:
            merged.append(Interval(start_us, end_us))
    return merged


def overlap(some: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """Answer what lies in both of two merged sets."""
    found: list[Interval] = []
    here = there = 0
    while here < len(some) and there < len(others):
        start_us = max(some[here].start_us, others[there].start_us)
        end_us = min(some[here].end_us, others[there].end_us)
        if start_us < end_us:
            found.append(Interval(start_us, end_us))
        if some[here].end_us < others[there].end_us:
            here += 1
        else:
            there += 1
    return found


def subtract(some: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """Answer what lies in the first of two merged sets and not in the second."""
    if not some:
        return []
    first_us, last_us = some[0].start_us, some[-1].end_us
    edges = [first_us, *(edge for one in others for edge in one), last_us]
    gaps = [Interval(edges[place], edges[place + 1]) for place in range(0, len(edges), 2)]
    return overlap(some, [gap for gap in gaps if gap.start_us < gap.end_us])


def length_us(intervals: Iterable[Interval]) -> int:
    """Add the lengths of Intervals up."""
    return sum(end_us - start_us for start_us, end_us in intervals)
