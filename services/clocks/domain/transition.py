"""What one event does to the Cycles of one Clock: open, cancel, reopen, retarget, stop, pause, in that order.

The order is the rule (see the README of this service). Each function takes a frozen Cycle and gives the next
one, the same object where nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from businesstime import to_us
from clocks.domain.condition import Facts
from clocks.domain.cycle import Because, Cause, Cycle, Phase, Stretch
from clocks.domain.event import Event, in_reach
from clocks.domain.policy import Metric, Rules, Target, Verdict

__all__ = ["continue_cycle", "open_cycle"]


def open_cycle(last: Cycle | None, rules: Rules, facts: Facts) -> Cycle | None:
    """Open the first Cycle of a Clock, or one after its `last`, which is over; None: not by this event."""
    verdict = rules.metric.judge(facts)
    if verdict.cancel or not verdict.start or verdict.target is None:
        return None
    if last is not None and last.phase == "STOPPED" and verdict.stop:
        return None
    if not rules.policy.covers.holds(facts):
        return None
    started_at_us = starting_point_us(rules.metric, facts) if last is None else facts.event.occurred_at_us
    calendar = rules.policy.calendars.choose(verdict.target, facts.subject)
    cycle = Cycle(
        number=1 if last is None else last.number + 1,
        policy_version=rules.version,
        started_at_us=started_at_us,
        phase="RUNNING",
        since_us=started_at_us,
        cause=Cause("started", facts.event.event_id),
        target=verdict.target.name,
        target_us=verdict.target.duration_us,
        calendar_key=calendar.key,
        calendar_rule=calendar.rule,
        warnings=verdict.target.warnings,
    )
    return stop_or_pause(cycle, verdict, facts.event)


def continue_cycle(cycle: Cycle, rules: Rules, facts: Facts) -> Cycle:
    """Apply an event to a Cycle that is open, or stopped and may run again."""
    verdict = rules.metric.judge(facts)
    if verdict.cancel:
        cancelled = turn(cycle, "CANCELLED", facts.event, "cancelled")
        return replace(cancelled, cancelled_at_us=facts.event.occurred_at_us)
    if cycle.phase == "STOPPED":
        if not verdict.start or verdict.stop:
            return cycle
        cycle = replace(turn(cycle, "RUNNING", facts.event, "reopened"), stopped_at_us=None)
    cycle = retarget(cycle, verdict, rules, facts)
    return stop_or_pause(cycle, verdict, facts.event)


def retarget(cycle: Cycle, verdict: Verdict, rules: Rules, facts: Facts) -> Cycle:
    """Put the Cycle under the Target and the Calendar that hold now; with no Target the old one stays."""
    target = verdict.target or rules.metric.target(cycle.target)
    calendar = rules.policy.calendars.choose(target, facts.subject)
    if target.name == cycle.target and calendar.key == cycle.calendar_key:
        same_rule = calendar.rule == cycle.calendar_rule
        return cycle if same_rule else replace(cycle, calendar_rule=calendar.rule)
    if rules.metric.retarget == "RECOUNT":
        cycle = replace(
            cycle, stretches=tuple(recounted(piece, target, calendar.key) for piece in cycle.stretches)
        )
    else:
        cycle = turn(cycle, cycle.phase, facts.event, "retargeted")
    return replace(
        cycle,
        target=target.name,
        target_us=target.duration_us,
        warnings=target.warnings,
        calendar_key=calendar.key,
        calendar_rule=calendar.rule,
    )


def recounted(piece: Stretch, target: Target, calendar_key: str) -> Stretch:
    """Count a stretch as if the Target and the Calendar had always held."""
    return replace(piece, target=target.name, target_us=target.duration_us, calendar_key=calendar_key)


def stop_or_pause(cycle: Cycle, verdict: Verdict, event: Event) -> Cycle:
    """Stop an open Cycle, or else let the pause condition decide whether it runs from this event on."""
    if verdict.stop:
        return replace(turn(cycle, "STOPPED", event, "stopped"), stopped_at_us=event.occurred_at_us)
    if verdict.pause == (cycle.phase == "PAUSED"):
        return cycle
    if verdict.pause:
        return turn(cycle, "PAUSED", event, "paused")
    return turn(cycle, "RUNNING", event, "resumed")


def turn(cycle: Cycle, phase: Phase, event: Event, because: Because) -> Cycle:
    """End the open stretch at the event and begin another; before the starting point nothing ticks."""
    at_us = max(event.occurred_at_us, cycle.started_at_us)
    stretches = cycle.stretches
    if at_us > cycle.since_us:
        ended = Stretch(
            phase=cycle.phase,
            start_us=cycle.since_us,
            end_us=at_us,
            target=cycle.target,
            target_us=cycle.target_us,
            calendar_key=cycle.calendar_key,
            cause=cycle.cause,
        )
        stretches = (*stretches, ended)
    return replace(
        cycle, phase=phase, since_us=at_us, cause=Cause(because, event.event_id), stretches=stretches
    )


def starting_point_us(metric: Metric, facts: Facts) -> int:
    """Read the starting point from the Subject; where it says none, it is the event."""
    if metric.starts_at is not None:
        instant_us = read_instant_us(facts.subject, metric.starts_at)
        if instant_us is not None:
            return instant_us
    return facts.event.occurred_at_us


def read_instant_us(subject: Mapping[str, Any], attribute: str) -> int | None:
    """Read an attribute as an RFC 3339 instant; None where it is absent, is none, or has no offset."""
    value = subject.get(attribute)
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            return None
        instant_us = to_us(instant)
    except (ValueError, OverflowError):
        return None
    return instant_us if in_reach(instant_us) else None
