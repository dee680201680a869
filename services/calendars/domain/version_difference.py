"""What two versions of a Calendar mean, side by side: in days and hours, not in lines of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from businesstime import Interval, Timeline, from_us, to_us, zone

__all__ = ["CalendarDifference", "CompareVersions", "DayDifference", "difference_between", "only_in"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompareVersions:
    """A Calendar as it stood after one version and after another, in [start, end), at most 1,100 days.

    start: None: when the later version begins to hold, or now for the first. end: None: a year after start.
    """

    key: str
    from_version: int
    to_version: int
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DayDifference:
    """A local date on which the two differ: its open time, and its windows as `09:00-17:00`."""

    date: date
    before_us: int
    after_us: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarDifference:
    """Two versions of one Calendar compared in [start, end).

    zone: whose dates are counted, the later version's. before_us, after_us: all open time in the window.
    gained_us, lost_us: time that only the later, only the earlier version has open.
    """

    key: str
    from_version: int
    to_version: int
    zone: str
    start: datetime
    end: datetime
    before_us: int
    after_us: int
    gained_us: int
    lost_us: int
    days: tuple[DayDifference, ...]


def difference_between(
    before: Timeline,
    after: Timeline,
    *,
    key: str,
    versions: tuple[int, int],
    start: datetime,
    end: datetime,
) -> CalendarDifference:
    """Compare two Timelines in a window."""
    start_us, end_us = to_us(start), to_us(end)
    old, new = before.open_intervals_us(start_us, end_us), after.open_intervals_us(start_us, end_us)
    gained, lost = list(only_in(new, old)), list(only_in(old, new))
    place = zone(after.schedule.zone)
    dates = sorted({day for interval in (*gained, *lost) for day in _dates_of(interval, place)})
    return CalendarDifference(
        key=key,
        from_version=versions[0],
        to_version=versions[1],
        zone=after.schedule.zone,
        start=start,
        end=end,
        before_us=_length_us(old),
        after_us=_length_us(new),
        gained_us=_length_us(gained),
        lost_us=_length_us(lost),
        days=tuple(_day(before, after, day, place, (start_us, end_us)) for day in dates),
    )


def only_in(these: Sequence[Interval], others: Sequence[Interval]) -> Iterator[Interval]:
    """Yield the parts of sorted, separate Intervals that no other such Interval covers."""
    place = 0
    for interval in these:
        at_us = interval.start_us
        while place < len(others) and others[place].end_us <= at_us:
            place += 1
        for other in _from(others, place):
            if other.start_us >= interval.end_us:
                break
            if at_us < other.start_us:
                yield Interval(at_us, other.start_us)
            at_us = max(at_us, other.end_us)
        if at_us < interval.end_us:
            yield Interval(at_us, interval.end_us)


def _from(intervals: Sequence[Interval], place: int) -> Iterator[Interval]:
    while place < len(intervals):
        yield intervals[place]
        place += 1


def _length_us(intervals: Sequence[Interval]) -> int:
    return sum(interval.end_us - interval.start_us for interval in intervals)


def _dates_of(interval: Interval, place: ZoneInfo) -> Iterator[date]:
    day = from_us(interval.start_us).astimezone(place).date()
    last = from_us(interval.end_us - 1).astimezone(place).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _day(
    before: Timeline, after: Timeline, day: date, place: ZoneInfo, bounds: tuple[int, int]
) -> DayDifference:
    start_us = max(_midnight_us(day, place), bounds[0])
    end_us = min(_midnight_us(day + timedelta(days=1), place), bounds[1])
    old, new = before.open_intervals_us(start_us, end_us), after.open_intervals_us(start_us, end_us)
    return DayDifference(
        date=day,
        before_us=_length_us(old),
        after_us=_length_us(new),
        before=tuple(_window(interval, day, place) for interval in old),
        after=tuple(_window(interval, day, place) for interval in new),
    )


def _midnight_us(day: date, place: ZoneInfo) -> int:
    """Return the first instant of a local date: the earlier midnight of two, or the change."""
    return to_us(datetime.combine(day, time(), tzinfo=place).astimezone(UTC))


def _window(interval: Interval, day: date, place: ZoneInfo) -> str:
    """Write an Interval of one date as wall times, the end of the date as 24:00."""
    start, end = (from_us(edge_us).astimezone(place) for edge_us in interval)
    return f"{_wall(start)}-{'24:00' if end.date() > day else _wall(end)}"


def _wall(at: datetime) -> str:
    """Write a wall time to the minute, or as finely as it needs."""
    if at.microsecond:
        return at.strftime("%H:%M:%S.%f")
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")
