"""The same questions where each row of the arrays has its own Timeline, out of thousands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from businesstime.arrays import Arrays
from businesstime.errors import RowsInvalidError
from businesstime.rows import Rows, as_durations, as_instants, spread
from businesstime.segment_rows import SegmentRows, gather_segments
from businesstime.timeline import Timeline
from businesstime.zones import Int64Array

__all__ = ["TimelineRows"]

_SMALL: Final = 1 << 16


class TimelineRows:
    """Answers for many Timelines at once; questions are those of Arrays.

    Rows are brought together by Timeline, each of which answers for its own, and put back in their order.
    """

    def __init__(self, timelines: Sequence[Timeline], which: npt.ArrayLike) -> None:
        """`which`: for each row the place of its Timeline, shape (n,). Raises RowsInvalidError."""
        places = np.asarray(which)
        if places.ndim != 1 or (places.size and places.dtype.kind not in "iu"):
            raise RowsInvalidError("each row needs one place in the list of Timelines, in one dimension")
        if places.size and (places.min() < 0 or places.max() >= len(timelines)):
            raise RowsInvalidError(f"a row names a Timeline that is none of the {len(timelines)}")
        # Of 16 bits, numpy sorts by radix: the difference is that between 8 and 60 ns a row.
        keys = places.astype(np.uint16 if len(timelines) <= _SMALL else np.int64)
        self._order = np.argsort(keys, kind="stable")
        bounds = np.searchsorted(keys[self._order], np.arange(len(timelines) + 1))
        self._groups = [
            (timeline, slice(int(first), int(last)))
            for timeline, (first, last) in zip(timelines, pairwise(bounds), strict=True)
            if first < last
        ]

    def is_open(self, at: Rows) -> npt.NDArray[np.bool_]:
        """Say of each instant whether it is open."""
        return self._answers(Arrays.is_open, np.bool_, as_instants(at)[0])

    def elapsed(self, start: Rows, end: Rows) -> Int64Array:
        """Answer the open time in µs of each `[start, end)`, negative when they are the other way round."""
        return self._answers(Arrays.elapsed, np.int64, as_instants(start)[0], as_instants(end)[0])

    def deadline(self, start: Rows, duration: Rows) -> npt.NDArray[Any]:
        """Answer the earliest instant at which each duration has passed; negative: the latest."""
        start_us, finish = as_instants(start)
        return finish(self._answers(Arrays.deadline, np.int64, start_us, as_durations(duration)))

    def next_open(self, at: Rows) -> npt.NDArray[Any]:
        """Answer the first open instant at or after each."""
        at_us, finish = as_instants(at)
        return finish(self._answers(Arrays.next_open, np.int64, at_us))

    def next_close(self, at: Rows) -> npt.NDArray[Any]:
        """Answer the first closing after each instant."""
        at_us, finish = as_instants(at)
        return finish(self._answers(Arrays.next_close, np.int64, at_us))

    def open_intervals(self, start: Rows, end: Rows) -> tuple[Int64Array, npt.NDArray[np.intp]]:
        """Answer the open Intervals of every `[start, end)` as Arrays does: shapes (m, 2) and (m,)."""
        starts, ends = self._columns(as_instants(start)[0], as_instants(end)[0])
        found = [
            (timeline.arrays.open_intervals(starts[rows], ends[rows]), rows.start)
            for timeline, rows in self._groups
        ]
        of_row = self._order[np.concatenate([np.empty(0, np.intp), *(each[1] + at for each, at in found)])]
        order = np.argsort(of_row, kind="stable")
        intervals = np.concatenate([np.empty((0, 2), np.int64), *(each[0] for each, _ in found)])
        return intervals[order], of_row[order]

    def segments(self, start: Rows, end: Rows) -> SegmentRows:
        """Take every `[start, end)` apart as Arrays does, each by its own Timeline."""
        starts, ends = self._columns(as_instants(start)[0], as_instants(end)[0])
        return gather_segments(
            [
                (self._order[rows], timeline.arrays.segments(starts[rows], ends[rows]))
                for timeline, rows in self._groups
            ],
            len(self._order),
        )

    def add_business_days(self, at: Rows, days: Rows) -> npt.NDArray[Any]:
        """Answer the same local time on each `days`-th business day, then on (or back) to open time."""
        at_us, finish = as_instants(at)
        return finish(self._answers(Arrays.add_business_days, np.int64, at_us, as_durations(days)))

    def business_days_between(self, start: Rows, end: Rows) -> Int64Array:
        """Count business days after each start's date up to each end's; negative when backwards."""
        return self._answers(
            Arrays.business_days_between, np.int64, as_instants(start)[0], as_instants(end)[0]
        )

    def _answers(
        self, question: Callable[..., npt.NDArray[Any]], kind: type[np.generic], *columns: Int64Array
    ) -> npt.NDArray[Any]:
        """Put a question to each Timeline for its rows, and bring the answers into the rows' order."""
        sorted_columns = self._columns(*columns)
        sorted_answers = np.empty(len(self._order), dtype=kind)
        for timeline, rows in self._groups:
            sorted_answers[rows] = question(timeline.arrays, *(column[rows] for column in sorted_columns))
        answers = np.empty_like(sorted_answers)
        answers[self._order] = sorted_answers
        return answers

    def _columns(self, *columns: Int64Array) -> list[Int64Array]:
        """Spread columns over the rows, and bring those of one Timeline together."""
        flat, shape = spread(*columns, np.zeros(len(self._order), dtype=np.int64))
        if shape != self._order.shape:
            raise RowsInvalidError(f"there are {len(self._order)} rows, and arrays of shape {shape}")
        return [column[self._order] for column in flat[:-1]]
