"""Timelines: a Schedule compiled, and the questions about single instants that it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from businesstime.arrays import Arrays
from businesstime.blobs import pack, unpack
from businesstime.business_days import BusinessDates
from businesstime.compiling import cover
from businesstime.coverage import Coverage
from businesstime.documents import read_packed_schedule, schedule_to_document
from businesstime.durations import BusinessDays
from businesstime.editions import CURRENT_EDITIONS, data_editions, timeline_key
from businesstime.errors import (
    BlobStaleError,
    BusinessTimeError,
    InstantNaiveError,
    NeverClosesError,
    NeverOpensError,
    OutOfReachError,
)
from businesstime.horizon import Horizon
from businesstime.instants import DAY_US, REACH_END_US, REACH_START_US, date_to_us, from_us, to_us
from businesstime.lookups import TOTAL_SHIFT, DayTable, MomentTable, TotalTable, reach_totals
from businesstime.schedule import Schedule
from businesstime.segments import Segment, explain
from businesstime.zones import PACKAGED, Int64Array, ZoneDatabase

__all__ = ["Interval", "Timeline", "compile_schedule"]

FIRST: Final = date(2015, 1, 1)
LAST: Final = date(2035, 1, 1)


class Interval(NamedTuple):
    """Open time `[start_us, end_us)`, microseconds since the epoch."""

    start_us: int
    end_us: int


class Timeline:
    """A Schedule compiled for a horizon, which grows when a question goes beyond it and never changes an answer.

    Equal, and hashed, by `content_key`. Instants are int µs since the epoch in the `_us` methods, aware datetimes
    in the others; durations are int µs. Sums raise NeverOpensError on a schedule without open time, and OutOfReachError
    outside the years 1800 to 2399.
    """

    def __init__(
        self,
        coverage: Coverage,
        schedule_of: Callable[[], Schedule],
        database: ZoneDatabase = PACKAGED,
    ) -> None:
        """Use compile_schedule or Timeline.from_bytes. `schedule_of` answers the schedule when it is needed."""
        self._schedule_of = schedule_of
        self._database = database
        self.horizon = Horizon(coverage, lambda: self.schedule, database)
        self._days = DayTable(self.horizon)
        self._moments = MomentTable(self.horizon)
        self._totals = TotalTable(self.horizon)

    @cached_property
    def schedule(self) -> Schedule:
        """The schedule that was compiled."""
        return self._schedule_of()

    @cached_property
    def content_key(self) -> str:
        """A hash of the schedule and of the editions of zone and holiday data: equal keys, equal answers."""
        return timeline_key(self.schedule, self._database)

    @cached_property
    def arrays(self) -> Arrays:
        """The same questions for whole numpy arrays."""
        return Arrays(self)

    @cached_property
    def dates(self) -> BusinessDates:
        """The schedule's business days."""
        return BusinessDates(self.schedule, self._database)

    def __eq__(self, other: object) -> bool:
        return self.content_key == other.content_key if isinstance(other, Timeline) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.content_key)

    def require_opens(self) -> None:
        """Refuse a schedule that is closed for ever: the check to make when one is saved. Raises NeverOpensError."""
        self.horizon.require_opens()

    def is_open_us(self, at_us: int) -> bool:
        """Say whether the instant is open."""
        try:
            piece = self._days[at_us // DAY_US]
        except NeverOpensError:
            return False
        while at_us >= piece[0]:
            piece = piece[3]  # type: ignore[assignment] # the last piece of a day ends with the day
        return piece[1]

    def total_us(self, at_us: int) -> int:
        """Answer the open time from a fixed instant of this Timeline, its anchor, to `at_us`."""
        piece = self._days[at_us // DAY_US]
        while at_us >= piece[0]:
            piece = piece[3]  # type: ignore[assignment] # as above
        return piece[2] + at_us if piece[1] else piece[2]

    def elapsed_us(self, from_us: int, to_us: int) -> int:
        """Answer the open time in `[from_us, to_us)`, negative when they are the other way round."""
        return self.total_us(to_us) - self.total_us(from_us)

    def deadline_us(self, from_us: int, duration_us: int) -> int:
        """Answer the earliest instant at which so much open time has passed; for a negative one the latest before."""
        if duration_us == 0:
            return from_us
        total_us = self.total_us(from_us) + duration_us
        try:
            stretch = self._totals[total_us >> TOTAL_SHIFT]
        except KeyError:
            return self._search_us(total_us, later=duration_us > 0)
        if duration_us > 0:
            while total_us > stretch[0]:
                stretch = stretch[4]  # type: ignore[assignment] # the last stretch of a bucket ends beyond it
        else:
            while total_us >= stretch[0]:
                stretch = stretch[4]  # type: ignore[assignment] # as above
        return total_us + stretch[1]

    def next_open_us(self, at_us: int) -> int:
        """Answer the first open instant at or after `at_us`. Raises NeverOpensError."""
        while True:
            opens, closes = self._edges(at_us)
            place = int(np.searchsorted(closes, at_us, side="right"))
            if place < len(opens):
                return max(int(opens[place]), at_us)
            self._grow_later(NeverOpensError(f"the schedule does not open after {from_us(at_us)}"))

    def next_close_us(self, at_us: int) -> int:
        """Answer the first closing after `at_us`: of the Interval that holds it, or of the next. Raises NeverClosesError."""
        while True:
            opens, closes = self._edges(at_us)
            place = int(np.searchsorted(closes, at_us, side="right"))
            if place < len(opens) and closes[place] < self.horizon.coverage.end_us:
                return int(closes[place])
            self._grow_later(NeverClosesError(f"the schedule does not close after {from_us(at_us)}"))

    def previous_close_us(self, at_us: int) -> int:
        """Answer `at_us` when it is open, else the last closing at or before it. Raises NeverOpensError."""
        while True:
            opens, closes = self._edges(at_us)
            place = int(np.searchsorted(opens, at_us, side="right")) - 1
            if place >= 0:
                return min(int(closes[place]), at_us)
            if not self.horizon.grow_earlier():
                raise NeverOpensError(f"the schedule is not open before {from_us(at_us)}")

    def open_intervals_us(self, start_us: int, end_us: int) -> list[Interval]:
        """Answer the open Intervals of `[start_us, end_us)`, cut at its ends."""
        if end_us <= start_us:
            return []
        cut = self.horizon.spanning(start_us, end_us).coverage.cut(start_us, end_us)
        return list(map(Interval, cut.opens_us.tolist(), cut.closes_us.tolist()))

    def segments_us(self, start_us: int, end_us: int) -> tuple[Segment, ...]:
        """Take `[start_us, end_us)` apart into open and closed pieces, gap-free, each with its reason."""
        self.horizon.spanning(start_us, end_us)
        return explain(self.schedule, start_us, end_us, self._database)

    def add_business_days_us(self, at_us: int, days: int) -> int:
        """Answer the same local time on the `days`-th business day from there, then on to open time.

        Then forward to the first open instant; for negative `days` back to the last open time. Zero gives `at_us`.
        """
        if days == 0:
            return at_us
        landing = self.dates.landing_us(np.array([at_us]), np.array([days]))
        return self.next_open_us(int(landing[0])) if days > 0 else self.previous_close_us(int(landing[0]))

    def business_days_between_us(self, from_us: int, to_us: int) -> int:
        """Count the business days after the date of `from_us` up to that of `to_us`; negative when backwards."""
        ordinals = self.dates.ordinals(np.array([from_us, to_us]))
        return int(self.dates.count(ordinals[:1], ordinals[1:])[0])

    def elapsed(self, start: datetime, end: datetime) -> int:
        """Answer the open time in `[start, end)` in µs, negative when they are the other way round."""
        if start.tzinfo is not UTC:
            start = _utc(start)
        if end.tzinfo is not UTC:
            end = _utc(end)
        moment = self._moments[start.toordinal()]
        while start >= moment[0]:
            moment = moment[3]  # type: ignore[assignment] # the last piece of a day ends with the day
        total_us = -moment[2]
        if moment[1] is not None:
            into = start - moment[1]
            total_us -= into.seconds * 1_000_000 + into.microseconds
        moment = self._moments[end.toordinal()]
        while end >= moment[0]:
            moment = moment[3]  # type: ignore[assignment] # as above
        total_us += moment[2]
        if moment[1] is not None:
            into = end - moment[1]
            total_us += into.seconds * 1_000_000 + into.microseconds
        return total_us

    def deadline(self, start: datetime, duration: int | BusinessDays) -> datetime:
        """Answer, in UTC, the earliest instant at which a duration has passed; for a negative one the latest before.

        duration: open time in µs, or BusinessDays.
        """
        if start.tzinfo is not UTC:
            start = _utc(start)
        if duration.__class__ is BusinessDays:
            return from_us(self.add_business_days_us(to_us(start), duration.days))  # type: ignore[union-attr]
        return from_us(self.deadline_us(to_us(start), duration))  # type: ignore[arg-type]

    def is_open(self, at: datetime) -> bool:
        """Say whether the instant is open."""
        if at.tzinfo is not UTC:
            at = _utc(at)
        try:
            moment = self._moments[at.toordinal()]
        except NeverOpensError:
            return False
        while at >= moment[0]:
            moment = moment[3]  # type: ignore[assignment] # as above
        return moment[1] is not None

    def next_open(self, at: datetime) -> datetime:
        """Answer, in UTC, the first open instant at or after `at`. Raises NeverOpensError."""
        return from_us(self.next_open_us(to_us(at)))

    def next_close(self, at: datetime) -> datetime:
        """Answer, in UTC, the first closing after `at`. Raises NeverClosesError."""
        return from_us(self.next_close_us(to_us(at)))

    def open_intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """Answer the open Intervals of `[start, end)`, cut at its ends, in µs since the epoch."""
        return self.open_intervals_us(to_us(start), to_us(end))

    def segments(self, start: datetime, end: datetime) -> tuple[Segment, ...]:
        """Take `[start, end)` apart into open and closed pieces, gap-free, each with its reason."""
        return self.segments_us(to_us(start), to_us(end))

    def add_business_days(self, at: datetime, days: int) -> datetime:
        """Answer, in UTC, the same local time on the `days`-th business day from there, then on to open time."""
        return from_us(self.add_business_days_us(to_us(at), days))

    def business_days_between(self, start: datetime, end: datetime) -> int:
        """Count the business days after the date of `start` up to that of `end`; negative when backwards."""
        return self.business_days_between_us(to_us(start), to_us(end))

    def to_bytes(self) -> bytes:
        """Write the Timeline, schedule included, in its compact binary form."""
        document = json.dumps(schedule_to_document(self.schedule), sort_keys=True, separators=(",", ":"))
        return pack(self.horizon.coverage, data_editions(self.schedule, self._database), document.encode())

    @classmethod
    def from_bytes(cls, blob: bytes) -> Timeline:
        """Read what to_bytes wrote. Raises BlobInvalidError, and BlobStaleError when zone or holiday data have changed since."""
        unpacked = unpack(blob)
        if unpacked.editions not in CURRENT_EDITIONS:
            raise BlobStaleError(
                f"it was made with {unpacked.editions}; here are {CURRENT_EDITIONS[-1]}: compile it again"
            )
        return cls(unpacked.coverage, lambda: read_packed_schedule(unpacked.document))

    def _edges(self, at_us: int) -> tuple[Int64Array, Int64Array]:
        coverage = self.horizon.spanning(at_us, at_us + 1).coverage
        return coverage.opens_us, coverage.closes_us

    def _grow_later(self, otherwise: BusinessTimeError) -> None:
        if not self.horizon.grow_later():
            raise otherwise

    def _search_us(self, total_us: int, *, later: bool) -> int:
        """Find a total near the ends of reach, where no whole bucket is left."""
        coverage, before = reach_totals(self.horizon, total_us, total_us)
        place = int(np.searchsorted(before, total_us, side="left" if later else "right")) - 1
        if place < 0 or place >= len(coverage.opens_us):
            raise NeverOpensError("the schedule does not open often enough in the years 1800 to 2399")
        return total_us - int(before[place]) + int(coverage.opens_us[place])


def compile_schedule(
    schedule: Schedule,
    *,
    start: date | None = None,
    end: date | None = None,
    database: ZoneDatabase = PACKAGED,
) -> Timeline:
    """Compile a schedule for the dates from `start` up to `end`, in UTC; the horizon grows on demand anyway.

    database: the zone data; that of the tzdata package unless a test needs another edition.
    """
    start_us, end_us = date_to_us(start or FIRST), date_to_us(end or LAST)
    if not REACH_START_US <= start_us < end_us <= REACH_END_US:
        raise OutOfReachError("a horizon ends after it starts, in the years 1800 to 2399", field="end")
    return Timeline(cover(schedule, start_us, end_us, database), lambda: schedule, database)


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise InstantNaiveError(f"{instant.isoformat()} has no zone: give an aware datetime")
    return instant.astimezone(UTC)
