"""The slow calendars: every minute of some months, open or not, one bit each; zones come from `zoneinfo`.

It shares no code with the project. An edge is the first minute at which the wall clock reads it or later;
versions, inheritance and compositions are done bit by bit.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.scenarios.story import WEEKLY, CalendarSaying

__all__ = ["MINUTE_US", "Hours", "hours_of_all", "monday_us"]

MINUTE_US = 60_000_000
BEFORE_DAYS, AFTER_DAYS = 40, 170
MINUTES = (BEFORE_DAYS + AFTER_DAYS) * 1440
ALL = (1 << MINUTES) - 1
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def monday_us(monday: date) -> int:
    """Say the instant of a date's midnight in UTC."""
    return int(datetime.combine(monday, time(), UTC).timestamp()) * 1_000_000


@lru_cache(maxsize=32)
def readings(zone: str, monday: date) -> list[int]:
    """Say for each minute the latest that the wall clock has read, in minutes from Monday's midnight."""
    tz, first = ZoneInfo(zone), datetime.combine(monday, time(), UTC) - timedelta(days=BEFORE_DAYS)
    found, latest, offset = list[int](), -MINUTES, 0
    for minute in range(MINUTES):
        if minute % 15 == 0:  # zones of our time change on quarters of an hour
            now = (first + timedelta(minutes=minute)).astimezone(tz)
            offset = (now.utcoffset() or timedelta()) // timedelta(minutes=1)
        latest = max(latest, minute - BEFORE_DAYS * 1440 + offset)
        found.append(latest)
    return found


def edge(zone: str, monday: date, wall: int) -> int:
    """Find the first minute at which the wall clock reads so many minutes from Monday's midnight."""
    return bisect_left(readings(zone, monday), wall)


def windows_of(day: int, monday: date, saying: CalendarSaying) -> Sequence[str]:
    """List the windows that start on a day: special hours, holiday, season, weekly hours, in that order."""
    special = dict(saying.special)
    if day in special:
        return special[day]
    if day in saying.closed:
        return ()
    season = saying.season
    weekly = saying.weekly if season is None or not season.first <= day <= season.last else season.weekly
    name = WEEKDAYS[(monday + timedelta(days=day)).weekday()]
    return [
        window for days, windows in WEEKLY[weekly].items() for window in windows if name in spelt_out(days)
    ]


def spelt_out(days: str) -> Sequence[str]:
    """List the weekdays of `mon-fri` or `tue`."""
    first, _, last = days.partition("-")
    return WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last or first) + 1]


def edges_of(window: str, day: int, zone: str, monday: date) -> tuple[int, int]:
    """Find the first minute of a window and the first after it."""
    opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in window.split("-"))
    closes += 1440 if closes <= opens else 0
    return edge(zone, monday, day * 1440 + opens), edge(zone, monday, day * 1440 + closes)


@lru_cache(maxsize=512)
def bits_of(saying: CalendarSaying, monday: date) -> int:
    """Set the minutes that hours of its own open."""
    bits = 0
    for day in range(-BEFORE_DAYS, AFTER_DAYS):
        for window in windows_of(day, monday, saying):
            start, end = edges_of(window, day, saying.zone, monday)
            bits |= ((1 << max(end - start, 0)) - 1) << start
    return bits & ALL


def from_on(minute: int) -> int:
    """Set all minutes of a story from one on."""
    return ALL & ~((1 << max(minute + BEFORE_DAYS * 1440, 0)) - 1)


class Part(NamedTuple):
    """What a Calendar says from one minute until another; None: always."""

    since: int | None
    until: int | None
    saying: CalendarSaying

    @property
    def held(self) -> int:
        """Set all minutes in which it holds."""
        begun = ALL if self.since is None else from_on(self.since)
        return begun if self.until is None else begun & ~from_on(self.until)


