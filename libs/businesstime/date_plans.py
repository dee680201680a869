"""Which windows hold on which date: the precedence of SpecialHours, Holiday, Season and WeeklyHours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from businesstime.holiday import holiday_names
from businesstime.instants import DAY_S
from businesstime.schedule import LocalSchedule
from businesstime.windows import Window, spans_minutes
from businesstime.zones import Int64Array

__all__ = ["DatePlan", "DatePlans", "PlanKind", "explain_dates", "plan_dates"]

PlanKind = Literal["weekly_hours", "season", "holiday", "special_hours"]

_CLOSED: Final = 0
_FIRST_MONDAY: Final = 1  # 0001-01-01, ordinal 1, was a Monday in the proleptic calendar


@dataclass(frozen=True, slots=True)
class DatePlan:
    """The windows of a date, what set them, and the name of the season or holiday."""

    windows: tuple[Window, ...]
    kind: PlanKind
    name: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DatePlans:
    """Consecutive dates and the index of the pattern of windows that each follows.

    patterns: index into `windows`, shape (n,), for the dates from `first_ordinal` on.
    windows: the distinct sets of windows; the first is none at all.
    """

    first_ordinal: int
    patterns: Int64Array
    windows: tuple[tuple[Window, ...], ...]

    def dated_walls_s(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Answer each window's date, and its opening and closing in wall seconds after 00:00 of ordinal 0.

        In order of opening, shape (windows,) each; windows may overlap those of the date before.
        """
        starts, ends, firsts, counts = _flatten(self.windows)
        per_date = counts[self.patterns]
        stops = np.cumsum(per_date)
        total = int(stops[-1]) if len(stops) else 0
        which = np.arange(total) + np.repeat(firsts[self.patterns] - stops + per_date, per_date)
        dates = np.repeat(np.arange(len(per_date)) + self.first_ordinal, per_date)
        midnights = dates * DAY_S
        return dates, midnights + starts[which], midnights + ends[which]


def plan_dates(schedule: LocalSchedule, first_ordinal: int, last_ordinal: int) -> DatePlans:
    """Plan the dates between two ordinals, both included."""
    patterns = (np.arange(first_ordinal, last_ordinal + 1) - _FIRST_MONDAY) % 7 + 1
    weekdays = patterns - 1
    windows: list[tuple[Window, ...]] = [(), *schedule.hours.days]
    for season in reversed(schedule.seasons):
        for first, last in season.spans(first_ordinal, last_ordinal):
            stretch = slice(first - first_ordinal, last - first_ordinal + 1)
            patterns[stretch] = weekdays[stretch] + len(windows)
        windows.extend(season.hours.days)
    closed = _holiday_ordinals(schedule, first_ordinal, last_ordinal)
    patterns[closed - first_ordinal] = _CLOSED
    for special in schedule.special:
        if first_ordinal <= special.date.toordinal() <= last_ordinal:
            patterns[special.date.toordinal() - first_ordinal] = len(windows)
            windows.append(special.windows)
    return DatePlans(first_ordinal, patterns, tuple(windows))


def explain_dates(schedule: LocalSchedule, first_ordinal: int, last_ordinal: int) -> Iterator[DatePlan]:
    """Yield the plan of each date between two ordinals, both included, with its reason."""
    special = {each.date.toordinal(): each for each in schedule.special}
    names = holiday_names(schedule.holidays, first_ordinal, last_ordinal)
    seasons = {
        ordinal: season
        for season in reversed(schedule.seasons)
        for first, last in season.spans(first_ordinal, last_ordinal)
        for ordinal in range(first, last + 1)
    }
    for ordinal in range(first_ordinal, last_ordinal + 1):
        weekday = (ordinal - _FIRST_MONDAY) % 7
        if ordinal in special:
            yield DatePlan(special[ordinal].windows, "special_hours", names.get(ordinal))
        elif ordinal in names:
            yield DatePlan((), "holiday", names[ordinal])
        elif ordinal in seasons:
            yield DatePlan(seasons[ordinal].hours.days[weekday], "season", seasons[ordinal].name)
        else:
            yield DatePlan(schedule.hours.days[weekday], "weekly_hours")


@lru_cache(maxsize=1_024)
def _closed_ordinals(schedule: LocalSchedule, first_ordinal: int, last_ordinal: int) -> Int64Array:
    names = holiday_names(schedule.holidays, first_ordinal, last_ordinal)
    return np.array(sorted(names), dtype=np.int64)


def _holiday_ordinals(schedule: LocalSchedule, first_ordinal: int, last_ordinal: int) -> Int64Array:
    if not schedule.holidays:
        return np.empty(0, dtype=np.int64)
    # Whole years are asked for, so that the memory of it serves every horizon.
    first = date.fromordinal(first_ordinal).replace(month=1, day=1).toordinal()
    last = date.fromordinal(last_ordinal).replace(month=12, day=31).toordinal()
    found = _closed_ordinals(schedule, first, last)
    return found[np.searchsorted(found, first_ordinal) : np.searchsorted(found, last_ordinal + 1)]


@lru_cache(maxsize=1_024)
def _flatten(
    windows: tuple[tuple[Window, ...], ...],
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """Answer all windows' starts and ends in seconds, and of each set its first and its number."""
    spans = [span for each in windows for span in spans_minutes(each)]
    edges = np.array(spans, dtype=np.int64).reshape(-1, 2) * 60
    counts = np.array([len(each) for each in windows], dtype=np.int64)
    return edges[:, 0], edges[:, 1], np.cumsum(counts) - counts, counts
