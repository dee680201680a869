"""The questions of a Timeline for whole arrays: numpy arrays in, arrays out.

Instants are int64 µs since the epoch, or datetime64; those that come back are of the kind that was given
(datetime64 in µs). Durations are int64 µs, or timedelta64; those that come back are int64 µs. Shapes are
broadcast. Errors are those of the scalar questions, raised if any row would raise, and RowsInvalidError for
what is no instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from businesstime.buckets import CHUNK_ROWS, IntervalTable, interval_table
from businesstime.errors import NeverClosesError, NeverOpensError
from businesstime.horizon import Totals
from businesstime.instants import REACH_END_US, REACH_START_US, from_us
from businesstime.lookups import reach_totals
from businesstime.rows import Rows, as_durations, as_instants, as_integers, runs, spread
from businesstime.segment_rows import SegmentRows, cut_segments
from businesstime.zones import Int64Array

if TYPE_CHECKING:
    from businesstime.timeline import Timeline

__all__ = ["Arrays"]

_LONGEST_US: Final = REACH_END_US - REACH_START_US


class Arrays:
    """Answers for one Timeline; reached as `timeline.arrays`."""

    __slots__ = ("_table", "_timeline")

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._table: IntervalTable | None = None

    def is_open(self, at: Rows) -> npt.NDArray[np.bool_]:
        """Say of each instant whether it is open."""
        at_us, _ = as_instants(at)
        flat, shape = spread(at_us)
        answer = np.empty(len(flat[0]), dtype=np.bool_)
        table = self._spanning(*flat)
        for here in _chunks(len(answer)):
            instants = flat[0][here]
            places = table.by_instant.places(instants)
            np.greater_equal(instants, table.opens_us.take(places, mode="clip"), out=answer[here])
        return answer.reshape(shape)

    def elapsed(self, start: Rows, end: Rows) -> Int64Array:
        """Answer the open time in µs of each `[start, end)`, negative when they are the other way round."""
        (start_us, _), (end_us, _) = as_instants(start), as_instants(end)
        flat, shape = spread(start_us, end_us)
        answer = np.empty(len(flat[0]), dtype=np.int64)
        self._timeline.require_opens()
        table = self._spanning(*flat)
        for here in _chunks(len(answer)):
            np.subtract(table.totals_at(flat[1][here]), table.totals_at(flat[0][here]), out=answer[here])
        return answer.reshape(shape)

    def deadline(self, start: Rows, duration: Rows) -> npt.NDArray[Any]:
        """Answer the earliest instant at which each duration has passed; negative: the latest."""
        start_us, finish = as_instants(start)
        flat, shape = spread(start_us, as_durations(duration))
        if len(flat[1]) and max(int(flat[1].max()), -int(flat[1].min())) > _LONGEST_US:
            raise NeverOpensError("no schedule is open for so long in the years 1800 to 2399")
        self._timeline.require_opens()
        answer = np.empty(len(flat[0]), dtype=np.int64)
        table = self._spanning(flat[0])
        for here in _chunks(len(answer)):
            starts, durations = flat[0][here], flat[1][here]
            totals = table.totals_at(starts)
            totals += durations
            table = self._reaching(table, totals)
            # The end of one Interval has the total of the next one's start: backwards the latter is meant.
            places = table.by_total.places(totals - (durations >= 0))
            totals -= table.add_us.take(places, mode="clip")
            answer[here] = totals if durations.all() else np.where(durations == 0, starts, totals)
        return finish(answer.reshape(shape))

    def next_open(self, at: Rows) -> npt.NDArray[Any]:
        """Answer the first open instant at or after each."""
        at_us, finish = as_instants(at)
        flat, shape = spread(at_us)
        while True:
            table = self._spanning(*flat)
            places = table.by_instant.places(flat[0])
            if not len(places) or places.max() < len(table.totals.coverage.opens_us):
                return finish(np.maximum(table.opens_us[places], flat[0]).reshape(shape))
            if not self._timeline.horizon.grow_later():
                raise NeverOpensError(f"the schedule does not open after {from_us(int(flat[0].max()))}")

    def next_close(self, at: Rows) -> npt.NDArray[Any]:
        """Answer the first closing after each instant."""
        at_us, finish = as_instants(at)
        flat, shape = spread(at_us)
        while True:
            table = self._spanning(*flat)
            closes = table.closes_us[table.by_instant.places(flat[0])]
            if closes.max(initial=table.totals.coverage.start_us) < table.totals.coverage.end_us:
                return finish(closes.reshape(shape))
            if not self._timeline.horizon.grow_later():
                raise NeverClosesError(f"the schedule does not close after {from_us(int(flat[0].max()))}")

    def open_intervals(self, start: Rows, end: Rows) -> tuple[Int64Array, npt.NDArray[np.intp]]:
        """Answer the open Intervals of every `[start, end)`, one below the other.

        Two arrays: the Intervals in µs since the epoch, shape (m, 2), and the row that each belongs to, shape
        (m,), in the order of the flattened input.
        """
        (start_us, _), (end_us, _) = as_instants(start), as_instants(end)
        (starts, ends), _ = spread(start_us, end_us)
        table = self._spanning(starts, ends)
        firsts = table.by_instant.places(starts)
        counts = np.where(ends > starts, np.searchsorted(table.opens_us, ends, side="left") - firsts, 0)
        rows, places = runs(firsts, counts)
        opens = np.maximum(table.opens_us[places], starts[rows])
        closes = np.minimum(table.closes_us[places], ends[rows])
        return np.stack((opens, closes), axis=1), rows

    def segments(self, start: Rows, end: Rows) -> SegmentRows:
        """Take every `[start, end)` apart into open and closed pieces, gap-free, each with its reason.

        Rows are those of the flattened input. All that lies between the first start and the last end is taken
        apart once: the cost is that of its dates, plus the answer's size.
        """
        (start_us, _), (end_us, _) = as_instants(start), as_instants(end)
        (starts, ends), _ = spread(start_us, end_us)
        asked = ends > starts
        low, high = int(starts[asked].min(initial=REACH_END_US)), int(ends[asked].max(initial=REACH_START_US))
        return cut_segments(self._timeline.segments_us(low, high) if low < high else (), starts, ends)

    def add_business_days(self, at: Rows, days: Rows) -> npt.NDArray[Any]:
        """Answer the same local time on each `days`-th business day, then on (or back) to open time."""
        at_us, finish = as_instants(at)
        (instants, counts), shape = spread(at_us, as_integers(days))
        landing = self._timeline.dates.landing_us(instants, counts)
        forward, back = counts > 0, counts < 0
        landing[forward] = self.next_open(landing[forward])
        landing[back] = self._previous_close(landing[back])
        return finish(landing.reshape(shape))

    def business_days_between(self, start: Rows, end: Rows) -> Int64Array:
        """Count business days after each start's date up to each end's; negative when backwards."""
        (start_us, _), (end_us, _) = as_instants(start), as_instants(end)
        (starts, ends), shape = spread(start_us, end_us)
        dates = self._timeline.dates
        return dates.count(dates.ordinals(starts), dates.ordinals(ends)).reshape(shape)

    def _previous_close(self, at_us: Int64Array) -> Int64Array:
        while True:
            coverage = self._spanning(at_us).totals.coverage
            places = np.searchsorted(coverage.opens_us, at_us, side="right") - 1
            if not len(places) or places.min() >= 0:
                return np.minimum(coverage.closes_us[places], at_us) if len(places) else at_us
            if not self._timeline.horizon.grow_earlier():
                raise NeverOpensError(f"the schedule is not open before {from_us(int(at_us.min()))}")

    def _spanning(self, *instants: Int64Array) -> IntervalTable:
        """Answer the table of a horizon that holds all instants."""
        horizon = self._timeline.horizon
        if len(instants[0]):
            low, high = min(int(each.min()) for each in instants), max(int(each.max()) for each in instants)
            return self._table_of(horizon.spanning(low, high + 1))
        return self._table_of(horizon.totals())

    def _reaching(self, table: IntervalTable, totals: Int64Array) -> IntervalTable:
        """Answer the table of a horizon that holds all totals, or as many as reach allows."""
        before = table.totals.before_us
        low, high = int(totals.min()), int(totals.max())
        if before[0] < low and high < before[-1]:
            return table
        reach_totals(self._timeline.horizon, low, high)
        table = self._table_of(self._timeline.horizon.totals())
        if low < table.totals.before_us[0] or high > table.totals.before_us[-1]:
            raise NeverOpensError("the schedule does not open often enough in the years 1800 to 2399")
        return table

    def _table_of(self, totals: Totals) -> IntervalTable:
        table = self._table
        if table is None or table.totals is not totals:
            table = self._table = interval_table(totals)
        return table


def _chunks(rows: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK_ROWS) for start in range(0, rows, CHUNK_ROWS))
