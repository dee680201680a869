"""Why a Metric does not count, though its start held: no Target held, or none whose term can be read.

A Cycle opens only where a Target's `when` holds and its term can be read; else nothing happens, and nothing
is kept of that. This lives the log of one Subject through once more, and finds the events at which it was so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from clocks.domain.action import is_action, revoked_in
from clocks.domain.condition import Facts
from clocks.domain.cycle import Cycle, SubjectState, empty_state
from clocks.domain.event import Event
from clocks.domain.fold import fold, in_order
from clocks.domain.policies import ClockKey, Policies, clocks_of
from clocks.domain.policy import Metric, PolicyVersion, Rules, version_in_force

__all__ = ["Uncounted", "Why", "find_uncounted"]

Why = Literal["target_missing", "term_unreadable"]


class Uncounted(NamedTuple):
    """An event at which a Cycle would have opened, but for a Target.

    target, attribute, value: where the term of the Target that holds cannot be read: what stands there.
    """

    policy_version: int
    event: Event
    why: Why
    target: str | None = None
    attribute: str | None = None
    value: object = None


def find_uncounted(subject_id: str, log: Sequence[Event], policies: Policies) -> dict[ClockKey, Uncounted]:
    """Find, for each Metric of each Policy, the last such event, unless a Cycle has opened after it."""
    state = empty_state(subject_id)
    log = in_order(state, log)
    revoked = revoked_in(log)
    found: dict[ClockKey, Uncounted] = {}
    for event in log:
        before, state = state, fold(state, [event], policies, revoked=revoked)
        if is_action(event):
            continue
        facts = Facts(event, state.attributes, before.attributes)
        for key, versions in clocks_of(policies):
            cycles = cycles_of(state, key)
            if len(cycles) > len(cycles_of(before, key)):
                found.pop(key, None)
            missed = _missed(cycles[-1] if cycles else None, key[1], versions, facts)
            if missed is not None:
                found[key] = missed
    return dict(sorted(found.items()))


def cycles_of(state: SubjectState, key: ClockKey) -> tuple[Cycle, ...]:
    """Give the Cycles of a Clock; none where it has none."""
    found = (clock.cycles for clock in state.clocks if (clock.policy_key, clock.metric) == key)
    return next(found, ())


def _missed(
    last: Cycle | None, metric: str, versions: Sequence[PolicyVersion], facts: Facts
) -> Uncounted | None:
    """Say why an event opened no Cycle where it could have; None where it did, or had no cause to."""
    version = version_in_force(versions, facts.event.occurred_at_us)
    rules = None if version is None else version.rules.get(metric)
    if rules is None or not _may_open(last, rules.metric):
        return None
    verdict = rules.metric.judge(facts)
    kept_shut = verdict.stop and last is not None and last.phase == "STOPPED" and not rules.metric.chained
    if not verdict.start or verdict.cancel or kept_shut or not rules.policy.covers.holds(facts):
        return None
    return _lacking(rules, facts)


def _may_open(last: Cycle | None, metric: Metric) -> bool:
    """Tell whether a start would open a Cycle after the last one (see `fold.advance`)."""
    if last is None:
        return True
    if last.open or (last.phase == "STOPPED" and not metric.opens_anew):
        return False
    return last.hand is None or metric.repeats


def _lacking(rules: Rules, facts: Facts) -> Uncounted | None:
    target = rules.metric.judge(facts).target
    if target is None:
        return Uncounted(rules.version, facts.event, "target_missing")
    if target.term is None or target.term.term(facts.subject) is not None:
        return None
    name = target.term.attribute
    return Uncounted(
        rules.version, facts.event, "term_unreadable", target.name, name, facts.subject.get(name)
    )
