"""Periods: civil days, weeks, months, quarters, years and billing cycles of a zone, as Intervals.

A period begins at the first instant at which the zone's wall clock reads its first midnight or later, and
ends where the next one begins. So its length comes from the zone's transitions: March 2026 in New York has
44,580 minutes.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Final, Literal, NamedTuple, TypeAlias

from businesstime.errors import BusinessTimeError
from businesstime.instants import DAY_US, EPOCH_ORDINAL, REACH_END_US, REACH_START_US, SECOND_US, date_to_us
from businesstime.zones import PACKAGED

__all__ = [
    "MOST_PERIODS",
    "Period",
    "PeriodInvalidError",
    "PeriodUnit",
    "check_zone",
    "period_at",
    "periods_between",
    "read_period",
    "rolling_window",
]

PeriodUnit: TypeAlias = Literal["day", "week", "month", "quarter", "year"]

MOST_PERIODS: Final = 1_000
_MOST_DAYS: Final = 36_600
_LABEL: Final = re.compile(
    r"(?P<year>19[7-9]\d|2[01]\d\d)"
    r"(?:-(?:Q(?P<quarter>[1-4])|W(?P<week>0[1-9]|[1-4]\d|5[0-3])"
    r"|(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?))?",
    re.ASCII,
)
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


class PeriodInvalidError(BusinessTimeError):
    """Text that names no period, or numbers that make none."""

    code: ClassVar[str] = "period_invalid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The Interval `[start_us, end_us)` that `label` names, in microseconds since the epoch."""

    label: str
    start_us: int
    end_us: int

    @property
    def length_us(self) -> int:
        """How long it is."""
        return self.end_us - self.start_us


class _Dates(NamedTuple):
    """A period as dates: those from `first` until before `after`."""

    label: str
    first: date
    after: date


def read_period(label: str, zone: str, *, first_day: int = 1) -> Period:
    """Read 2026 (a year), 2026-Q1, 2026-03, 2026-W11 (an ISO week) or 2026-03-14 as a period of a zone.

    first_day: the day of the month on which months, quarters and years begin, for billing cycles: 2026-03
    from the 15th lies between 15 March and 15 April. In a month that is too short it is the last day.
    Raises PeriodInvalidError for anything else, ZoneUnknownError.
    """
    _check_first_day(first_day)
    found = _LABEL.fullmatch(label)
    if found is None:
        raise PeriodInvalidError(
            f"{label[:40]!r} is no period: write 2026, 2026-Q1, 2026-03, 2026-W11 or 2026-03-14",
            field="period",
        )
    try:
        return _placed(_dates(found, first_day), zone)
    except ValueError:
        raise PeriodInvalidError(f"there is no {label}", field="period") from None


