"""Policies, Timelines and events that the tests of the domain share; times are hours since a Monday."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from businesstime import Timeline, compile_schedule, schedule_from_document
from clocks.domain.cycle import Cycle, SubjectState, empty_state
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.policies import Policies
from clocks.domain.policy import PolicyVersion
from clocks.domain.policy_document import parse_policy

HOUR_US = 3_600_000_000
MONDAY_US = 1_780_272_000_000_000  # 2026-06-01T00:00:00Z

OFFICE = {"zone": "UTC", "hours": {"mon-fri": ["09:00-12:00", "13:00-17:00"]}}
LATE = {"zone": "UTC", "hours": {"mon-sun": ["15:00-23:00"]}}
ALWAYS = {"zone": "UTC", "hours": {"mon-sun": ["00:00-24:00"]}}


def timeline(document: Mapping[str, Any]) -> Timeline:
    """Compile a schedule document."""
    return compile_schedule(schedule_from_document(document))


TIMELINES = {"office": timeline(OFFICE), "late": timeline(LATE), "always": timeline(ALWAYS)}


def at_us(hours: float) -> int:
    """Say the instant so many hours after Monday's midnight."""
    return MONDAY_US + round(hours * HOUR_US)


def policy_document(**changes: object) -> dict[str, Any]:
    """Write a policy whose conditions read the type of the event, with fields of its metric changed."""
    metric: dict[str, Any] = {
        "start": 'event.type.contains("start")',
        "stop": 'event.type.contains("stop")',
        "pause": 'event.type.contains("wait")',
        "cancel": 'event.type.contains("cancel")',
        "targets": [{"name": "four", "duration": "4h"}],
    }
    return {"name": "Test", "calendars": {"default": "always"}, "metrics": {"work": metric | changes}}


def versions(*documents: Mapping[str, Any], effective_from_us: Sequence[int | None] = (None,)) -> Policies:
    """Make the versions of one policy, `p`."""
    pairs = zip(documents, effective_from_us, strict=True)
    made = [
        PolicyVersion(policy_key="p", version=number, policy=parse_policy(document), effective_from_us=since)
        for number, (document, since) in enumerate(pairs, start=1)
    ]
    return {"p": made}


def event(hours: float, kind: str, *, event_id: str = "", sequence: int = 0, **attributes: object) -> Event:
    """Make an event of the Subject `s`."""
    return Event(
        event_id=event_id or f"{kind}@{hours}",
        subject_id="s",
        type=kind,
        occurred_at_us=at_us(hours),
        sequence=sequence,
        attributes=attributes,
    )


def folded(events: Sequence[Event], policies: Policies) -> SubjectState:
    """Fold from nothing."""
    return fold(empty_state("s"), events, policies)


def cycles_of(state: SubjectState) -> tuple[Cycle, ...]:
    """Take the Cycles of the only Clock; none if there is no Clock yet."""
    return state.clocks[0].cycles if state.clocks else ()
