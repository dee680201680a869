"""When a Cycle is due: the instant at which its time is used up, found by walking its stretches.

Nothing here is stored. Under RECOUNT all stretches stand under one Target, so the walk is one sum. Under
CARRY the Target changes on the way: what was due before the change and was not fulfilled stands; else the
time used is held against the new Target, and if that is used up already, due is the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from businesstime import Timeline
from clocks.domain.cycle import Cycle, Stretch
from clocks.domain.errors import CalendarMissingError

__all__ = ["Timelines", "due_at_us", "elapsed_at_us", "reached_us", "timeline_of"]

Timelines = Mapping[str, Timeline]


class Progress(NamedTuple):
    """Where a walk has come to: time used, and the fixed due time if it was reached on the way.

    held_until_us: with a due time, the end of the stop that began exactly at it; else that due time itself.
    Up to there the promise was kept.
    """

    used_us: int = 0
    due_us: int | None = None
    held_until_us: int = 0
    target_us: int | None = None


def timeline_of(timelines: Timelines, key: str) -> Timeline:
    """Find a Timeline. Raises CalendarMissingError."""
    try:
        return timelines[key]
    except KeyError:
        raise CalendarMissingError(key) from None


def due_at_us(cycle: Cycle, timelines: Timelines) -> int | None:
    """Tell when a Cycle is or was due; None while it is paused with time left.

    For a Cycle that is over: when it would have been due, had it run on from there.
    """
    progress = Progress()
    for piece in cycle.stretches:
        changed = change_target(progress, piece.target_us, piece.start_us)
        if changed is None:
            return progress.due_us
        progress = walk(changed, piece, timelines)
    end = change_target(progress, cycle.target_us, cycle.since_us)
    if end is None or end.due_us is not None:
        return (progress if end is None else end).due_us
    if cycle.phase == "PAUSED":
        return None
    timeline = timeline_of(timelines, cycle.calendar_key)
    return timeline.deadline_us(runs_on_from_us(cycle), cycle.target_us - end.used_us)


def change_target(progress: Progress, target_us: int, at_us: int) -> Progress | None:
    """Hold the time used against another Target; None where the old one was broken before: that stands."""
    if target_us == progress.target_us:
        return progress
    if progress.due_us is not None and progress.held_until_us < at_us:
        return None
    over = progress.used_us >= target_us
    return Progress(progress.used_us, at_us if over else None, at_us, target_us)


def walk(progress: Progress, piece: Stretch, timelines: Timelines) -> Progress:
    """Go on over one stretch: only a running one uses time."""
    if piece.phase != "RUNNING":
        if piece.phase == "STOPPED" and piece.start_us == progress.due_us:
            return progress._replace(held_until_us=piece.end_us)
        return progress
    timeline = timeline_of(timelines, piece.calendar_key)
    passed_us = timeline.elapsed_us(piece.start_us, piece.end_us)
    used_us = progress.used_us + passed_us
    if progress.due_us is not None or used_us < piece.target_us:
        return progress._replace(used_us=used_us)
    due_us = timeline.deadline_us(piece.start_us, piece.target_us - progress.used_us)
    return Progress(used_us, due_us, due_us, piece.target_us)


def runs_on_from_us(cycle: Cycle) -> int:
    """Tell from where a Cycle would run on: the end of its counted time."""
    if cycle.phase == "CANCELLED" and cycle.stopped_at_us is not None:
        return max(cycle.stopped_at_us, cycle.started_at_us)
    return cycle.since_us


def elapsed_at_us(cycle: Cycle, at_us: int, timelines: Timelines) -> int:
    """Sum the business time of the running stretches up to an instant; it goes on past due."""
    return sum(
        timeline_of(timelines, key).elapsed_us(start_us, min(end_us, at_us))
        for key, start_us, end_us in running_pieces(cycle, at_us)
        if start_us < at_us
    )


def running_pieces(cycle: Cycle, until_us: int) -> Iterator[tuple[str, int, int]]:
    """List the running stretches as (calendar key, start, end); the open one ends at `until_us`."""
    for piece in cycle.stretches:
        if piece.phase == "RUNNING":
            yield piece.calendar_key, piece.start_us, piece.end_us
    if cycle.phase == "RUNNING":
        yield cycle.calendar_key, cycle.since_us, until_us


def reached_us(cycle: Cycle, limit_us: int, timelines: Timelines) -> int | None:
    """Tell when the time used reaches a limit under the present Target; None: not without an event.

    Used before the present Target held, it is reached at the change.
    """
    used_us, began = 0, False
    for piece in cycle.stretches:
        present = piece.target == cycle.target and piece.target_us == cycle.target_us
        if present and not began and used_us >= limit_us:
            return piece.start_us
        began = present
        if piece.phase != "RUNNING":
            continue
        timeline = timeline_of(timelines, piece.calendar_key)
        passed_us = timeline.elapsed_us(piece.start_us, piece.end_us)
        if present and used_us < limit_us <= used_us + passed_us:
            return timeline.deadline_us(piece.start_us, limit_us - used_us)
        used_us += passed_us
    if not began and used_us >= limit_us:
        return cycle.since_us
    if cycle.phase != "RUNNING":
        return None
    return timeline_of(timelines, cycle.calendar_key).deadline_us(cycle.since_us, limit_us - used_us)
