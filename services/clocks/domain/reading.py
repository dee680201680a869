"""Readings: a Cycle seen at an instant."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from businesstime import NeverClosesError, NeverOpensError
from clocks.domain.cycle import Cycle, Outcome, Phase, Stretch
from clocks.domain.due import Timelines, due_at_us, elapsed_at_us, target_at_us, timeline_of
from clocks.domain.exclusion import lay_out
from clocks.domain.policy import CalendarRule
from clocks.domain.term import Term

__all__ = ["Reading", "outcome_at", "read_cycle", "rewind"]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle at the instant `read_at_us`; elapsed and remaining are business time in microseconds.

    due_at_us: None while paused with time left, except for a fixed point, and in an exclusion. target_us: of
    a term, the open time that it holds. remaining_us: up to a fixed point, the open time until it.
    ticking: running, and the team at work. overridden: the promise that held then was set by hand.
    next_change_us: when ticking changes next if no event comes, or due, and at due the microsecond after it,
    which breaks the promise; None: never.
    """

    read_at_us: int
    target: str
    target_us: int
    calendar_key: str
    calendar_rule: CalendarRule
    overridden: bool
    phase: Phase
    outcome: Outcome
    due_at_us: int | None
    breached_at_us: int | None
    stopped_at_us: int | None
    elapsed_us: int
    remaining_us: int
    ticking: bool
    next_change_us: int | None


def read_cycle(cycle: Cycle, at_us: int, timelines: Timelines) -> Reading:
    """Read a Cycle. Raises CalendarMissingError when a Timeline that it was counted on is not given."""
    seen = rewind(cycle, at_us)
    due_us = due_at_us(seen, timelines)
    outcome = outcome_at(seen, due_us, at_us)
    elapsed_us = elapsed_at_us(seen, at_us, timelines)
    target_us = seen.target_us if seen.term is None else target_at_us(seen, timelines)
    left_us = target_us - elapsed_us
    if seen.term is not None:
        left_us = remaining_at_us(seen, due_us, at_us, left_us, timelines)
    laid = lay_out(seen) if seen.exclusions else seen
    now = seen if laid is seen else rewind(laid, at_us)
    ticking, next_change_us = ticking_at(now, due_us, at_us, timelines)
    if laid is not seen:
        edges_us = (piece.end_us for piece in laid.stretches if piece.end_us > at_us)
        next_change_us = min((us for us in (next_change_us, *edges_us) if us is not None), default=None)
    return Reading(
        read_at_us=at_us,
        target=seen.target,
        target_us=target_us,
        calendar_key=seen.calendar_key,
        calendar_rule=seen.calendar_rule,
        overridden=seen.overridden,
        phase=now.phase,
        outcome=outcome,
        due_at_us=due_us,
        breached_at_us=due_us if outcome == "BREACHED" else None,
        stopped_at_us=seen.stopped_at_us,
        elapsed_us=elapsed_us,
        remaining_us=left_us,
        ticking=ticking,
        next_change_us=next_change_us,
    )


def remaining_at_us(cycle: Cycle, due_us: int | None, at_us: int, left_us: int, timelines: Timelines) -> int:
    """Tell the time left: up to a fixed point it runs out in pauses, too."""
    if cycle.term is None or not cycle.term.fixed or due_us is None:
        return left_us
    ended_us = cycle.cancelled_at_us if cycle.stopped_at_us is None else cycle.stopped_at_us
    until_us = at_us if ended_us is None else min(at_us, ended_us)
    return timeline_of(timelines, cycle.calendar_key).elapsed_us(max(until_us, cycle.started_at_us), due_us)


def outcome_at(cycle: Cycle, due_us: int | None, at_us: int) -> Outcome:
    """Compare exactly: done at due is met, a microsecond later is breached."""
    ended_us = cycle.stopped_at_us if cycle.stopped_at_us is not None else cycle.cancelled_at_us
    if due_us is not None and due_us < (at_us if ended_us is None else ended_us):
        return "BREACHED"
    return "PENDING" if cycle.stopped_at_us is None else "MET"


def ticking_at(cycle: Cycle, due_us: int | None, at_us: int, timelines: Timelines) -> tuple[bool, int | None]:
    """Tell whether a Cycle ticks, and when that or its outcome changes next."""
    if cycle.phase != "RUNNING":
        fixed = cycle.open and cycle.term is not None and cycle.term.fixed
        return False, breaking_us(due_us, at_us) if fixed else None
    timeline = timeline_of(timelines, cycle.calendar_key)
    from_us = max(at_us, cycle.since_us)
    ticking = at_us >= cycle.since_us and timeline.is_open_us(at_us)
    try:
        change_us = timeline.next_close_us(from_us) if ticking else timeline.next_open_us(from_us)
    except (NeverOpensError, NeverClosesError):
        change_us = None
    coming = (change_us, breaking_us(due_us, at_us))
    return ticking, min((instant for instant in coming if instant is not None), default=None)


def breaking_us(due_us: int | None, at_us: int) -> int | None:
    """Tell when to look next at an open Cycle for its due time: at due it is still kept."""
    if due_us is None or due_us < at_us:
        return None
    return due_us if due_us > at_us else due_us + 1


def rewind(cycle: Cycle, at_us: int) -> Cycle:
    """See a Cycle as it stood at an earlier instant, by what is known of it now."""
    if at_us >= cycle.since_us:
        return cycle
    if at_us < cycle.started_at_us:
        return before_start(cycle, at_us)
    kept = tuple(piece for piece in cycle.stretches if piece.end_us <= at_us)
    current = cycle.stretches[len(kept)]
    seen = standing_in(cycle, current, kept)
    return replace(seen, stopped_at_us=current.start_us) if current.phase == "STOPPED" else seen


def standing_in(cycle: Cycle, current: Stretch, kept: tuple[Stretch, ...]) -> Cycle:
    """See a Cycle in one of its stretches, after those that it had behind it."""
    return replace(
        unended(cycle, current.phase, current.start_us),
        cause=current.cause,
        target=current.target,
        target_us=current.target_us,
        term=current.term,
        calendar_key=current.calendar_key,
        calendar_rule=current.calendar_rule or cycle.calendar_rule,
        overridden=cycle.overridden and promised(current) == promised(cycle),
        stretches=kept,
    )


def promised(piece: Stretch | Cycle) -> tuple[str, int, Term | None]:
    """Say what was promised."""
    return piece.target, piece.target_us, piece.term


def before_start(cycle: Cycle, at_us: int) -> Cycle:
    """See a Cycle before a starting point that lay in the future: it may have been over already."""
    if cycle.cancelled_at_us is not None and cycle.cancelled_at_us <= at_us:
        return cycle
    if cycle.stopped_at_us is not None and cycle.stopped_at_us <= at_us:
        ended = unended(cycle, "STOPPED", cycle.started_at_us)
        return replace(ended, stopped_at_us=cycle.stopped_at_us, stretches=())
    if not cycle.stretches:
        return cycle if cycle.open else unended(cycle, "RUNNING", cycle.since_us)
    first = standing_in(cycle, cycle.stretches[0], ())
    return first if first.open else replace(first, phase="RUNNING")


def unended(cycle: Cycle, phase: Phase, since_us: int) -> Cycle:
    """Take back the end of a Cycle."""
    return replace(cycle, phase=phase, since_us=since_us, stopped_at_us=None, cancelled_at_us=None)
