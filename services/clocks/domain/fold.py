"""The fold: a Subject's state after more of its events. Pure: the same log and policies, the same state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from clocks.domain.condition import Facts
from clocks.domain.cycle import Clock, Cycle, SubjectState
from clocks.domain.errors import EventInvalidError, EventsLateError
from clocks.domain.event import Event
from clocks.domain.policy import PolicyVersion, Rules, version_in_force
from clocks.domain.transition import continue_cycle, open_cycle

__all__ = ["Policies", "fold"]

Policies = Mapping[str, Sequence[PolicyVersion]]
ClockKey = tuple[str, str]


def fold(state: SubjectState, events: Iterable[Event], policies: Policies) -> SubjectState:
    """Fold events of one Subject, in any order and with any duplicates, onto its state.

    policies: every Policy's versions, by its key.

    Law: fold(fold(s, a), b) == fold(s, a + b) where all of b come after all of a. Raises EventsLateError when
    an event comes before the state's last: then fold the whole log again, onto `empty_state`.
    """
    log = in_order(state, events)
    if not log:
        return state
    cycles_of: dict[ClockKey, tuple[Cycle, ...]] = {(c.policy_key, c.metric): c.cycles for c in state.clocks}
    clocks = list(all_clocks(policies))
    attributes = state.attributes
    for event in log:
        previous, attributes = attributes, changed(attributes, event)
        facts = Facts(event, attributes, previous)
        for key, versions in clocks:
            cycles = cycles_of.get(key, ())
            after = advance(cycles, key[1], versions, facts)
            if after is not cycles:
                cycles_of[key] = after
    return SubjectState(
        subject_id=state.subject_id,
        attributes=attributes,
        last=log[-1].position,
        events=state.events + len(log),
        clocks=tuple(
            Clock(policy_key=policy_key, metric=metric, cycles=cycles)
            for (policy_key, metric), cycles in sorted(cycles_of.items())
        ),
    )


def in_order(state: SubjectState, events: Iterable[Event]) -> list[Event]:
    """Sort the events as they count, and drop those that are there twice or were folded last."""
    log = sorted(events, key=lambda event: (event.occurred_at_us, event.sequence, event.event_id))
    last = state.last
    fresh: list[Event] = []
    for event in log:
        position = event.position
        if last is not None and position <= last:
            if position == last:
                continue
            raise EventsLateError(f"{event.event_id} comes before what was folded already: fold all again")
        if event.subject_id != state.subject_id:
            raise EventInvalidError(f"{event.subject_id!r} is not {state.subject_id!r}", field="subject_id")
        fresh.append(event)
        last = position
    return fresh


def changed(attributes: dict[str, object], event: Event) -> dict[str, object]:
    """Apply the changes of an event: None removes an attribute."""
    after = {**attributes, **event.attributes}
    if None in after.values():
        return {name: value for name, value in after.items() if value is not None}
    return after


def all_clocks(policies: Policies) -> Iterator[tuple[ClockKey, Sequence[PolicyVersion]]]:
    """List what may be timed: every Metric of any version of every Policy."""
    for policy_key, versions in policies.items():
        names = {name for version in versions for name in version.rules}
        for name in sorted(names):
            yield (policy_key, name), versions


def advance(
    cycles: tuple[Cycle, ...], metric: str, versions: Sequence[PolicyVersion], facts: Facts
) -> tuple[Cycle, ...]:
    """Apply an event to the Cycles of a Clock: go on with the last one, or open another."""
    last = cycles[-1] if cycles else None
    if last is not None and last.phase != "CANCELLED":
        rules = governing(last, metric, versions)
        if last.open or rules.metric.resumable:
            after = continue_cycle(last, rules, facts)
            return cycles if after is last else (*cycles[:-1], after)
        if not rules.metric.opens_anew:
            return cycles
    version = version_in_force(versions, facts.event.occurred_at_us)
    found = None if version is None else version.rules.get(metric)
    opened = None if found is None else open_cycle(last, found, facts)
    return cycles if opened is None else (*cycles, opened)


def governing(cycle: Cycle, metric: str, versions: Sequence[PolicyVersion]) -> Rules:
    """Find the version under which a Cycle was opened: it governs to the end. Raises LookupError."""
    for version in versions:
        if version.version == cycle.policy_version:
            return version.rules[metric]
    raise LookupError(f"version {cycle.policy_version}, which opened a Cycle of {metric}, is not given")
