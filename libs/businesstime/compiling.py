"""From a Schedule and a stretch of time to its Coverage: by day, and in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

import numpy as np

from businesstime.algebra import Complement, Difference, Intersection, Shift, Splice, Union
from businesstime.coverage import Coverage, cover_union, from_edges
from businesstime.date_plans import plan_dates
from businesstime.errors import OutOfReachError
from businesstime.instants import DAY_S, DAY_US, EPOCH_ORDINAL
from businesstime.schedule import LocalSchedule, Schedule
from businesstime.zones import ZoneDatabase

__all__ = ["MOST_WINDOWS", "check_size", "combine", "combine_common", "cover"]

# A hostile schedule ends here: some hundred megabytes. The busiest office has 30,000 in ten years.
MOST_WINDOWS: Final = 8_000_000

# Clocks differ from UTC by less than a day and a half, and a window lasts a day.
_MARGIN_DAYS = 3


def cover(schedule: Schedule, start_us: int, end_us: int, database: ZoneDatabase) -> Coverage:
    """Compile `[start_us, end_us)`, exactly what a longer stretch would have there."""
    match schedule:
        case LocalSchedule():
            return _local(schedule, start_us, end_us, database)
        case Shift():
            by_us = schedule.by_us
            return cover(schedule.parts[0], start_us - by_us, end_us - by_us, database).shift(by_us)
        case Splice():
            return _splice(schedule, start_us, end_us, database)
    parts = [cover(part, start_us, end_us, database) for part in schedule.parts]
    return combine(schedule, parts)


def check_size(schedule: Schedule, start_us: int, end_us: int) -> None:
    """Refuse a stretch with more windows than are compiled at once. Raises OutOfReachError."""
    windows = _windows_a_day(schedule) * ((end_us - start_us) // DAY_US + 1)
    if windows > MOST_WINDOWS:
        raise OutOfReachError(
            f"it takes {windows:,} windows, and at most {MOST_WINDOWS:,} are compiled at once"
        )


def combine(schedule: Schedule, parts: Sequence[Coverage]) -> Coverage:
    """Put the parts of a composed schedule together, as it says; all cover the same stretch."""
    match schedule:
        case Union():
            return cover_union(parts)
        case Intersection():
            return reduce(Coverage.intersection, parts)
        case Difference():
            return parts[0].intersection(parts[1].complement())
        case Complement():
            return parts[0].complement()
    raise TypeError(f"{type(schedule).__name__} cannot be compiled")


def combine_common(schedule: Schedule, parts: Sequence[Coverage], database: ZoneDatabase) -> Coverage:
    """Put the parts of a composed schedule together for the stretch that all of them cover."""
    start_us = max(each.start_us for each in parts)
    end_us = min(each.end_us for each in parts)
    if end_us <= start_us:  # nothing in common yet
        return cover(schedule, start_us, start_us + DAY_US, database)
    return combine(schedule, [each.cut(start_us, end_us) for each in parts])


def _windows_a_day(schedule: Schedule) -> int:
    """Say how many windows a date has at most, special hours aside, which a document bounds."""
    if isinstance(schedule, LocalSchedule):
        weeks = (schedule.hours, *(season.hours for season in schedule.seasons))
        return max(len(day) for week in weeks for day in week.days)
    inside = [_windows_a_day(part) for part in schedule.parts]
    return max(inside) if isinstance(schedule, Splice) else sum(inside)


def _local(schedule: LocalSchedule, start_us: int, end_us: int, database: ZoneDatabase) -> Coverage:
    first = start_us // DAY_US + EPOCH_ORDINAL - _MARGIN_DAYS
    last = end_us // DAY_US + EPOCH_ORDINAL + _MARGIN_DAYS
    rules = database.rules(schedule.zone)
    _, opening_s, closing_s = plan_dates(schedule, first, last).dated_walls_s()
    opens = rules.edges_us(opening_s - EPOCH_ORDINAL * DAY_S)
    closes = rules.edges_us(np.maximum.accumulate(closing_s) - EPOCH_ORDINAL * DAY_S)
    return from_edges(start_us, end_us, opens, closes).cut(start_us, end_us)


def _splice(schedule: Splice, start_us: int, end_us: int, database: ZoneDatabase) -> Coverage:
    empty = np.empty(0, dtype=np.int64)
    bounds = (start_us, *(min(max(each, start_us), end_us) for each in schedule.from_us), end_us)
    pieces = [
        cover(part, since_us, until_us, database)
        for part, since_us, until_us in zip(schedule.parts, bounds, bounds[1:], strict=False)
        if since_us < until_us
    ]
    return reduce(Coverage.join, pieces, Coverage(start_us, start_us, empty, empty))
