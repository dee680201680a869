"""Terms: promises that reach to a point of the calendar and are no sum of hours.

Business days end at the same local time on a later date; pauses move that end by the open time that they
took. The other terms are fixed points: pauses do not move them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from businesstime import Timeline, from_us, to_us, zone

__all__ = ["Term", "ends_us", "worth_us"]


class Term(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """To where a promise reaches.

    kind, value: `days` so many business days after the start; `day_end` the end of the so-manieth business
    day after it, 0 of its own; `instant` UTC microseconds; `date` the end of a date, by its ordinal.
    """

    kind: Literal["days", "day_end", "instant", "date"]
    value: int

    @property
    def fixed(self) -> bool:
        """Whether pauses leave it where it is."""
        return self.kind != "days"

    @property
    def on_calendar(self) -> bool:
        """Whether it depends on the Calendar where the term ends."""
        return self.kind != "instant"


def ends_us(term: Term, start_us: int, timeline: Timeline) -> int:
    """Tell where a term ends for a Cycle that started then and never paused; never before its start."""
    if term.kind == "days":
        return timeline.add_business_days_us(start_us, term.value)
    if term.kind == "instant":
        return max(term.value, start_us)
    if term.kind == "date":
        return max(date_end_us(date.fromordinal(term.value), timeline), start_us)
    return day_end_us(term.value, start_us, timeline)


def worth_us(term: Term, start_us: int, timeline: Timeline) -> int:
    """Tell how much open time a term holds: what its warnings are shares of."""
    return timeline.elapsed_us(start_us, ends_us(term, start_us, timeline))


def day_end_us(days: int, start_us: int, timeline: Timeline) -> int:
    """Find the end of a business day; of the start's own day only where that has open time left."""
    today = from_us(start_us).astimezone(zone_of(timeline)).date()
    midnight_us = begins_us(today, timeline)
    if days == 0 and timeline.elapsed_us(start_us, begins_us(today + timedelta(days=1), timeline)) > 0:
        return date_end_us(today, timeline)
    opens_us = timeline.add_business_days_us(midnight_us, max(days, 1))
    return date_end_us(from_us(opens_us).astimezone(zone_of(timeline)).date(), timeline)


def date_end_us(day: date, timeline: Timeline) -> int:
    """Find the last closing of a date; midnight where it is open then, or was not open at all."""
    begin_us, end_us = begins_us(day, timeline), begins_us(day + timedelta(days=1), timeline)
    if timeline.is_open_us(end_us - 1):
        return end_us
    closes_us = timeline.previous_close_us(end_us - 1)  # at midnight the next date may be open
    return closes_us if closes_us > begin_us else end_us


def begins_us(day: date, timeline: Timeline) -> int:
    """Tell when a local date begins: the first instant of it."""
    return to_us(datetime.combine(day, time(), zone_of(timeline)).astimezone(UTC))


def zone_of(timeline: Timeline) -> ZoneInfo:
    """Give the zone in which a Timeline has its dates."""
    return named_zone(timeline.schedule.zone)


@lru_cache(maxsize=1_000)
def named_zone(name: str) -> ZoneInfo:
    """Read a zone once a process."""
    return zone(name)
