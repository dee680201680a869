"""Segments of many questions at once, as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from businesstime.date_plans import PlanKind
from businesstime.rows import runs
from businesstime.segments import Segment
from businesstime.zones import Int64Array

__all__ = ["Reason", "SegmentRows", "cut_segments", "gather_segments"]

Kind = TypeVar("Kind", bound=np.generic)


class Reason(NamedTuple):
    """Why time is open or closed: what decided, and the name of the season or holiday, as in a Segment."""

    kind: PlanKind
    name: str | None


class SegmentRows(NamedTuple):
    """The segments of rows, one row's below the other's: row i has those from firsts[i] up to firsts[i + 1].

    firsts: shape (rows + 1,). start_us, end_us, is_open, codes: of each segment, shape (m,).
    reasons: what each code stands for, which is its place.
    """

    firsts: npt.NDArray[np.intp]
    start_us: Int64Array
    end_us: Int64Array
    is_open: npt.NDArray[np.bool_]
    codes: npt.NDArray[np.intp]
    reasons: tuple[Reason, ...]

    def rows(self) -> npt.NDArray[np.intp]:
        """Answer the row that each segment belongs to, shape (m,)."""
        return np.repeat(np.arange(len(self.firsts) - 1), np.diff(self.firsts))


def cut_segments(segments: Sequence[Segment], starts: Int64Array, ends: Int64Array) -> SegmentRows:
    """Cut segments that cover all of the questions `[starts[i], ends[i])` for each of them."""
    since = np.array([each.start_us for each in segments], dtype=np.int64)
    until = np.array([each.end_us for each in segments], dtype=np.int64)
    found = {Reason(each.kind, each.name): None for each in segments}
    codes = {reason: code for code, reason in enumerate(found)}
    firsts = np.searchsorted(until, starts, side="right")
    counts = np.where(ends > starts, np.searchsorted(since, ends, side="left") - firsts, 0)
    rows, places = runs(firsts, counts)
    return SegmentRows(
        np.concatenate(([0], np.cumsum(counts))),
        np.maximum(since[places], starts[rows]),
        np.minimum(until[places], ends[rows]),
        np.array([each.is_open for each in segments], dtype=np.bool_)[places],
        np.array([codes[Reason(each.kind, each.name)] for each in segments], dtype=np.intp)[places],
        tuple(codes),
    )


def gather_segments(parts: Sequence[tuple[npt.NDArray[np.intp], SegmentRows]], rows: int) -> SegmentRows:
    """Bring answers for some rows each, with the places of those rows, into one for all rows in order."""
    reasons = {reason: None for _, part in parts for reason in part.reasons}
    codes = {reason: code for code, reason in enumerate(reasons)}
    of_row = _joined([which[part.rows()] for which, part in parts], np.intp)
    order = np.argsort(of_row, kind="stable")
    recoded = [
        np.array([codes[reason] for reason in part.reasons], dtype=np.intp)[part.codes] for _, part in parts
    ]
    counts = np.bincount(of_row, minlength=rows)
    return SegmentRows(
        np.concatenate(([0], np.cumsum(counts))),
        _joined([part.start_us for _, part in parts], np.int64)[order],
        _joined([part.end_us for _, part in parts], np.int64)[order],
        _joined([part.is_open for _, part in parts], np.bool_)[order],
        _joined(recoded, np.intp)[order],
        tuple(codes),
    )


def _joined(arrays: Sequence[npt.NDArray[Kind]], kind: type[Kind]) -> npt.NDArray[Kind]:
    return np.concatenate([np.empty(0, dtype=kind), *arrays])
