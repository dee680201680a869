"""Timelines: a Schedule compiled, and the questions about single instants that it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from operator import index

import numpy as np

from businesstime.algebra import shift
from businesstime.arrays import Arrays
from businesstime.blobs import pack, unpack
from businesstime.business_days import BusinessDates
from businesstime.compiling import combine_common
from businesstime.coverage import Coverage, Interval
from businesstime.day_table import SPAN_S, DayTable
from businesstime.documents import read_packed_schedule, schedule_to_document
from businesstime.durations import BusinessDays
from businesstime.editions import CURRENT_EDITIONS, data_editions, timeline_key
from businesstime.errors import BlobStaleError
from businesstime.horizon import Horizon
from businesstime.instants import DAY_US, MICROSECOND, ZERO, from_us, to_us
from businesstime.lookups import TOTAL_SHIFT, Piece, Stretch, fill_pieces, fill_stretches, search_total
from businesstime.schedule import Schedule
from businesstime.segments import Segment, explain
from businesstime.zones import PACKAGED, ZoneDatabase

__all__ = ["Timeline"]


class Timeline:
    """A Schedule compiled for a horizon, which grows on demand and never changes an answer.

    Equal, and hashed, by `content_key`. Instants are int µs since the epoch in the `_us` methods, aware
    datetimes in the others; durations are int µs. Sums raise NeverOpensError on a schedule without open time,
    and every question raises OutOfReachError outside the years 1800 to 2399.
    """

    def __init__(
        self,
        coverage: Coverage,
        schedule_of: Callable[[], Schedule],
        database: ZoneDatabase = PACKAGED,
    ) -> None:
        """Call compile_schedule or Timeline.from_bytes; `schedule_of` answers the schedule when needed."""
        self._schedule_of = schedule_of
        self.database = database
        self.horizon = Horizon(coverage, lambda: self.schedule, database)
        self._pieces: dict[int, Piece] = {}
        self._stretches: dict[int, Stretch] = {}
        self._table = DayTable(self.horizon)
        self._days, self._dues = self._table.days, self._table.dues

    @cached_property
    def schedule(self) -> Schedule:
        """The schedule that was compiled."""
        return self._schedule_of()

    @cached_property
    def content_key(self) -> str:
        """A hash of the schedule and of the editions of zone and holiday data: equal keys, equal answers."""
        return timeline_key(self.schedule, self.database)

    @cached_property
    def arrays(self) -> Arrays:
        """The same questions for whole numpy arrays."""
        return Arrays(self)

    @cached_property
    def dates(self) -> BusinessDates:
        """The schedule's business days."""
        return BusinessDates(self.schedule, self.database)

    def __eq__(self, other: object) -> bool:
        return self.content_key == other.content_key if isinstance(other, Timeline) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.content_key)

    def __or__(self, other: Timeline) -> Timeline:
        return self._combined(self.schedule | other.schedule, other)

    def __and__(self, other: Timeline) -> Timeline:
        return self._combined(self.schedule & other.schedule, other)

    def __sub__(self, other: Timeline) -> Timeline:
        return self._combined(self.schedule - other.schedule, other)

    def __invert__(self) -> Timeline:
        return self._combined(~self.schedule)

    def shift(self, by_us: int) -> Timeline:
        """Answer the Timeline of the schedule that is `by_us` microseconds later; earlier when negative."""
        later = shift(self.schedule, by_us)
        start_us, end_us = self.horizon.coverage.start_us, self.horizon.coverage.end_us
        moved = self.horizon.spanning(start_us - by_us, end_us - by_us).coverage.shift(by_us)
        return Timeline(moved.cut(start_us, end_us), lambda: later, self.database)

    def require_opens(self) -> None:
        """Refuse a schedule that is closed for ever: the check to make when one is saved."""
        self.horizon.require_opens()

    def is_open_us(self, at_us: int) -> bool:
        """Say whether the instant is open."""
        try:
            piece = self._pieces[at_us // DAY_US]
        except KeyError:
            if not self.horizon.opens():
                return False
            fill_pieces(self._pieces, self.horizon, at_us // DAY_US)
            return self.is_open_us(at_us)
        while at_us >= piece[0]:
            piece = piece[3]
        return at_us >= piece[1]

    def total_us(self, at_us: int) -> int:
        """Answer the open time from a fixed instant of this Timeline, its anchor, to `at_us`."""
        try:
            closes_us, opens_us, total_us, after = self._pieces[at_us // DAY_US]
        except KeyError:
            fill_pieces(self._pieces, self.horizon, at_us // DAY_US)
            return self.total_us(at_us)
        while at_us >= closes_us:
            closes_us, opens_us, total_us, after = after
        return total_us + at_us - opens_us if at_us > opens_us else total_us

    def elapsed_us(self, from_us: int, to_us: int) -> int:
        """Answer the open time in `[from_us, to_us)`, negative when they are the other way round."""
        return self.total_us(to_us) - self.total_us(from_us)

    def deadline_us(self, from_us: int, duration_us: int) -> int:
        """Answer the earliest instant at which so much open time has passed; negative: the latest."""
        total_us = self.total_us(from_us) + duration_us
        return self._instant_us(total_us, first=duration_us > 0) if duration_us else from_us

    def next_open_us(self, at_us: int) -> int:
        """Answer the first open instant at or after `at_us`. Raises NeverOpensError."""
        if self.is_open_us(at_us):
            return at_us
        return self._instant_us(self.total_us(at_us), first=False)

    def previous_close_us(self, at_us: int) -> int:
        """Answer `at_us` when it is open, else the last closing at or before it. Raises NeverOpensError."""
        if self.is_open_us(at_us):
            return at_us
        return self._instant_us(self.total_us(at_us), first=True)

    def next_close_us(self, at_us: int) -> int:
        """Answer the first closing after `at_us`, of the Interval that holds it or of the next.

        Raises NeverClosesError when the schedule stays open, or closed, from there on.
        """
        return self.horizon.next_close_us(at_us)

    def open_intervals_us(self, start_us: int, end_us: int) -> list[Interval]:
        """Answer the open Intervals of `[start_us, end_us)`, cut at its ends."""
        if end_us <= start_us:
            return []
        cut = self.horizon.spanning(start_us, end_us).coverage.cut(start_us, end_us)
        return list(map(Interval, cut.opens_us.tolist(), cut.closes_us.tolist()))

    def segments_us(self, start_us: int, end_us: int) -> tuple[Segment, ...]:
        """Take `[start_us, end_us)` apart into open and closed pieces, gap-free, each with its reason."""
        self.horizon.spanning(start_us, end_us)
        return explain(self.schedule, start_us, end_us, self.database)

    def add_business_days_us(self, at_us: int, days: int) -> int:
        """Answer the same local time on the `days`-th business day from there, then on to open time.

        That is, forward to the first open instant; for negative `days` back to the last. Zero gives `at_us`.
        """
        if days == 0:
            return at_us
        landing = int(self.dates.landing_us(np.array([at_us]), np.array([index(days)]))[0])
        return self.next_open_us(landing) if days > 0 else self.previous_close_us(landing)

    def business_days_between_us(self, from_us: int, to_us: int) -> int:
        """Count business days after the date of `from_us` up to that of `to_us`; backwards it is negative."""
        ordinals = self.dates.ordinals(np.array([from_us, to_us]))
        return int(self.dates.count(ordinals[:1], ordinals[1:])[0])

    def elapsed(self, start: datetime, end: datetime) -> int:
        """Answer the open time in `[start, end)` in µs, negative when they are the other way round."""
        first, parts, totals_us = self._days
        try:
            since, until = start - first, end - first
            day, end_day = since.days, until.days
            if day < 0 or end_day < 0:
                return self._elapsed_anew(start, end)
            part, at_s, total_us = parts[day], since.seconds, totals_us[day]
            if at_s >= part[0]:
                while at_s >= part[2]:
                    part = part[3]
                total_us += part[1]
                if at_s >= part[0]:
                    total_us += (at_s - part[0]) * 1_000_000 + since.microseconds
            part, at_s, end_us = parts[end_day], until.seconds, totals_us[end_day]
            if at_s >= part[0]:
                while at_s >= part[2]:
                    part = part[3]
                end_us += part[1]
                if at_s >= part[0]:
                    end_us += (at_s - part[0]) * 1_000_000 + until.microseconds
        except (IndexError, TypeError):
            return self._elapsed_anew(start, end)
        return end_us - total_us

    def deadline(self, start: datetime, duration: int | timedelta | BusinessDays) -> datetime:
        """Answer, in UTC, the earliest instant at which a duration has passed; negative: the latest."""
        first, parts, totals, closed, rows = self._dues
        try:
            since = start - first
            day, at_s = since.days, since.seconds
            if type(duration) is int and duration > 0:
                # Timedeltas add up to a datetime at once, where integers have to be turned into one.
                duration = MICROSECOND * duration
            elif type(duration) is not timedelta or duration <= ZERO:
                return self._deadline_anew(start, duration)
            if day < 0:
                return self._deadline_anew(start, duration)
            part = parts[day]
            if at_s < part[0]:
                total = totals[day] + duration
            else:
                while at_s >= part[2]:
                    part = part[3]
                opened = totals[day] + part[4] if at_s < part[0] else since - closed[day] - part[5]
                total = opened + duration
            until, add, after = rows[total.days][total.seconds // SPAN_S]
        except (IndexError, TypeError, OverflowError):
            return self._deadline_anew(start, duration)
        while total > until:
            until, add, after = after
        return add + total

    def is_open(self, at: datetime) -> bool:
        """Say whether the instant is open."""
        first, parts, _ = self._days
        try:
            since = at - first
            day, at_s = since.days, since.seconds
            if day < 0:
                return self._is_open_anew(at)
            part = parts[day]
            while at_s >= part[2]:
                part = part[3]
        except (IndexError, TypeError):
            return self._is_open_anew(at)
        return at_s >= part[0]

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
        """Answer, in UTC, the same local time on the `days`-th business day, then on to open time."""
        return from_us(self.add_business_days_us(to_us(at), days))

    def business_days_between(self, start: datetime, end: datetime) -> int:
        """Count business days after the date of `start` up to that of `end`; backwards it is negative."""
        return self.business_days_between_us(to_us(start), to_us(end))

    def to_bytes(self) -> bytes:
        """Write the Timeline, schedule included, in its compact binary form."""
        document = json.dumps(schedule_to_document(self.schedule), sort_keys=True, separators=(",", ":"))
        return pack(self.horizon.coverage, data_editions(self.schedule, self.database), document.encode())

    @classmethod
    def from_bytes(cls, blob: bytes, *, of_any_edition: bool = False) -> Timeline:
        """Read what to_bytes wrote. Raises BlobInvalidError; BlobStaleError: other data editions.

        of_any_edition: also what was made with others. It answers as it was compiled, and past its horizon
        by the data here.
        """
        unpacked = unpack(blob)
        if unpacked.editions not in CURRENT_EDITIONS and not of_any_edition:
            raise BlobStaleError(
                f"made with {unpacked.editions}, and here are {CURRENT_EDITIONS[-1]}: compile it again"
            )
        return cls(unpacked.coverage, lambda: read_packed_schedule(unpacked.document))

    def _combined(self, schedule: Schedule, *others: Timeline) -> Timeline:
        """Answer the Timeline of a composed schedule from those of its parts, where all are compiled."""
        parts = [each.horizon.coverage for each in (self, *others)]
        return Timeline(combine_common(schedule, parts, self.database), lambda: schedule, self.database)

    def _instant_us(self, total_us: int, *, first: bool) -> int:
        """Answer the first, or the last, instant at which the total is `total_us`. Raises NeverOpensError."""
        try:
            until_us, add_us, after = self._stretches[total_us >> TOTAL_SHIFT]
        except KeyError:
            if fill_stretches(self._stretches, self.horizon, total_us >> TOTAL_SHIFT):
                return self._instant_us(total_us, first=first)
            return search_total(self.horizon, total_us, first=first)
        if first:
            while total_us > until_us:
                until_us, add_us, after = after
        else:
            while total_us >= until_us:
                until_us, add_us, after = after
        return total_us + add_us

    def _elapsed_anew(self, start: datetime, end: datetime) -> int:
        """Answer by way of integers, and enter the days for the next question."""
        elapsed_us = self.elapsed_us(to_us(start), to_us(end))
        for at in (start, end):
            self._enter(at)
        return elapsed_us

    def _is_open_anew(self, at: datetime) -> bool:
        is_open = self.is_open_us(to_us(at))
        if self.horizon.opens():
            self._enter(at)
        return is_open

    def _deadline_anew(self, start: datetime, duration: int | timedelta | BusinessDays) -> datetime:
        """Answer by way of integers, and enter what finds it the next time."""
        start_us = to_us(start)
        if isinstance(duration, BusinessDays):
            return from_us(self.add_business_days_us(start_us, duration.days))
        duration_us = duration // MICROSECOND if isinstance(duration, timedelta) else index(duration)
        due_us = self.deadline_us(start_us, duration_us)
        if duration_us > 0:
            self._enter(start).enter_due(self.total_us(due_us))
        return from_us(due_us)

    def _enter(self, at: datetime) -> DayTable:
        """Enter an instant's day, in a table that begins earlier where need be."""
        table = self._table
        if at < table.days[0]:
            table = self._table = DayTable(self.horizon, at)
            self._days, self._dues = table.days, table.dues
        table.enter(at)
        return table