def parts_of(sayings: Sequence[CalendarSaying], key: str) -> list[Part]:
    """Let each version of a Calendar, and of its parent, replace the earlier ones from its instant on."""
    held: list[CalendarSaying] = []
    for saying in sayings:
        if saying.key == key:
            held = [each for each in held if each.since is None or each.since < (saying.since or 0)]
            held.append(saying)
    ends = [*(each.since for each in held[1:]), None]
    found = []
    for saying, until in zip(held, ends, strict=True):
        own = Part(saying.since, until, saying)
        parents = parts_of(sayings, saying.parent) if saying.parent else []
        cut = [clipped(own, parent) for parent in parents]
        found += [part for part in cut if part is not None] if saying.parent else [own]
    return found


def clipped(own: Part, parent: Part) -> Part | None:
    """Inherit from one part of a parent, while both hold."""
    sinces = [each for each in (own.since, parent.since) if each is not None]
    untils = [each for each in (own.until, parent.until) if each is not None]
    since, until = max(sinces, default=None), min(untils, default=None)
    if since is not None and until is not None and since >= until:
        return None
    return Part(since, until, inherited(parent.saying, own.saying))


def spliced(sayings: Sequence[CalendarSaying], key: str, monday: date) -> int:
    """Set the minutes in which a Calendar is open."""
    bits = 0
    for part in parts_of(sayings, key):
        bits |= bits_as_said(sayings, part.saying, monday) & part.held
    return bits


def bits_as_said(sayings: Sequence[CalendarSaying], saying: CalendarSaying, monday: date) -> int:
    """Set the minutes that one version opens, if it always held."""
    if not saying.operator:
        return bits_of(saying, monday)
    first, *rest = (spliced(sayings, key, monday) for key in saying.operands)
    for other in rest:
        joined = {"union": first | other, "intersection": first & other, "difference": first & ~other}
        first = joined[saying.operator]
    return first


def inherited(parent: CalendarSaying, child: CalendarSaying) -> CalendarSaying:
    """Say what a child says, and its parent where it says nothing."""
    return CalendarSaying(
        key=child.key,
        zone=parent.zone,
        weekly=child.weekly or parent.weekly,
        season=child.season or parent.season,
        closed=tuple(sorted({*parent.closed, *child.closed})),
        special=tuple({**dict(parent.special), **dict(child.special)}.items()),
    )


