"""Spans: the running stretches of a plain Cycle as plain numbers, so that many can be counted at once.

A Cycle is plain while it is open, and all of it stands under one promise in hours on one Calendar, with
nothing excluded and nothing set by hand. Then its due time and its warnings follow from its spans, the
Target and one Timeline. Its slow twin is `due.reached_us`; what is not plain is counted there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from businesstime import Timeline
from clocks.domain.cycle import Cycle

__all__ = [
    "MAX_SPANS",
    "NEVER",
    "Spans",
    "gather_spans",
    "left_by_rows",
    "reached_by_rows",
    "reached_by_spans",
    "spans_of",
]

Int64Array = npt.NDArray[np.int64]

MAX_SPANS = 64
"""The most numbers that are kept of one Cycle: what paused more often is counted from its state."""

NEVER = np.int64(np.iinfo(np.int64).max)
"""Stands for an instant that does not come without an event."""


class Spans(NamedTuple):
    """The spans of n Cycles in UTC µs. starts, ends: shape (n, k), filled up with empty ones.

    open_us: shape (n,): from when each runs on; NEVER: it is paused.
    """

    starts: Int64Array
    ends: Int64Array
    open_us: Int64Array


def spans_of(cycle: Cycle) -> tuple[int, ...] | None:
    """Give start and end of each running stretch, then the start of the open one; None: it is not plain."""
    if not cycle.open or cycle.term is not None or cycle.exclusions or cycle.overridden:
        return None
    if cycle.target_us <= 0 or any(rule.elapsed_us <= 0 for rule in cycle.warnings):
        return None
    spans: list[int] = []
    for piece in cycle.stretches:
        if (
            piece.target != cycle.target
            or piece.target_us != cycle.target_us
            or piece.calendar_key != cycle.calendar_key
            or piece.term is not None
        ):
            return None
        if piece.phase == "RUNNING":
            spans += (piece.start_us, piece.end_us)
    if cycle.phase == "RUNNING":
        spans.append(cycle.since_us)
    return tuple(spans) if len(spans) <= MAX_SPANS else None


def reached_by_spans(spans: Sequence[int], limit_us: int, timeline: Timeline) -> int | None:
    """Tell when a plain Cycle's used time reaches a limit above 0; None: not without an event."""
    used_us = 0
    for place in range(0, len(spans) - 1, 2):
        start_us = spans[place]
        passed_us = timeline.elapsed_us(start_us, spans[place + 1])
        if limit_us <= used_us + passed_us:
            return timeline.deadline_us(start_us, limit_us - used_us)
        used_us += passed_us
    return timeline.deadline_us(spans[-1], limit_us - used_us) if len(spans) % 2 else None


def gather_spans(rows: Sequence[Sequence[int]]) -> Spans:
    """Bring the spans of many Cycles into arrays."""
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    flat = np.fromiter((number for row in rows for number in row), dtype=np.int64, count=int(lengths.sum()))
    firsts = np.cumsum(lengths) - lengths
    running = lengths % 2 == 1
    open_us = np.full(len(rows), NEVER)
    open_us[running] = flat[(firsts + lengths - 1)[running]]
    pieces = lengths // 2
    widest = int(pieces.max(initial=0))
    places = firsts[:, None] + 2 * np.arange(widest)
    within = np.arange(widest) < pieces[:, None]
    starts, ends = np.zeros((2, *within.shape), dtype=np.int64)
    starts[within], ends[within] = flat[places[within]], flat[places[within] + 1]
    # An empty span must lie somewhere: near the others, or a Timeline would have to reach for it.
    somewhere = flat[0] if widest else 0
    return Spans(np.where(within, starts, somewhere), np.where(within, ends, somewhere), open_us)


def reached_by_rows(spans: Spans, limits_us: Int64Array, timeline: Timeline) -> Int64Array:
    """Tell when each Cycle's used time reaches its limit, all above 0; NEVER: not without an event."""
    passed = timeline.arrays.elapsed(spans.starts, spans.ends)
    used = np.cumsum(passed, axis=1)
    rows, widest = np.arange(len(limits_us)), used.shape[1]
    places = (used < limits_us[:, None]).sum(axis=1)
    here = places < widest
    starts, before = spans.open_us.copy(), np.zeros(len(rows), dtype=np.int64)
    if widest:
        within, place = rows[here], places[here]
        starts[here] = spans.starts[within, place]
        before[here] = used[within, place] - passed[within, place]
        before[~here] = used[~here, -1]
    reached = np.full(len(rows), NEVER)
    comes = starts != NEVER
    reached[comes] = timeline.arrays.deadline(starts[comes], (limits_us - before)[comes])
    return reached


def left_by_rows(spans: Spans, targets_us: Int64Array, timeline: Timeline) -> list[int | None]:
    """Tell the time left of each Cycle that is paused; None: it runs."""
    paused = spans.open_us == NEVER
    left: list[int | None] = [None] * len(targets_us)
    used = timeline.arrays.elapsed(spans.starts[paused], spans.ends[paused]).sum(axis=1)
    for place, left_us in zip(
        np.flatnonzero(paused).tolist(), (targets_us[paused] - used).tolist(), strict=True
    ):
        left[place] = left_us
    return left
