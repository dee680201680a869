"""When a Cycle is due: the instant at which its time is used up, found by walking its stretches.

Nothing here is stored. Under RECOUNT all stretches stand under one promise, so the walk is one sum. Under
CARRY the promise changes on the way: what was due before the change and was not fulfilled stands; else the
time used is held against the new one, and if that is used up already, due is the change.

A promise in hours is due when so much was used. One with a term is due at a point: business days move it by
the open time of each pause, a fixed point stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from businesstime import Timeline
from clocks.domain.cycle import Cycle, Stretch
from clocks.domain.errors import CalendarMissingError
from clocks.domain.exclusion import lay_out, running_on, runs_on_from_us
from clocks.domain.term import Term, ends_us, worth_us

__all__ = ["Timelines", "due_at_us", "elapsed_at_us", "reached_us", "target_at_us", "timeline_of"]

Timelines = Mapping[str, Timeline]


class Progress(NamedTuple):
    """Where a walk has come to: time used, and the fixed due time if it was reached on the way.

    held_until_us: with a due time, the end of the stop that it fell into or began; else that due time itself.
    Up to there the promise was kept. target_us, term, calendar_key: the promise; point_us: where its term
    ends if it is never paused again.
    """

    used_us: int = 0
    due_us: int | None = None
    held_until_us: int = 0
    target_us: int | None = None
    term: Term | None = None
    calendar_key: str = ""
    point_us: int = 0


def timeline_of(timelines: Timelines, key: str) -> Timeline:
    """Find a Timeline. Raises CalendarMissingError."""
    try:
        return timelines[key]
    except KeyError:
        raise CalendarMissingError(key) from None


def due_at_us(cycle: Cycle, timelines: Timelines) -> int | None:
    """Tell when a Cycle is or was due; None while it is paused with time left.

    For a Cycle that is over: when it would have been due, had it run on from there. At a fixed point it is
    due whether it is paused or not.
    """
    if cycle.exclusions:
        cycle = lay_out(running_on(cycle))
    progress = Progress()
    from_us = cycle.since_us if cycle.phase != "CANCELLED" else runs_on_from_us(cycle)
    for piece in cycle.stretches:
        if piece.start_us >= from_us:
            break
        if piece.term is not None or progress.target_us != piece.target_us or progress.term is not None:
            changed = change_promise(progress, piece, piece.start_us, cycle.started_at_us, timelines)
            if changed is None:
                return progress.due_us
            progress = changed
        progress = walk(progress, piece, timelines)
    end: Progress | None = progress
    if cycle.term is not None or progress.target_us != cycle.target_us or progress.term is not None:
        end = change_promise(progress, cycle, from_us, cycle.started_at_us, timelines)
    if end is None or end.due_us is not None:
        return (progress if end is None else end).due_us
    return due_ahead(cycle, end, from_us, timelines)


def due_ahead(cycle: Cycle, progress: Progress, from_us: int, timelines: Timelines) -> int | None:
    """Tell when a Cycle with time left is due, if it runs on, or would have been, from there."""
    term = cycle.term
    if term is not None and (term.fixed or cycle.phase != "PAUSED"):
        return progress.point_us
    if cycle.phase == "PAUSED":
        return None
    timeline = timeline_of(timelines, cycle.calendar_key)
    return timeline.deadline_us(from_us, cycle.target_us - progress.used_us)


def change_promise(
    progress: Progress, to: Stretch | Cycle, at_us: int, started_at_us: int, timelines: Timelines
) -> Progress | None:
    """Hold the time used against another promise; None where the old one was broken before: that stands."""
    if to.target_us == progress.target_us and to.term == progress.term:
        term = to.term
        if term is None or not term.on_calendar or to.calendar_key == progress.calendar_key:
            return progress
    if progress.due_us is not None and progress.held_until_us < at_us:
        return None
    if to.term is not None:
        return change_term(progress, to, to.term, at_us, started_at_us, timelines)
    over = progress.used_us >= to.target_us
    return Progress(progress.used_us, at_us if over else None, at_us, to.target_us)


def change_term(
    progress: Progress, to: Stretch | Cycle, term: Term, at_us: int, started_at_us: int, timelines: Timelines
) -> Progress:
    """Come under a term: of business days, what they are worth in all less what was used is left."""
    timeline = timeline_of(timelines, to.calendar_key)
    point_us = ends_us(term, started_at_us, timeline)
    if progress.target_us is not None and not term.fixed:
        left_us = timeline.elapsed_us(started_at_us, point_us) - progress.used_us
        point_us = timeline.deadline_us(at_us, left_us) if left_us > 0 else at_us
    over = point_us <= at_us
    return Progress(
        used_us=progress.used_us,
        due_us=at_us if over else None,
        held_until_us=at_us,
        target_us=to.target_us,
        term=term,
        calendar_key=to.calendar_key,
        point_us=point_us,
    )


def walk(progress: Progress, piece: Stretch, timelines: Timelines) -> Progress:
    """Go on over one stretch: only a running one uses time."""
    if piece.phase == "STOPPED" and piece.start_us == progress.due_us:
        return progress._replace(held_until_us=piece.end_us)
    if piece.term is not None:
        return walk_term(progress, piece, piece.term, timeline_of(timelines, piece.calendar_key))
    if piece.phase != "RUNNING":
        return progress
    timeline = timeline_of(timelines, piece.calendar_key)
    passed_us = timeline.elapsed_us(piece.start_us, piece.end_us)
    used_us = progress.used_us + passed_us
    if progress.due_us is not None or used_us < piece.target_us:
        return progress._replace(used_us=used_us)
    due_us = timeline.deadline_us(piece.start_us, piece.target_us - progress.used_us)
    return progress._replace(used_us=used_us, due_us=due_us, held_until_us=due_us)


def walk_term(progress: Progress, piece: Stretch, term: Term, timeline: Timeline) -> Progress:
    """Go on over one stretch under a term: a pause moves business days, and nothing moves a fixed point."""
    passed_us = timeline.elapsed_us(piece.start_us, piece.end_us)
    if piece.phase == "RUNNING":
        progress = progress._replace(used_us=progress.used_us + passed_us)
    elif progress.due_us is None and not term.fixed:
        return progress._replace(point_us=timeline.deadline_us(progress.point_us, passed_us))
    if progress.due_us is not None or progress.point_us > piece.end_us:
        return progress
    held_until_us = piece.end_us if piece.phase == "STOPPED" else progress.point_us
    return progress._replace(due_us=progress.point_us, held_until_us=held_until_us)


def target_at_us(cycle: Cycle, timelines: Timelines) -> int:
    """Tell how much time the present Target allows; a term, what it is worth unpaused on its Calendar."""
    if cycle.term is None:
        return cycle.target_us
    return worth_us(cycle.term, cycle.started_at_us, timeline_of(timelines, cycle.calendar_key))


def elapsed_at_us(cycle: Cycle, at_us: int, timelines: Timelines) -> int:
    """Sum the business time of the running stretches up to an instant; it goes on past due."""
    return sum(
        timeline_of(timelines, key).elapsed_us(start_us, min(end_us, at_us))
        for key, start_us, end_us in running_pieces(lay_out(cycle) if cycle.exclusions else cycle, at_us)
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
    cycle = lay_out(cycle)
    used_us, began = 0, False
    for piece in cycle.stretches:
        present = (
            piece.target == cycle.target and piece.target_us == cycle.target_us and piece.term == cycle.term
        )
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
