"""Tables that fill on demand: from a UTC day to what happens in it, and from a total to its instant.

A scalar question costs a few look-ups whatever its span. Tables are plain dicts and entries chains of plain
tuples, which Python reads fastest; they never go stale: a Horizon only grows. Reach bounds their size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np

from businesstime.errors import NeverOpensError
from businesstime.horizon import Horizon, Totals
from businesstime.instants import DAY_US

__all__ = [
    "TOTAL_SHIFT",
    "Piece",
    "Stretch",
    "day_pieces",
    "fill_pieces",
    "fill_stretches",
    "intervals_by_total",
    "reach_totals",
    "search_total",
]

# 2^34 µs of open time, under five hours, is less than most days add to the total.
TOTAL_SHIFT: Final = 34

# (closes_us, opens_us, total, next): before `closes_us` the total is `total`, growing from `opens_us` on.
Piece: TypeAlias = tuple[int, int, int, "Piece"]

# (until_us, add_us, next): an Interval with the totals up to `until_us`, each at instant `total + add_us`.
Stretch: TypeAlias = tuple[int, int, "Stretch"]

# What follows the last piece: never read, since the look-up before it ends inside the chain.
_END: Final[tuple[()]] = ()


def fill_pieces(table: dict[int, Piece], horizon: Horizon, day: int) -> None:
    """Enter the pieces of a day, counted from 1970. Raises NeverOpensError, OutOfReachError."""
    chain: object = _END
    for opens_us, closes_us, total_us in reversed(day_pieces(horizon, day)):
        chain = (closes_us, opens_us, total_us, chain)
    table[day] = chain  # type: ignore[assignment] # a chain ends with _END, which is never read


def fill_stretches(table: dict[int, Stretch], horizon: Horizon, bucket: int) -> bool:
    """Enter the open Intervals whose totals touch `[bucket, bucket + 1) << TOTAL_SHIFT` µs.

    False, and no entry, where what is compiled does not fill the bucket: a slower search finds its totals.
    """
    chain: object = _END
    low_us, high_us = bucket << TOTAL_SHIFT, (bucket + 1) << TOTAL_SHIFT
    for before_us, until_us, opens_us in intervals_by_total(horizon, low_us, high_us):
        chain = (until_us, opens_us - before_us, chain)
    if chain is not _END:
        table[bucket] = chain  # type: ignore[assignment] # as above
    return chain is not _END


def reach_totals(horizon: Horizon, low_us: int, high_us: int) -> Totals:
    """Grow a horizon until its totals go below `low_us` and above `high_us`, or reach ends."""
    totals = horizon.totals()
    while totals.before_us[0] >= low_us and horizon.grow_earlier():
        totals = horizon.totals()
    while totals.before_us[-1] <= high_us and horizon.grow_later():
        totals = horizon.totals()
    return totals


def search_total(horizon: Horizon, total_us: int, *, first: bool) -> int:
    """Answer the first, or the last, instant of a total anywhere in reach. Raises NeverOpensError."""
    coverage, before = reach_totals(horizon, total_us, total_us)
    place = int(np.searchsorted(before, total_us, side="left" if first else "right")) - 1
    if place < 0 or place >= len(coverage.opens_us):
        raise NeverOpensError("the schedule does not open (often) enough in the years 1800 to 2399")
    return total_us - int(before[place]) + int(coverage.opens_us[place])


def intervals_by_total(horizon: Horizon, low_us: int, high_us: int) -> Iterator[tuple[int, int, int]]:
    """Yield (total at its opening, total at its closing, its opening) of Intervals, the last one first.

    Of those that touch the totals `[low_us, high_us)`; of none if what is compiled does not go below and
    above them: no table has more compiled than the answers need.
    """
    coverage, before_us = horizon.totals()
    if before_us[0] >= low_us or before_us[-1] <= high_us:
        return
    first = int(np.searchsorted(before_us, low_us, side="left")) - 1
    last = int(np.searchsorted(before_us, high_us, side="left"))
    for at in reversed(range(first, last)):
        yield int(before_us[at]), int(before_us[at + 1]), int(coverage.opens_us[at])


def day_pieces(horizon: Horizon, day: int) -> list[tuple[int, int, int]]:
    """Answer (opens, closes, total at its opening) of a UTC day's Intervals, and of one at its end.

    Intervals are cut at midnight. The last one is empty: what follows the day's last closing runs up to it.
    """
    horizon.require_opens()
    start_us, end_us = day * DAY_US, (day + 1) * DAY_US
    coverage, before = horizon.spanning(start_us, end_us)
    first = int(np.searchsorted(coverage.closes_us, start_us, side="right"))
    last = int(np.searchsorted(coverage.opens_us, end_us, side="left"))
    pieces = []
    for at in range(first, last):
        opened_us, closed_us = int(coverage.opens_us[at]), int(coverage.closes_us[at])
        opens_us = max(opened_us, start_us)
        pieces.append((opens_us, min(closed_us, end_us), int(before[at]) + opens_us - opened_us))
    total_us = pieces[-1][2] + pieces[-1][1] - pieces[-1][0] if pieces else int(before[first])
    return [*pieces, (end_us, end_us, total_us)]
