"""What a manual action does to the Cycles of one Clock: to the last one, or, for an exclusion, to all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from clocks.domain.action import Action
from clocks.domain.cycle import Cycle, Exclusion
from clocks.domain.event import Event
from clocks.domain.policy import Rules, WarningRule
from clocks.domain.transition import aim, turn

__all__ = ["act", "exclude", "exclusion_of", "override"]


def act(cycle: Cycle, action: Action, event: Event) -> Cycle:
    """Pause, resume, stop or cancel a Cycle; the same one where that changes nothing.

    A resumption that names no Metric leaves what stopped by itself: pausing and resuming all of a Subject is
    neutral.
    """
    done = cycle.phase == "STOPPED" and cycle.hand != "ended"
    if action.kind == "resume" and action.metric is None and done:
        return cycle
    does = ACTS.get(action.kind)
    return cycle if does is None else does(cycle, event)


def pause(cycle: Cycle, event: Event) -> Cycle:
    """Hold an open Cycle, whatever `pause` says, until it is resumed by hand."""
    if not cycle.open or cycle.hand == "held":
        return cycle
    waits = cycle.phase == "PAUSED" or cycle.hand == "released"
    held = cycle if cycle.phase == "PAUSED" else turn(cycle, "PAUSED", event, "paused")
    return replace(held, hand="held", waits=waits)


def resume(cycle: Cycle, event: Event) -> Cycle:
    """Let a paused or stopped Cycle run; a `pause` that holds is not heeded until it has not held once."""
    if cycle.phase == "STOPPED":
        return replace(turn(cycle, "RUNNING", event, "reopened"), stopped_at_us=None, hand=None)
    if cycle.phase != "PAUSED":
        return cycle
    waits = cycle.waits if cycle.hand == "held" else True
    return replace(turn(cycle, "RUNNING", event, "resumed"), hand="released" if waits else None, waits=False)


def stop(cycle: Cycle, event: Event) -> Cycle:
    """Stop an open Cycle; it stays so until it is resumed by hand, or `stop` has held by itself."""
    if not cycle.open:
        return cycle
    stopped = turn(cycle, "STOPPED", event, "stopped")
    return replace(stopped, stopped_at_us=event.occurred_at_us, hand="ended", waits=False)


def cancel(cycle: Cycle, event: Event) -> Cycle:
    """Cancel a Cycle, a stopped one too; unless the Metric repeats none follows before `stop` has held."""
    if cycle.phase == "CANCELLED":
        return cycle
    cancelled = turn(cycle, "CANCELLED", event, "cancelled")
    return replace(cancelled, cancelled_at_us=event.occurred_at_us, hand="ended", waits=False)


ACTS: Mapping[str, Callable[[Cycle, Event], Cycle]] = {
    "pause": pause,
    "resume": resume,
    "stop": stop,
    "cancel": cancel,
}


def override(cycle: Cycle, action: Action, rules: Rules, subject: Mapping[str, Any], event: Event) -> Cycle:
    """Put a Cycle that is not cancelled under another promise, which stays whatever `when` says.

    A Target that the Metric does not have, or whose term cannot be read, changes nothing. A stopped Cycle is
    counted again as if the promise had always held.
    """
    name = cycle.target if action.target is None else action.target
    target = next((each for each in rules.metric.targets if each.name == name), None)
    if target is None or cycle.phase == "CANCELLED":
        return cycle
    if action.target is None:
        rule, target_us = action.term, action.duration_us
        warnings = fitting(target.warnings, target_us if rule is None else None)
    else:
        rule, target_us, warnings = target.term, target.duration_us, target.warnings
    term = None if rule is None else rule.term(subject)
    if term is None and rule is not None:
        return cycle
    calendar = rules.policy.calendars.choose(target, subject)
    to = replace(
        cycle,
        target=name,
        target_us=target_us,
        term=term,
        warnings=warnings,
        calendar_key=calendar.key,
        calendar_rule=calendar.rule,
        overridden=True,
    )
    if promise_of(to) == promise_of(cycle):
        return replace(cycle, calendar_rule=calendar.rule, overridden=True)
    return aim(cycle, to, event, recount=rules.metric.retarget == "RECOUNT" or not cycle.open)


def promise_of(cycle: Cycle) -> tuple[object, ...]:
    """Say what a Cycle is under: to override it by the same changes nothing."""
    return cycle.target, cycle.target_us, cycle.term, cycle.calendar_key, cycle.warnings


def fitting(warnings: tuple[WarningRule, ...], target_us: int | None) -> tuple[WarningRule, ...]:
    """Take over a Target's warnings for another duration, those that lie inside it; None: business days."""
    moved = [rule.of(target_us or 0) for rule in warnings if not rule.before_days]
    if target_us is None:
        return tuple(WarningRule(rule.label, 0, rule.share_ppm, rule.before_us) for rule in moved)
    fits = [rule for rule in moved if 0 < rule.elapsed_us < target_us]
    return tuple(sorted(fits, key=lambda rule: (rule.elapsed_us, rule.label)))


def exclusion_of(action: Action, event: Event) -> Exclusion:
    """Write an exclusion down."""
    return Exclusion(action.start_us, action.end_us, event.event_id, action.policy_key, action.metric)


def exclude(cycle: Cycle, exclusion: Exclusion) -> Cycle:
    """Take time out of a Cycle, where it has any there."""
    if exclusion.end_us <= cycle.started_at_us:
        return cycle
    return replace(cycle, exclusions=tuple(sorted((*cycle.exclusions, exclusion), key=order)))


def order(exclusion: Exclusion) -> tuple[int, int, str]:
    """Order exclusions by time."""
    return exclusion.start_us, exclusion.end_us, exclusion.event_id
