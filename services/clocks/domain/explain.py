"""Explanations: a Cycle cut into segments without gaps, each with its cause; their sum is what elapsed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from clocks.domain.cycle import Cause, Cycle, Stretch
from clocks.domain.due import Timelines, timeline_of
from clocks.domain.exclusion import lay_out, open_stretch
from clocks.domain.reading import rewind

__all__ = ["Segment", "explain_cycle"]


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A piece [start, end) of a Cycle that is all of one kind.

    kind: running counts; closed is running time outside the Calendar's hours; paused and stopped do not
    count.
    elapsed_us: what it adds: its length when running, else 0. cause: why its stretch began.
    """

    kind: Literal["running", "closed", "paused", "stopped"]
    start_us: int
    end_us: int
    elapsed_us: int
    target: str
    calendar_key: str
    cause: Cause


def explain_cycle(cycle: Cycle, at_us: int, timelines: Timelines) -> tuple[Segment, ...]:
    """Cut a Cycle, as it stands at an instant, into segments from its start to its end or to that instant."""
    seen = rewind(lay_out(rewind(cycle, at_us)), at_us)
    pieces = list(seen.stretches)
    if seen.open and seen.since_us < at_us:
        pieces.append(open_stretch(seen, at_us))
    return tuple(segment for piece in pieces for segment in segments_of(piece, timelines))


def segments_of(piece: Stretch, timelines: Timelines) -> Iterator[Segment]:
    """Cut one stretch: a running one at the edges of the Calendar's hours."""
    if piece.phase != "RUNNING":
        yield segment(piece, "paused" if piece.phase == "PAUSED" else "stopped", piece.start_us, piece.end_us)
        return
    at_us = piece.start_us
    timeline = timeline_of(timelines, piece.calendar_key)
    for opens_us, closes_us in timeline.open_intervals_us(piece.start_us, piece.end_us):
        if at_us < opens_us:
            yield segment(piece, "closed", at_us, opens_us)
        yield segment(piece, "running", opens_us, closes_us)
        at_us = closes_us
    if at_us < piece.end_us:
        yield segment(piece, "closed", at_us, piece.end_us)


def segment(
    piece: Stretch, kind: Literal["running", "closed", "paused", "stopped"], start_us: int, end_us: int
) -> Segment:
    """Make a segment of a stretch."""
    return Segment(
        kind=kind,
        start_us=start_us,
        end_us=end_us,
        elapsed_us=end_us - start_us if kind == "running" else 0,
        target=piece.target,
        calendar_key=piece.calendar_key,
        cause=piece.cause,
    )
