"""What-if: a Subject's log with events that did not happen, and Cycles handed to another Calendar."""

from __future__ import annotations

from msgspec.structs import replace

from clocks.domain.cycle import Clock, Cycle, SubjectState
from clocks.domain.event import Event
from clocks.domain.fold import governing
from clocks.domain.policies import Policies
from clocks.domain.transition import aim

__all__ = ["FIRST_SEQUENCE", "hand_over", "imagined_event"]

FIRST_SEQUENCE = 2**62
"""So high that what is imagined comes after all that was recorded at its instant."""


def imagined_event(
    subject_id: str, place: int, event_type: str, occurred_at_us: int, attributes: dict[str, object]
) -> Event:
    """Make an event that did not happen; `place` keeps the order of those at one instant."""
    return Event(
        event_id=f"imagined-{place}",
        subject_id=subject_id,
        type=event_type,
        occurred_at_us=occurred_at_us,
        sequence=FIRST_SEQUENCE + place,
        attributes=attributes,
    )


def hand_over(state: SubjectState, calendar_key: str, event: Event, policies: Policies) -> SubjectState:
    """Hand the open Cycles of a Subject to a Calendar at an event, as their Metrics retarget."""
    clocks = tuple(
        replace(clock, cycles=(*clock.cycles[:-1], handed(clock, calendar_key, event, policies)))
        for clock in state.clocks
    )
    return replace(state, clocks=clocks)


def handed(clock: Clock, calendar_key: str, event: Event, policies: Policies) -> Cycle:
    """Hand over the last Cycle of a Clock; one that is over, or counted there already, stays as it is."""
    cycle = clock.cycles[-1]
    if not cycle.open or cycle.calendar_key == calendar_key:
        return cycle
    rules = governing(cycle, clock.metric, policies[clock.policy_key])
    to = replace(cycle, calendar_key=calendar_key, calendar_rule="attribute")
    return aim(cycle, to, event, recount=rules.metric.retarget == "RECOUNT")
