"""Tables that fill on demand: from a UTC day to what happens in it, and from a total to its instant.

A scalar question costs a few look-ups whatever its span. Entries are chains of plain tuples, which Python
walks fastest; they never go stale, because a Horizon only grows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from businesstime.horizon import Horizon, Totals
from businesstime.instants import DAY_US, EPOCH_ORDINAL, from_us

__all__ = ["TOTAL_SHIFT", "DayTable", "MomentTable", "Stretch", "TotalTable", "reach_totals"]

# 2^35 µs of open time, nine and a half hours, is about what a day adds to the total.
TOTAL_SHIFT: Final = 35

# (until_us, is_open, total, next): before `until_us` the total is `total`, plus the instant when open.
Piece: TypeAlias = tuple[int, bool, int, "Piece | None"]

# (until, opened, total, next): for datetimes; `opened` is where the piece began if it is open, else None.
Moment: TypeAlias = tuple[datetime, datetime | None, int, "Moment | None"]


class DayTable(dict[int, Piece]):
    """The pieces of a day by its number since 1970, for instants in microseconds."""

    __slots__ = ("_horizon",)

    def __init__(self, horizon: Horizon) -> None:
        super().__init__()
        self._horizon = horizon

    def __missing__(self, day: int) -> Piece:
        piece: Piece | None = None
        for start_us, until_us, is_open, total_us in reversed(_pieces(self._horizon, int(day))):
            piece = (until_us, is_open, total_us - start_us if is_open else total_us, piece)
        assert piece is not None  # noqa: S101 - a day has at least one piece
        self[int(day)] = piece
        return piece


class MomentTable(dict[int, Moment]):
    """The pieces of a day by its proleptic ordinal, for UTC datetimes."""

    __slots__ = ("_horizon",)

    def __init__(self, horizon: Horizon) -> None:
        super().__init__()
        self._horizon = horizon

    def __missing__(self, ordinal: int) -> Moment:
        moment: Moment | None = None
        for start_us, until_us, is_open, total_us in reversed(
            _pieces(self._horizon, ordinal - EPOCH_ORDINAL)
        ):
            moment = (from_us(until_us), from_us(start_us) if is_open else None, total_us, moment)
        assert moment is not None  # noqa: S101 - a day has at least one piece
        self[ordinal] = moment
        return moment


class Stretch(NamedTuple):
    """An open Interval by totals: those up to `until_us` lie in it, at the instant `total + add_us`."""

    until_us: int
    add_us: int
    before_us: int
    opened: datetime
    after: Stretch | None


class TotalTable(dict[int, Stretch]):
    """The open Intervals whose totals touch a bucket of 2^TOTAL_SHIFT µs, by the bucket's number.

    Raises KeyError for a bucket that reach does not fill: a slower search says whether it holds a total.
    """

    __slots__ = ("_horizon",)

    def __init__(self, horizon: Horizon) -> None:
        super().__init__()
        self._horizon = horizon

    def __missing__(self, bucket: int) -> Stretch:
        low_us, high_us = bucket << TOTAL_SHIFT, (bucket + 1) << TOTAL_SHIFT
        totals = reach_totals(self._horizon, low_us, high_us)
        before_us = totals.before_us
        if before_us[0] >= low_us or before_us[-1] <= high_us:
            raise KeyError(bucket)
        first = int(np.searchsorted(before_us, low_us, side="left")) - 1
        last = int(np.searchsorted(before_us, high_us, side="left"))
        stretch: Stretch | None = None
        for at in reversed(range(first, last)):
            opened_us, before = int(totals.coverage.opens_us[at]), int(before_us[at])
            stretch = Stretch(int(before_us[at + 1]), opened_us - before, before, from_us(opened_us), stretch)
        assert stretch is not None  # noqa: S101 - the bucket lies between the first total and the last
        self[bucket] = stretch
        return stretch


def reach_totals(horizon: Horizon, low_us: int, high_us: int) -> Totals:
    """Grow a horizon until its totals go below `low_us` and above `high_us`, or reach ends."""
    totals = horizon.totals()
    while totals.before_us[0] >= low_us and horizon.grow_earlier():
        totals = horizon.totals()
    while totals.before_us[-1] <= high_us and horizon.grow_later():
        totals = horizon.totals()
    return totals


def _pieces(horizon: Horizon, day: int) -> list[tuple[int, int, bool, int]]:
    """Answer (start, until, is open, total at the start) of the pieces of a UTC day, in order."""
    horizon.require_opens()
    at_us, end_us = day * DAY_US, (day + 1) * DAY_US
    coverage, before = horizon.spanning(at_us, end_us)
    index = int(np.searchsorted(coverage.closes_us, at_us, side="right"))
    pieces = []
    while at_us < end_us:
        some = index < len(coverage.opens_us)
        opened_us = int(coverage.opens_us[index]) if some else end_us
        if at_us < opened_us:
            until_us = min(opened_us, end_us)
            pieces.append((at_us, until_us, False, int(before[index])))
            at_us = until_us
        else:
            until_us = min(int(coverage.closes_us[index]), end_us)
            pieces.append((at_us, until_us, True, int(before[index]) + at_us - opened_us))
            at_us, index = until_us, index + 1
    return pieces
