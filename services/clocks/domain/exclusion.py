"""Exclusions cut out of a Cycle: what ran in them is as if it had been paused.

The state keeps stretches and exclusions apart, so that an exclusion may lie in the past or the future of the
event that made it. Counting needs them together: `lay_out` cuts the stretches. It is its own fixed point.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from clocks.domain.cycle import Cause, Cycle, Exclusion, Stretch

__all__ = ["excluded_until_us", "lay_out", "open_stretch", "running_on", "runs_on_from_us"]


def lay_out(cycle: Cycle) -> Cycle:
    """Cut the exclusions out of the stretches; the open one of a running Cycle then begins after the last."""
    if not cycle.exclusions:
        return cycle
    stretches = tuple(part for piece in cycle.stretches for part in cut(piece, cycle.exclusions))
    if cycle.phase != "RUNNING":
        return replace(cycle, stretches=stretches)
    ends_us = max((each.end_us for each in cycle.exclusions), default=0)
    if ends_us <= cycle.since_us:
        return replace(cycle, stretches=stretches)
    ahead = tuple(cut(open_stretch(cycle, ends_us), cycle.exclusions))
    cause = cycle.cause if not ahead else Cause("resumed", ahead[-1].cause.event_id)
    return replace(cycle, stretches=(*stretches, *ahead), since_us=ends_us, cause=cause)


def excluded_until_us(cycle: Cycle, at_us: int) -> int | None:
    """Tell when the excluded time ends in which a Cycle stands that would run; None: in none."""
    until_us = None
    for piece in lay_out(cycle).stretches if cycle.exclusions else ():
        reached_us = at_us if until_us is None else until_us
        if piece.cause.because == "excluded" and piece.start_us <= reached_us < piece.end_us:
            until_us = piece.end_us
    return until_us


def running_on(cycle: Cycle) -> Cycle:
    """See a Cycle that is over as if it ran on from its end."""
    if cycle.open:
        return cycle
    since_us = runs_on_from_us(cycle)
    return replace(
        cycle,
        phase="RUNNING",
        since_us=since_us,
        stopped_at_us=None,
        cancelled_at_us=None,
        stretches=tuple(piece for piece in cycle.stretches if piece.start_us < since_us),
    )


def runs_on_from_us(cycle: Cycle) -> int:
    """Tell from where a Cycle would run on: the end of its counted time."""
    if cycle.phase == "CANCELLED" and cycle.stopped_at_us is not None:
        return max(cycle.stopped_at_us, cycle.started_at_us)
    return cycle.since_us


def open_stretch(cycle: Cycle, end_us: int) -> Stretch:
    """Give the open stretch of a Cycle an end."""
    return Stretch(
        phase=cycle.phase,
        start_us=cycle.since_us,
        end_us=end_us,
        target=cycle.target,
        target_us=cycle.target_us,
        calendar_key=cycle.calendar_key,
        cause=cycle.cause,
        term=cycle.term,
        calendar_rule=cycle.calendar_rule,
    )


def cut(piece: Stretch, exclusions: tuple[Exclusion, ...]) -> Iterator[Stretch]:
    """Cut one stretch; exclusions are in order of their starts, and may overlap."""
    if piece.phase != "RUNNING":
        yield piece
        return
    at_us, cause = piece.start_us, piece.cause
    for each in exclusions:
        start_us, end_us = max(each.start_us, at_us), min(each.end_us, piece.end_us)
        if start_us >= end_us:
            continue
        if start_us > at_us:
            yield replace(piece, start_us=at_us, end_us=start_us, cause=cause)
        excluded = Cause("excluded", each.event_id)
        yield replace(piece, phase="PAUSED", start_us=start_us, end_us=end_us, cause=excluded)
        at_us, cause = end_us, Cause("resumed", each.event_id)
    if at_us < piece.end_us:
        yield replace(piece, start_us=at_us, cause=cause)
