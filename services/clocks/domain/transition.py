"""What one event does to the Cycles of one Clock: open, cancel, reopen, retarget, stop, pause, in that order.

The order is the rule (see the README of this service). Each function takes a frozen Cycle and gives the next
one, the same object where nothing changes.
"""

from __future__ import annotations

from msgspec.structs import replace

from clocks.domain.condition import Facts
from clocks.domain.cycle import Because, Cause, Cycle, Phase, Stretch
from clocks.domain.event import Event
from clocks.domain.exclusion import open_stretch
from clocks.domain.instant import read_instant_us
from clocks.domain.policy import Metric, Rules, Target, Verdict
from clocks.domain.term import Term

__all__ = ["aim", "continue_cycle", "heed_stop", "open_cycle", "turn"]


def open_cycle(last: Cycle | None, rules: Rules, facts: Facts) -> Cycle | None:
    """Open the first Cycle of a Clock, or one after its `last`, which is over; None: not by this event."""
    verdict = rules.metric.judge(facts)
    target = verdict.target
    if verdict.cancel or not verdict.start or target is None:
        return None
    if rules.metric.chained:
        verdict = verdict._replace(stop=False)
    if last is not None and last.phase == "STOPPED" and verdict.stop:
        return None
    term = None if target.term is None else target.term.term(facts.subject)
    if term is None and target.term is not None:
        return None
    if not rules.policy.covers.holds(facts):
        return None
    started_at_us = starting_point_us(rules.metric, facts) if last is None else facts.event.occurred_at_us
    calendar = rules.policy.calendars.choose(target, facts.subject)
    cycle = Cycle(
        number=1 if last is None else last.number + 1,
        policy_version=rules.version,
        default_version=rules.default_version,
        started_at_us=started_at_us,
        phase="RUNNING",
        since_us=started_at_us,
        cause=Cause("started", facts.event.event_id),
        target=target.name,
        target_us=target.duration_us,
        calendar_key=calendar.key,
        calendar_rule=calendar.rule,
        warnings=target.warnings,
        term=term,
    )
    return stop_or_pause(cycle, verdict, facts.event)


def continue_cycle(cycle: Cycle, rules: Rules, facts: Facts) -> Cycle:
    """Apply an event to a Cycle that is open, or stopped and may run again."""
    verdict = rules.metric.judge(facts)
    if verdict.cancel:
        cancelled = turn(cycle, "CANCELLED", facts.event, "cancelled")
        return replace(cancelled, cancelled_at_us=facts.event.occurred_at_us, hand=None, waits=False)
    if cycle.phase == "STOPPED":
        if cycle.hand is not None:
            return heed_stop(cycle, verdict)
        if not verdict.start or verdict.stop:
            return cycle
        cycle = replace(turn(cycle, "RUNNING", facts.event, "reopened"), stopped_at_us=None)
    cycle = retarget(cycle, verdict, rules, facts)
    return stop_or_pause(cycle, verdict, facts.event)


def retarget(cycle: Cycle, verdict: Verdict, rules: Rules, facts: Facts) -> Cycle:
    """Put the Cycle under the Target and the Calendar that hold now."""
    target, term = verdict.target, cycle.term
    if target is None or target.term is not None or term is not None or cycle.overridden:
        target, term = promised(cycle, target, rules.metric, facts)
    calendar = rules.policy.calendars.choose(target, facts.subject)
    chosen = (cycle.calendar_key, cycle.calendar_rule)
    if target.name == cycle.target and calendar == chosen and term == cycle.term:
        return cycle
    to = replace(cycle, term=term, calendar_key=calendar.key, calendar_rule=calendar.rule)
    if not cycle.overridden:
        to = replace(to, target=target.name, target_us=target.duration_us, warnings=target.warnings)
    return aim(cycle, to, facts.event, recount=rules.metric.retarget == "RECOUNT")


def promised(cycle: Cycle, target: Target | None, metric: Metric, facts: Facts) -> tuple[Target, Term | None]:
    """Choose the Target and its term.

    The present ones stay where no other holds, its term cannot be read, or they were set by hand.
    """
    if target is not None and not cycle.overridden:
        if target.term is None:
            return target, None
        term = target.term.term(facts.subject)
        if term is not None:
            return target, term
    return metric.target(cycle.target), cycle.term


def aim(cycle: Cycle, to: Cycle, event: Event, *, recount: bool) -> Cycle:
    """Go on as `to`, which is the Cycle under another promise; recount: as if that had always held."""
    if not recount:
        turned = turn(cycle, cycle.phase, event, "retargeted")
        return replace(to, stretches=turned.stretches, since_us=turned.since_us, cause=turned.cause)
    return replace(to, stretches=tuple(recounted(piece, to) for piece in cycle.stretches))


def recounted(piece: Stretch, to: Cycle) -> Stretch:
    """Count a stretch as if the promise and the Calendar had always held."""
    return replace(
        piece,
        target=to.target,
        target_us=to.target_us,
        calendar_key=to.calendar_key,
        calendar_rule=to.calendar_rule,
        term=to.term,
    )


def stop_or_pause(cycle: Cycle, verdict: Verdict, event: Event) -> Cycle:
    """Stop an open Cycle, or else let the pause condition decide whether it runs from this event on."""
    if verdict.stop:
        stopped = turn(cycle, "STOPPED", event, "stopped")
        return replace(stopped, stopped_at_us=event.occurred_at_us, hand=None, waits=False)
    if cycle.hand is not None:
        return heed_pause(cycle, verdict)
    if verdict.pause == (cycle.phase == "PAUSED"):
        return cycle
    if verdict.pause:
        return turn(cycle, "PAUSED", event, "paused")
    return turn(cycle, "RUNNING", event, "resumed")


def heed_pause(cycle: Cycle, verdict: Verdict) -> Cycle:
    """Note what `pause` says of a Cycle that is held, or was released, by hand."""
    if cycle.hand == "held":
        return cycle if cycle.waits == verdict.pause else replace(cycle, waits=verdict.pause)
    return cycle if verdict.pause else replace(cycle, hand=None)


def heed_stop(cycle: Cycle, verdict: Verdict) -> Cycle:
    """Leave a Cycle that was ended by hand as it is, until `stop` holds: from then on starts count again."""
    return replace(cycle, hand=None) if verdict.stop else cycle


def turn(cycle: Cycle, phase: Phase, event: Event, because: Because) -> Cycle:
    """End the open stretch at the event and begin another; before the starting point nothing ticks."""
    at_us = max(event.occurred_at_us, cycle.started_at_us)
    stretches = cycle.stretches
    if at_us > cycle.since_us:
        stretches = (*stretches, open_stretch(cycle, at_us))
    return replace(
        cycle, phase=phase, since_us=at_us, cause=Cause(because, event.event_id), stretches=stretches
    )


def starting_point_us(metric: Metric, facts: Facts) -> int:
    """Read the starting point from the Subject; where it says none, it is the event."""
    if metric.from_creation and facts.created_us is not None:
        return facts.created_us
    if metric.starts_at is not None:
        instant_us = read_instant_us(facts.subject, metric.starts_at)
        if instant_us is not None:
            return instant_us
    return facts.event.occurred_at_us
