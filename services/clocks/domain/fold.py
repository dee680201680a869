"""The fold: a Subject's state after more of its events. Pure: the same log and policies, the same state."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from clocks.domain.act import act, exclude, exclusion_of, override
from clocks.domain.action import RESERVED, Action, is_action, read_action, revoked_in, takes_back
from clocks.domain.condition import Facts
from clocks.domain.cycle import Clock, Cycle, Exclusion, SubjectState, empty_state
from clocks.domain.errors import EventInvalidError, EventsLateError
from clocks.domain.event import Event
from clocks.domain.policies import ClockKey, Policies, clocks_of
from clocks.domain.policy import PolicyVersion, Rules, version_in_force
from clocks.domain.transition import continue_cycle, heed_stop, open_cycle

__all__ = ["fold", "fold_in_two"]

Cycles = tuple[Cycle, ...]


def fold(
    state: SubjectState, events: Iterable[Event], policies: Policies, *, revoked: Container[str] = ()
) -> SubjectState:
    """Fold events of one Subject, in any order and with any duplicates, onto its state.

    policies: every Policy's versions, by its key. revoked: manual actions that are known to be taken back
    later in the log, and were not folded into the state.

    Law: fold(fold(s, a), b) == fold(s, a + b) where all of b come after all of a, and take none of its manual
    actions back. Raises EventsLateError when an event comes before the state's last, or revokes what the
    state holds: then fold the whole log again, onto `empty_state`.
    """
    log = in_order(state, events)
    if not log:
        return state
    actions = [event for event in log if event.type.startswith(RESERVED)]
    held = [each for each in state.actions if each not in revoked]
    if actions and takes_back(held, (event for event in actions if event.event_id not in revoked)):
        raise EventsLateError("a manual action is taken back that was folded already: fold all again")
    folding = Folding(state, policies, created_us=creation_of(state, log))
    if actions:
        folding.take_mixed(log, revoked)
    else:
        folding.take(log)
    return SubjectState(
        subject_id=state.subject_id,
        attributes=folding.attributes,
        last=log[-1].position,
        events=state.events + len(log),
        created_us=folding.created_us,
        clocks=folding.clocks(),
        actions=(*state.actions, *(event.event_id for event in actions)) if actions else state.actions,
        exclusions=folding.exclusions,
    )


def fold_in_two(
    subject_id: str, log: Sequence[Event], split: int, policies: Policies
) -> tuple[SubjectState, SubjectState]:
    """Fold a whole log in order, with a stop after `split` events: the states then and at the end.

    Both without the manual actions that any event of the log takes back.
    """
    revoked = revoked_in(log)
    then = fold(empty_state(subject_id), log[:split], policies, revoked=revoked)
    return then, fold(then, log[split:], policies, revoked=revoked)


class Folding:
    """A fold on its way: what is known of the Subject so far."""

    def __init__(self, state: SubjectState, policies: Policies, *, created_us: int | None) -> None:
        self.created_us = created_us
        self.attributes = state.attributes
        self.exclusions = state.exclusions
        self._policies = policies
        self._timed = clocks_of(policies)
        self._cycles: dict[ClockKey, Cycles] = {
            (clock.policy_key, clock.metric): clock.cycles for clock in state.clocks
        }

    def clocks(self) -> tuple[Clock, ...]:
        """Give the Clocks that have a Cycle, in order."""
        return tuple(
            Clock(policy_key=policy_key, metric=metric, cycles=cycles)
            for (policy_key, metric), cycles in sorted(self._cycles.items())
        )

    def take_mixed(self, log: Sequence[Event], revoked: Container[str]) -> None:
        """Take events with manual actions among them, without those that are taken back."""
        gone = revoked_in([event for event in log if event.event_id not in revoked])
        for event in log:
            if not is_action(event):
                self.take((event,))
            elif event.event_id not in gone and event.event_id not in revoked:
                self.take_action(read_action(event), event)

    def take(self, events: Iterable[Event]) -> None:
        """Let events change the Subject one by one, and act on each Clock."""
        cycles_of, attributes = self._cycles, self.attributes
        for event in events:
            previous, attributes = attributes, changed(attributes, event)
            facts = Facts(event, attributes, previous, self.created_us)
            for key, versions in self._timed:
                cycles = cycles_of.get(key, ())
                after = advance(cycles, key[1], versions, facts)
                if after is not cycles:
                    if self.exclusions and len(after) > len(cycles):
                        after = (*after[:-1], excluded(after[-1], key, self.exclusions))
                    cycles_of[key] = after
        self.attributes = attributes

    def take_action(self, action: Action, event: Event) -> None:
        """Let a manual action act on the Clocks that it is about; an exclusion holds for later Cycles too."""
        if action.kind == "exclude":
            self.exclusions = (*self.exclusions, exclusion_of(action, event))
        for key, cycles in self._cycles.items():
            if not action.concerns(*key):
                continue
            if action.kind == "exclude":
                exclusion = exclusion_of(action, event)
                self._cycles[key] = tuple(exclude(cycle, exclusion) for cycle in cycles)
            elif action.kind == "override":
                rules = governing(cycles[-1], key[1], self._policies[key[0]])
                after = override(cycles[-1], action, rules, self.attributes, event)
                self._cycles[key] = (*cycles[:-1], after)
            else:
                self._cycles[key] = (*cycles[:-1], act(cycles[-1], action, event))


def excluded(cycle: Cycle, key: ClockKey, exclusions: Iterable[Exclusion]) -> Cycle:
    """Take out of a new Cycle what was excluded before it began."""
    for each in exclusions:
        if each.policy_key in {None, key[0]} and each.metric in {None, key[1]}:
            cycle = exclude(cycle, each)
    return cycle


def in_order(state: SubjectState, events: Iterable[Event]) -> list[Event]:
    """Sort the events as they count, and drop those that are there twice or were folded last."""
    log = sorted(events, key=place_of)
    known = state.last
    last = None if known is None else (known.occurred_at_us, known.sequence, known.event_id)
    fresh: list[Event] = []
    for event in log:
        place = place_of(event)
        if last is not None and place <= last:
            if place == last:
                continue
            raise EventsLateError(f"{event.event_id} comes before what was folded already: fold all again")
        if event.subject_id != state.subject_id:
            raise EventInvalidError(f"{event.subject_id!r} is not {state.subject_id!r}", field="subject_id")
        fresh.append(event)
        last = place
    return fresh


def creation_of(state: SubjectState, log: Iterable[Event]) -> int | None:
    """Tell when the Subject's first event was; what is done by hand creates nothing."""
    if state.created_us is not None or state.events > len(state.actions):
        return state.created_us
    return next((event.occurred_at_us for event in log if not is_action(event)), None)


