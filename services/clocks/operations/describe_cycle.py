"""Describe a Cycle at an instant, as it crosses the door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from businesstime import from_us, to_us
from clocks.contract import CycleChoice, CycleRecord
from clocks.domain.cycle import Clock, Cycle, SubjectState
from clocks.domain.exclusion import excluded_until_us
from clocks.domain.instant import instant
from clocks.domain.policies import Policies
from clocks.domain.policy import PolicyVersion
from clocks.domain.reading import Reading, read_cycle
from clocks.domain.standing import CountedOn, CycleKey
from clocks.storage.readings import Edition

__all__ = ["describe", "find_cycle"]


def describe(
    key: CycleKey,
    cycle: Cycle,
    edition: Edition,
    *,
    policies: Policies,
    counted_on: CountedOn,
    at: datetime,
) -> CycleRecord:
    """Read a Cycle at an instant. Raises BusinessTimeError where its Calendar cannot say."""
    reading = read_cycle(cycle, to_us(at), counted_on.timelines)
    moved = reading.calendar_key != cycle.calendar_key  # handed over since
    return CycleRecord(
        subject_id=key.subject_id,
        policy_key=key.policy_key,
        policy_version=cycle.policy_version,
        metric=key.metric,
        cycle=key.cycle,
        target=reading.target,
        target_us=reading.target_us,
        calendar_key=reading.calendar_key,
        calendar_version=counted_on.versions[reading.calendar_key] if moved else edition.calendar_version,
        calendar_rule=reading.calendar_rule,
        phase=reading.phase,
        outcome=reading.outcome,
        started_at=from_us(cycle.started_at_us),
        due_at=instant(reading.due_at_us),
        breached_at=instant(reading.breached_at_us),
        stopped_at=instant(reading.stopped_at_us),
        elapsed_us=reading.elapsed_us,
        remaining_us=reading.remaining_us,
        ticking=reading.ticking,
        next_change_at=instant(reading.next_change_us),
        revision=edition.revision,
        read_at=at,
        choice=_choice(cycle, reading, key.metric, policies[key.policy_key]),
        excluded_until=instant(excluded_until_us(cycle, to_us(at))),
    )


def find_cycle(state: SubjectState, key: CycleKey) -> Cycle | None:
    """Find a Cycle in its Subject's state."""
    clock = next((clock for clock in state.clocks if _is(clock, key)), None)
    if clock is None:
        return None
    return next((cycle for cycle in clock.cycles if cycle.number == key.cycle), None)


def _choice(cycle: Cycle, reading: Reading, metric: str, versions: Sequence[PolicyVersion]) -> CycleChoice:
    """Say what chose, by the version that governs the Cycle."""
    version = next(each for each in versions if each.version == cycle.policy_version)
    targets = version.rules[metric].metric.targets
    place = next(place for place, each in enumerate(targets) if each.name == reading.target)
    rule = reading.calendar_rule
    return CycleChoice(
        covers=version.policy.covers.text,
        target_when=targets[place].when.text,
        target_place=place + 1,
        target_by_hand=reading.overridden,
        calendar_rule=rule,
        calendar_attribute=version.policy.calendars.attribute if rule == "attribute" else None,
        default_version=cycle.default_version if rule == "tenant_default" else None,
    )


def _is(clock: Clock, key: CycleKey) -> bool:
    return clock.metric == key.metric and clock.policy_key == key.policy_key
