"""Firings: the warnings and the breach of a Cycle, and when each is due to be sent.

A breach is known once due has passed, and its instant is due itself. A stop exactly at due that arrives later
takes it back; a pause that begins at due comes too late.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Literal

import msgspec

from businesstime import Timeline
from clocks.domain.cycle import Cycle
from clocks.domain.due import Timelines, due_at_us, reached_us, target_at_us, timeline_of
from clocks.domain.policy import WarningRule
from clocks.domain.spans import reached_by_spans

__all__ = ["BREACH", "Firing", "all_firings", "next_firing"]

BREACH = "breach"


class Firing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message that a Cycle owes at an instant.

    threshold: names it within the Cycle: "breach", or a warning's Target and label, as "P1:75%".
    at_us: its true time, whenever it is sent.
    """

    kind: Literal["warning", "breach"]
    threshold: str
    target: str
    at_us: int


def all_firings(cycle: Cycle, timelines: Timelines, spans: Sequence[int] | None = None) -> tuple[Firing, ...]:
    """List the firings of a Cycle, past ones and those to come if no event comes, in order of time.

    Of the warnings, those of the present Target that come before due. spans: of a plain Cycle, with which one
    walk finds the same.
    """
    if spans is not None:
        return plain_firings(cycle, spans, timeline_of(timelines, cycle.calendar_key))
    due_us = due_at_us(cycle, timelines)
    ended_us = cycle.cancelled_at_us if cycle.stopped_at_us is None else cycle.stopped_at_us
    firings = []
    for rule in cycle.warnings:
        at_us = warned_at_us(cycle, rule, due_us, timelines)
        if at_us is not None and comes_before(at_us, ended_us) and comes_before(at_us, due_us):
            firings.append(warning(cycle, rule.label, at_us))
    if cycle.term is not None:
        firings.sort(key=lambda firing: (firing.at_us, firing.threshold))
    if due_us is not None and comes_before(due_us, ended_us):
        firings.append(Firing(kind="breach", threshold=BREACH, target=cycle.target, at_us=due_us))
    return tuple(firings)


def plain_firings(cycle: Cycle, spans: Sequence[int], timeline: Timeline) -> tuple[Firing, ...]:
    """List the firings of a plain Cycle: each is owed at an amount of used time, and one walk finds them all.

    Law: it is what `all_firings` finds without the spans.
    """
    due_us = reached_by_spans(spans, cycle.target_us, timeline)
    firings = []
    for rule in cycle.warnings:
        at_us = reached_by_spans(spans, rule.elapsed_us, timeline)
        if at_us is not None and comes_before(at_us, due_us):
            firings.append(warning(cycle, rule.label, at_us))
    if due_us is not None:
        firings.append(Firing(kind="breach", threshold=BREACH, target=cycle.target, at_us=due_us))
    return tuple(firings)


def warned_at_us(cycle: Cycle, rule: WarningRule, due_us: int | None, timelines: Timelines) -> int | None:
    """Tell when a warning comes: at an amount of used time, or before a fixed point, paused or not."""
    if cycle.term is None:
        return reached_us(cycle, rule.elapsed_us, timelines)
    if cycle.term.fixed:
        return None if due_us is None else before_point_us(cycle, rule, due_us, timelines)
    limit_us = rule.reached_at_us(target_at_us(cycle, timelines))
    return reached_us(cycle, limit_us, timelines) if limit_us > 0 else None


def before_point_us(cycle: Cycle, rule: WarningRule, due_us: int, timelines: Timelines) -> int | None:
    """Tell when a warning before a fixed point comes; what lies before the present Target, at the change."""
    timeline = timeline_of(timelines, cycle.calendar_key)
    if rule.before_days:
        at_us = timeline.add_business_days_us(due_us, -rule.before_days)
    elif rule.share_ppm:
        worth_us = timeline.elapsed_us(cycle.started_at_us, due_us)
        at_us = timeline.deadline_us(cycle.started_at_us, rule.reached_at_us(worth_us))
    else:
        at_us = timeline.deadline_us(due_us, -rule.before_us)
    return max(at_us, holds_since_us(cycle)) if at_us > cycle.started_at_us else None


def holds_since_us(cycle: Cycle) -> int:
    """Tell since when the present Target has held without a break."""
    since_us = cycle.since_us
    for piece in reversed(cycle.stretches):
        if piece.target != cycle.target or piece.term != cycle.term:
            break
        since_us = piece.start_us
    return since_us


def next_firing(cycle: Cycle, timelines: Timelines, *, fired: Container[str] = ()) -> Firing | None:
    """Choose the first firing whose threshold is not among `fired`; None: nothing is owed until an event."""
    return next((firing for firing in all_firings(cycle, timelines) if firing.threshold not in fired), None)


def warning(cycle: Cycle, label: str, at_us: int) -> Firing:
    """Name a warning by Target and label: after a change of Target the same label is another warning."""
    return Firing(kind="warning", threshold=f"{cycle.target}:{label}", target=cycle.target, at_us=at_us)


def comes_before(at_us: int, end_us: int | None) -> bool:
    """Compare with an end that may not come."""
    return end_us is None or at_us < end_us