def place_of(event: Event) -> tuple[int, int, str]:
    """Give the place in the log as a plain tuple, which compares faster than a Position."""
    return event.occurred_at_us, event.sequence, event.event_id


def changed(attributes: dict[str, object], event: Event) -> dict[str, object]:
    """Apply the changes of an event: None removes an attribute."""
    after = {**attributes, **event.attributes}
    if None in after.values():
        return {name: value for name, value in after.items() if value is not None}
    return after


def advance(cycles: Cycles, metric: str, versions: Sequence[PolicyVersion], facts: Facts) -> Cycles:
    """Apply an event to the Cycles of a Clock: go on with the last one, or open another."""
    last = cycles[-1] if cycles else None
    if last is not None and (last.phase != "CANCELLED" or last.hand is not None):
        rules = governing(last, metric, versions)
        if last.open or (rules.metric.resumable and last.phase == "STOPPED"):
            after = continue_cycle(last, rules, facts)
            if after is last:
                return cycles
            cycles = (*cycles[:-1], after)
            if not rules.metric.chained or after.phase != "STOPPED":
                return cycles
            last = after
        elif last.hand is not None and not rules.metric.repeats:
            after = heed_stop(last, rules.metric.judge(facts))
            return cycles if after is last else (*cycles[:-1], after)
        elif last.phase == "STOPPED" and not rules.metric.opens_anew:
            return cycles
    version = version_in_force(versions, facts.event.occurred_at_us)
    found = None if version is None else version.rules.get(metric)
    opened = None if found is None else open_cycle(last, found, facts)
    return cycles if opened is None else (*cycles, opened)


def governing(cycle: Cycle, metric: str, versions: Sequence[PolicyVersion]) -> Rules:
    """Find the version under which a Cycle was opened: it governs to the end. Raises LookupError."""
    for version in versions:
        if version.version == cycle.policy_version and version.default_version == cycle.default_version:
            return version.rules[metric]
    raise LookupError(f"version {cycle.policy_version}, which opened a Cycle of {metric}, is not given")
