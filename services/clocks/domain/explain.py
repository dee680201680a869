"""Explanations: a Cycle cut into segments without gaps, each with cause and reason; they sum to what elapsed.

A segment ends where the Cycle turns, where the Calendar opens or closes, or says so for another reason, and
where another version of the Calendar begins to hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from clocks.domain.cycle import Cause, Cycle, Stretch
from clocks.domain.due import Timelines, timeline_of
from clocks.domain.exclusion import lay_out, open_stretch
from clocks.domain.reading import rewind

__all__ = ["CalendarVersion", "Reason", "Segment", "SegmentKind", "explain_cycle", "split_by_version"]

SegmentKind = Literal["running", "closed", "paused", "stopped"]
Reason = Literal["weekly_hours", "season", "holiday", "special_hours"]


class CalendarVersion(msgspec.Struct, frozen=True, kw_only=True):
    """From when a version of a Calendar holds, until a later one does; None: always."""

    version: int
    effective_from_us: int | None


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A piece [start, end) of a Cycle that is all of one kind.

    kind: running counts; closed is running time outside the Calendar's hours; paused and stopped do not
    count.
    elapsed_us: what it adds: its length when running, else 0. cause: why its stretch began.
    reason, name: what in the Calendar opens or closes it, and the season's or holiday's name; None where
    that does not matter. calendar_version: the one that holds; 0 before they are told apart.
    """

    kind: SegmentKind
    start_us: int
    end_us: int
    elapsed_us: int
    target: str
    calendar_key: str
    cause: Cause
    reason: Reason | None = None
    name: str | None = None
    calendar_version: int = 0


def explain_cycle(cycle: Cycle, at_us: int, timelines: Timelines) -> tuple[Segment, ...]:
    """Cut a Cycle, as it stands at an instant, into segments from its start to its end or to that instant."""
    seen = rewind(lay_out(rewind(cycle, at_us)), at_us)
    pieces = list(seen.stretches)
    if seen.open and seen.since_us < at_us:
        pieces.append(open_stretch(seen, at_us))
    return tuple(segment for piece in pieces for segment in segments_of(piece, timelines))


def split_by_version(
    segments: Sequence[Segment], versions: Mapping[str, Sequence[CalendarVersion]]
) -> tuple[Segment, ...]:
    """Cut segments where another version of their Calendar begins to hold, and name the versions."""
    return tuple(part for each in segments for part in parts_of(each, versions[each.calendar_key]))


def parts_of(segment: Segment, versions: Sequence[CalendarVersion]) -> Iterator[Segment]:
    """Cut one segment; of versions, a later one replaces all before it from its instant on."""
    starts_us = {each.effective_from_us for each in versions if each.effective_from_us is not None}
    edges_us = sorted(us for us in starts_us if segment.start_us < us < segment.end_us)
    at_us = segment.start_us
    for until_us in (*edges_us, segment.end_us):
        held = max(each.version for each in versions if holds_at(each, at_us))
        elapsed_us = until_us - at_us if segment.kind == "running" else 0
        yield replace(segment, start_us=at_us, end_us=until_us, elapsed_us=elapsed_us, calendar_version=held)
        at_us = until_us


def holds_at(version: CalendarVersion, at_us: int) -> bool:
    """Tell whether a version has begun to hold."""
    return version.effective_from_us is None or version.effective_from_us <= at_us


def segments_of(piece: Stretch, timelines: Timelines) -> Iterator[Segment]:
    """Cut one stretch: a running one wherever the Calendar's hours, or the reason for them, change."""
    if piece.phase != "RUNNING":
        kind: SegmentKind = "paused" if piece.phase == "PAUSED" else "stopped"
        yield segment(piece, kind, piece.start_us, piece.end_us)
        return
    timeline = timeline_of(timelines, piece.calendar_key)
    for each in timeline.segments_us(piece.start_us, piece.end_us):
        cut = segment(piece, "running" if each.is_open else "closed", each.start_us, each.end_us)
        yield replace(cut, reason=each.kind, name=each.name)


def segment(piece: Stretch, kind: SegmentKind, start_us: int, end_us: int) -> Segment:
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
