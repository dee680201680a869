"""Business days: the dates that have open time, and steps from one to another at the same local time.

A window that runs over midnight belongs to the date on which it starts: the date of its tail alone is no
business day.
"""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from businesstime.algebra import Splice, Union
from businesstime.compiling import cover
from businesstime.date_plans import plan_dates
from businesstime.errors import NeverOpensError, OutOfReachError
from businesstime.instants import (
    DAY_S,
    DAY_US,
    EPOCH_ORDINAL,
    REACH_END_US,
    REACH_FIRST,
    REACH_LAST,
    REACH_START_US,
    SECOND_US,
)
from businesstime.schedule import LocalSchedule, Schedule
from businesstime.zones import Int64Array, ZoneDatabase

__all__ = ["BusinessDates", "open_dates"]

Mask = npt.NDArray[np.bool_]

_FIRST: Final = REACH_FIRST.toordinal() + 400  # a shift by up to 366 days stays in reach
_LAST: Final = REACH_LAST.toordinal() - 400


class BusinessDates:
    """The business days of a schedule in its own zone, as ordinals, found as far as asked for."""

    __slots__ = ("_found", "_schedule", "_span", "database", "rules")

    def __init__(self, schedule: Schedule, database: ZoneDatabase) -> None:
        self._schedule = schedule
        self._span = (0, -1)
        self._found = np.empty(0, dtype=np.int64)
        self.database = database
        self.rules = database.rules(schedule.zone)

    def between(self, low: int, high: int) -> Int64Array:
        """Answer ascending business days, all from `low` to `high` among them. Raises OutOfReachError."""
        if low < _FIRST or high > _LAST:
            raise OutOfReachError("business days are counted in the years 1802 to 2398")
        first, last = self._span
        if low < first or high > last:
            if first <= last:
                low, high = min(low, first), max(high, last)
            margin = high - low + 400
            low, high = max(low - margin, _FIRST), min(high + margin, _LAST)
            mask = open_dates(self._schedule, low, high, self.database)
            self._found, self._span = np.flatnonzero(mask) + low, (low, high)
        return self._found

    def step(self, ordinals: Int64Array, days: Int64Array) -> Int64Array:
        """Answer the `days`-th business days after dates, or before them when negative; zero stays put.

        ordinals, days: shape (n,). Raises NeverOpensError when there are not so many.
        """
        if not len(ordinals):
            return ordinals
        low, high = int(ordinals.min()), int(ordinals.max())
        while True:
            found = self.between(low, high)
            after = np.searchsorted(found, ordinals, side="right") + days - 1
            before = np.searchsorted(found, ordinals, side="left") + days
            places = np.where(days > 0, after, before)
            short, long = int((-places[days < 0]).max(initial=0)), int(places[days > 0].max(initial=0))
            if short <= 0 and long < len(found):
                break
            first, last = self._span
            if (short <= 0 or first <= _FIRST) and (long < len(found) or last >= _LAST):
                raise NeverOpensError("there are not so many business days in the years 1802 to 2398")
            low, high = (
                (first - 1 if short > 0 and first > _FIRST else low),
                (last + 1 if long >= len(found) and last < _LAST else high),
            )
        return np.where(
            days == 0, ordinals, found[np.clip(places, 0, len(found) - 1)] if len(found) else ordinals
        )

    def count(self, first: Int64Array, second: Int64Array) -> Int64Array:
        """Count business days after one date up to and with another; backwards, those before it, as negative.

        first, second: ordinals, shape (n,).
        """
        if not len(first):
            return first
        low, high = min(first.min(), second.min()), max(first.max(), second.max())
        found = self.between(int(low), int(high))
        forward = np.searchsorted(found, second, "right") - np.searchsorted(found, first, "right")
        back = np.searchsorted(found, second, "left") - np.searchsorted(found, first, "left")
        return np.where(second >= first, forward, back)

    def ordinals(self, instants_us: Int64Array) -> Int64Array:
        """Answer the local dates of instants, shape (n,)."""
        return self.rules.walls_us(instants_us) // DAY_US + EPOCH_ORDINAL

    def landing_us(self, instants_us: Int64Array, days: Int64Array) -> Int64Array:
        """Answer the same local time on the `days`-th business days, open or not; shape (n,)."""
        walls_us = self.rules.walls_us(instants_us)
        ordinals = walls_us // DAY_US + EPOCH_ORDINAL
        moved = walls_us + (self.step(ordinals, days) - ordinals) * DAY_US
        return np.where(days == 0, instants_us, self.rules.edges_anyhow_us(moved))


def open_dates(schedule: Schedule, low: int, high: int, database: ZoneDatabase) -> Mask:
    """Say for each date from ordinal `low` to `high`, both included, whether it has open time; shape (n,)."""
    match schedule:
        case LocalSchedule():
            return _planned(schedule, low, high, database)
        case Union():
            return reduce(np.logical_or, (open_dates(part, low, high, database) for part in schedule.parts))
        case Splice():
            return _spliced(schedule, low, high, database)
    return _touched(schedule, low, high, database)


def _planned(schedule: LocalSchedule, low: int, high: int, database: ZoneDatabase) -> Mask:
    """Count a date if a window that starts on it holds an instant, and the zone has not left it out."""
    dates, opening_s, closing_s = plan_dates(schedule, low, high).dated_walls_s()
    rules = database.rules(schedule.zone)
    opens = rules.edges_anyhow_us((opening_s - EPOCH_ORDINAL * DAY_S) * SECOND_US)
    closes = rules.edges_anyhow_us((closing_s - EPOCH_ORDINAL * DAY_S) * SECOND_US)
    mask = np.zeros(high - low + 1, dtype=np.bool_)
    mask[dates[opens < closes] - low] = True
    midnights = _midnights_us(schedule, low, high, database)
    mask &= midnights[1:] > midnights[:-1]
    return mask


def _spliced(schedule: Splice, low: int, high: int, database: ZoneDatabase) -> Mask:
    """Count the dates of each part in its time, and the date of a change if any instant of it is open."""
    midnights = _midnights_us(schedule, low, high, database)
    bounds = (REACH_START_US, *schedule.from_us, REACH_END_US)
    mask = np.zeros(high - low + 1, dtype=np.bool_)
    for part, (since_us, until_us) in zip(schedule.parts, pairwise(bounds), strict=True):
        within = (midnights[:-1] >= since_us) & (midnights[1:] <= until_us)
        mask |= within & open_dates(part, low, high, database)
    changes = np.searchsorted(midnights, np.array(schedule.from_us), side="right") - 1
    for at in changes[(changes >= 0) & (changes < len(mask))].tolist():
        mask[at] = _touched(schedule, low + at, low + at, database)[0]
    return mask


def _touched(schedule: Schedule, low: int, high: int, database: ZoneDatabase) -> Mask:
    """Count a date if any instant of it is open: a composed schedule has no windows of its own."""
    midnights = _midnights_us(schedule, low, high, database)
    coverage = cover(schedule, int(midnights[0]), int(midnights[-1]), database)
    opened = np.searchsorted(coverage.opens_us, midnights[1:], side="left")
    closed = np.searchsorted(coverage.closes_us, midnights[:-1], side="right")
    return (opened > closed) & (midnights[1:] > midnights[:-1])


def _midnights_us(schedule: Schedule, low: int, high: int, database: ZoneDatabase) -> Int64Array:
    walls = np.arange(low - EPOCH_ORDINAL, high - EPOCH_ORDINAL + 2, dtype=np.int64) * DAY_US
    return database.rules(schedule.zone).edges_anyhow_us(walls)
