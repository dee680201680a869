"""Seasons: stretches of dates, in one year or in every year, with weekly hours of their own."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from businesstime.errors import DocumentInvalidError
from businesstime.windows import WeeklyHours

__all__ = ["MonthDay", "Season"]

_LEAP_YEAR: Final = 2000


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A day of every year; 29 February is the 28th's end in a year that lacks it."""

    month: int
    day: int

    def __post_init__(self) -> None:
        try:
            date(_LEAP_YEAR, self.month, self.day)
        except ValueError:
            raise DocumentInvalidError(f"{self} is no day of a year") from None

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"

    def start_ordinal(self, year: int) -> int:
        """Answer the first date of `year` that is this day or later."""
        if (self.month, self.day) == (2, 29) and not calendar.isleap(year):
            return date(year, 3, 1).toordinal()
        return date(year, self.month, self.day).toordinal()

    def end_ordinal(self, year: int) -> int:
        """Answer the last date of `year` that is this day or earlier."""
        if (self.month, self.day) == (2, 29) and not calendar.isleap(year):
            return date(year, 2, 28).toordinal()
        return date(year, self.month, self.day).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A dated or yearly replacement of the WeeklyHours; both ends are included.

    first, last: two dates, or two MonthDays; MonthDays that run backwards cross the new year.
    """

    name: str
    first: date | MonthDay
    last: date | MonthDay
    hours: WeeklyHours

    def __post_init__(self) -> None:
        if isinstance(self.first, date) != isinstance(self.last, date):
            raise DocumentInvalidError("a season has two dates or two days of the year, not one of each")
        if isinstance(self.first, date) and isinstance(self.last, date) and self.last < self.first:
            raise DocumentInvalidError(f"the season ends on {self.last}, before it begins on {self.first}")

    def spans(self, first_ordinal: int, last_ordinal: int) -> Iterator[tuple[int, int]]:
        """Yield (first, last) ordinals of its stretches among the dates asked for, ends included."""
        if isinstance(self.first, date) and isinstance(self.last, date):
            stretches = [(self.first.toordinal(), self.last.toordinal())]
        elif isinstance(self.first, MonthDay) and isinstance(self.last, MonthDay):
            stretches = list(self._yearly(self.first, self.last, first_ordinal, last_ordinal))
        else:  # pragma: no cover - __post_init__ refuses it
            return
        for first, last in stretches:
            if first <= last_ordinal and last >= first_ordinal:
                yield max(first, first_ordinal), min(last, last_ordinal)

    @staticmethod
    def _yearly(first: MonthDay, last: MonthDay, low: int, high: int) -> Iterator[tuple[int, int]]:
        over_new_year = last < first
        for year in range(date.fromordinal(low).year - 1, date.fromordinal(high).year + 1):
            yield first.start_ordinal(year), last.end_ordinal(year + over_new_year)