def period_at(unit: PeriodUnit, at_us: int, zone: str, *, first_day: int = 1) -> Period:
    """Find the period of a unit that holds an instant. Raises PeriodInvalidError, ZoneUnknownError."""
    _check_first_day(first_day)
    _check_reach(at_us)
    wall_us = PACKAGED.rules(zone).wall_us(at_us)
    day = date.fromordinal(EPOCH_ORDINAL + wall_us // DAY_US)
    dates = _holding(unit, day, first_day)
    period = _placed(dates, zone)
    while period.end_us <= at_us:  # a wall clock that was set back reads the date before it again
        dates = _holding(unit, dates.after, first_day)
        period = _placed(dates, zone)
    return period


def periods_between(
    unit: PeriodUnit, start_us: int, end_us: int, zone: str, *, first_day: int = 1
) -> tuple[Period, ...]:
    """List the periods of a unit that overlap `[start_us, end_us)`, whole ones, in order.

    Raises PeriodInvalidError for an empty Interval and for more than a thousand, ZoneUnknownError.
    """
    if end_us <= start_us:
        raise PeriodInvalidError("the end must be later than the start", field="end")
    _check_reach(end_us)
    found: list[Period] = []
    for period in _from(unit, start_us, zone, first_day):
        if period.start_us >= end_us:
            break
        if len(found) == MOST_PERIODS:
            raise PeriodInvalidError(f"these are more than {MOST_PERIODS} periods", field="unit")
        if period.length_us:
            found.append(period)
    return tuple(found)


def rolling_window(days: int, end_us: int, zone: str) -> Period:
    """Find the window of so many days that ends at an instant: it starts at the same wall time.

    days: 1 to 36,600. Raises PeriodInvalidError, ZoneUnknownError.
    """
    if not 1 <= days <= _MOST_DAYS:
        raise PeriodInvalidError(f"a rolling window has 1 to {_MOST_DAYS} days, not {days}", field="days")
    rules = PACKAGED.rules(zone)
    wall_us = rules.wall_us(end_us) - days * DAY_US
    into_us = wall_us % SECOND_US
    start_us = rules.edge_us(wall_us // SECOND_US) + into_us
    _check_reach(start_us)
    _check_reach(end_us)
    return Period(label=f"P{days}D", start_us=start_us, end_us=end_us)


def check_zone(zone: str) -> str:
    """Give the zone back if tzdata has it; raises ZoneUnknownError."""
    PACKAGED.rules(zone)
    return zone


def _from(unit: PeriodUnit, at_us: int, zone: str, first_day: int) -> Iterator[Period]:
    period = period_at(unit, at_us, zone, first_day=first_day)
    dates = _dates_of(period.label, first_day)
    while True:
        yield period
        dates = _holding(unit, dates.after, first_day)
        period = _placed(dates, zone)


def _dates_of(label: str, first_day: int) -> _Dates:
    found = _LABEL.fullmatch(label)
    if found is None:
        raise PeriodInvalidError(f"{label!r} is outside the years 1970 to 2199", field="period")
    return _dates(found, first_day)


def _dates(found: re.Match[str], first_day: int) -> _Dates:
    year = int(found["year"])
    if found["day"]:
        return _day(date(year, int(found["month"]), int(found["day"])))
    if found["week"]:
        return _week(date.fromisocalendar(year, int(found["week"]), 1))
    if found["month"]:
        return _months("month", year, int(found["month"]), first_day)
    if found["quarter"]:
        return _months("quarter", year, 3 * int(found["quarter"]) - 2, first_day)
    return _months("year", year, 1, first_day)


def _holding(unit: PeriodUnit, day: date, first_day: int) -> _Dates:
    if unit == "day":
        return _day(day)
    if unit == "week":
        return _week(day - timedelta(days=day.weekday()))
    span = _MONTHS[unit]
    month = day.year * 12 + day.month - 1
    if day < _first_date(day.year, day.month, first_day):
        month -= 1
    month -= month % span
    return _months(unit, month // 12, month % 12 + 1, first_day)


def _day(day: date) -> _Dates:
    return _Dates(day.isoformat(), day, day + timedelta(days=1))


def _week(monday: date) -> _Dates:
    year, week, _ = monday.isocalendar()
    return _Dates(f"{year:04}-W{week:02}", monday, monday + timedelta(days=7))


def _months(unit: PeriodUnit, year: int, month: int, first_day: int) -> _Dates:
    end = year * 12 + month - 1 + _MONTHS[unit]
    return _Dates(
        _LABELS[unit](year, month),
        _first_date(year, month, first_day),
        _first_date(end // 12, end % 12 + 1, first_day),
    )


_LABELS: Final[dict[str, Callable[[int, int], str]]] = {
    "month": lambda year, month: f"{year:04}-{month:02}",
    "quarter": lambda year, month: f"{year:04}-Q{(month + 2) // 3}",
    "year": lambda year, _: f"{year:04}",
}


def _first_date(year: int, month: int, first_day: int) -> date:
    return date(year, month, min(first_day, calendar.monthrange(year, month)[1]))


def _placed(dates: _Dates, zone: str) -> Period:
    rules = PACKAGED.rules(zone)
    start_us, end_us = (rules.edge_us(date_to_us(day) // SECOND_US) for day in (dates.first, dates.after))
    return Period(label=dates.label, start_us=start_us, end_us=end_us)


def _check_first_day(first_day: int) -> None:
    if not 1 <= first_day <= 31:  # noqa: PLR2004 - the days of a month
        raise PeriodInvalidError(f"a cycle begins on a day from 1 to 31, not {first_day}", field="first_day")


def _check_reach(at_us: int) -> None:
    if not REACH_START_US <= at_us < REACH_END_US:
        raise PeriodInvalidError("an instant is outside the years 1800 to 2399", field="period")