@dataclass(frozen=True, eq=False)
class Hours:
    """When one Calendar is open: the starts and ends of its intervals in µs, and the zone of its dates."""

    sayings: tuple[CalendarSaying, ...]
    key: str
    zone: str
    monday: date
    starts: list[int]
    ends: list[int]

    @property
    def edges(self) -> list[int]:
        """List all instants at which it opens or closes."""
        return sorted([*self.starts, *self.ends])

    def is_open(self, at: int) -> bool:
        """Tell whether it is open at an instant."""
        place = bisect_right(self.starts, at) - 1
        return place >= 0 and at < self.ends[place]

    def between(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """List the open intervals within [start, end)."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        for opens, closes in zip(self.starts[first:], self.ends[first:], strict=True):
            if opens >= end:
                return
            if closes > start:
                yield max(opens, start), min(closes, end)

    def count(self, start: int, end: int) -> int:
        """Count open time; negative where the end is before the start."""
        if end < start:
            return -self.count(end, start)
        return sum(closes - opens for opens, closes in self.between(start, end))

    def after(self, start: int, amount: int) -> int:
        """Find the first instant at which so much open time has passed."""
        if amount == 0:
            return start
        for opens, closes in self.between(start, self.ends[-1]):
            if amount <= closes - opens:
                return opens + amount
            amount -= closes - opens
        raise AssertionError("a story ends in sight")

    def before(self, end: int, amount: int) -> int:
        """Find the last instant from which so much open time passes until the end."""
        for opens, closes in reversed(list(self.between(self.starts[0], end))):
            if amount <= closes - opens:
                return closes - amount
            amount -= closes - opens
        raise AssertionError("a story begins in sight")

    def day_of(self, at: int) -> tuple[int, timedelta]:
        """Tell the local day, counted from Monday, and the local time of an instant."""
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(
            ZoneInfo(self.zone)
        )
        naive = local.replace(tzinfo=None)
        midnight = datetime.combine(naive.date(), time())
        return (naive.date() - self.monday).days, naive - midnight

    def instant(self, day: int, local: timedelta = timedelta()) -> int:
        """Find the first instant at which the wall clock reads a local time or later."""
        whole, rest = divmod(local, timedelta(minutes=1))
        minute = edge(self.zone, self.monday, day * 1440 + whole)
        reads = readings(self.zone, self.monday)[minute] == day * 1440 + whole
        start = monday_us(self.monday) + (minute - BEFORE_DAYS * 1440) * MINUTE_US
        return start + (rest // timedelta(microseconds=1) if reads else 0)

    def works(self, day: int) -> bool:
        """Tell whether a day is a working day: a window starts on it; its tail alone makes none.

        A union works where any of its parts does. Of other compositions, and on the day of an amendment, any
        open instant counts.
        """
        start, end = self.instant(day), self.instant(day + 1)
        if start >= end:
            return False
        for part in parts_of(self.sayings, self.key):
            since, until = (
                None if at is None else monday_us(self.monday) + at * MINUTE_US for at in part[:2]
            )
            if (since is None or since <= start) and (until is None or end <= until):
                return self.works_as_said(part.saying, day)
        return self.count(start, end) > 0

    def works_as_said(self, saying: CalendarSaying, day: int) -> bool:
        """Tell the same of a day on which one version holds."""
        if saying.operator == "union":
            hours = hours_of_all(self.sayings, self.monday)
            return any(hours[key].works(day) for key in saying.operands)
        if saying.operator:
            return self.count(self.instant(day), self.instant(day + 1)) > 0
        edges = (
            edges_of(window, day, saying.zone, self.monday) for window in windows_of(day, self.monday, saying)
        )
        return any(start < end for start, end in edges)

    def nth_day(self, day: int, count: int) -> int:
        """Find the so-many-th working day after a day, or before it."""
        step = 1 if count > 0 else -1
        while count:
            day += step
            count -= step * self.works(day)
        return day

    def days_on(self, at: int, count: int) -> int:
        """Go business days on: the same local time, then on to where it is open."""
        day, local = self.day_of(at)
        there = self.instant(self.nth_day(day, count), local)
        return there if self.is_open(there) else self.starts[bisect_left(self.starts, there)]

    def days_back(self, at: int, count: int) -> int:
        """Go business days back: the same local time, then back to where it was open."""
        day, local = self.day_of(at)
        there = self.instant(self.nth_day(day, -count), local)
        return (
            there
            if self.is_open(there) or self.is_open(there - 1)
            else self.ends[bisect_right(self.ends, there) - 1]
        )

    def day_end(self, day: int) -> int:
        """Find the last closing of a day; midnight where it is open then, or not at all."""
        start, end = self.instant(day), self.instant(day + 1)
        return max((closes for _, closes in self.between(start, end)), default=end)

    def day_end_after(self, at: int, count: int) -> int:
        """Find the end of a working day; of today only if there is open time left of it."""
        day, _ = self.day_of(at)
        if count == 0 and self.count(at, self.instant(day + 1)) > 0:
            return self.day_end(day)
        return self.day_end(self.nth_day(day, max(count, 1)))


@lru_cache(maxsize=256)
def hours_of_all(sayings: tuple[CalendarSaying, ...], monday: date) -> dict[str, Hours]:
    """Lay out every Calendar of a story, by key."""
    return {key: laid_out(sayings, key, monday) for key in dict.fromkeys(saying.key for saying in sayings)}


def laid_out(sayings: tuple[CalendarSaying, ...], key: str, monday: date) -> Hours:
    """Turn the minutes of one Calendar into intervals."""
    text = format(spliced(sayings, key, monday), "b")[::-1]
    begin = monday_us(monday) - BEFORE_DAYS * 1440 * MINUTE_US
    runs = [match.span() for match in re.finditer("1+", text)]
    starts, ends = ([begin + pair[side] * MINUTE_US for pair in runs] for side in (0, 1))
    return Hours(sayings, key, zone_of(sayings, key), monday, starts, ends)


def zone_of(sayings: tuple[CalendarSaying, ...], key: str) -> str:
    """Name the zone in which a Calendar has its dates: its own, its parent's, or its first part's."""
    saying = next(saying for saying in sayings if saying.key == key)
    return saying.zone or zone_of(sayings, saying.parent or saying.operands[0])
