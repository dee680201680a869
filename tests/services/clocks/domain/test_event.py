"""Events: what is refused as no fact, and the order of a log."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from clocks.domain.cycle import empty_state
from clocks.domain.errors import EventInvalidError, EventsLateError
from clocks.domain.event import Event, Position, check_event
from clocks.domain.fold import fold
from tests.services.clocks.domain.promises import at_us, event, folded, policy_document, versions

GOOD = Event(event_id="e", subject_id="s", type="updated", occurred_at_us=at_us(0))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_id": ""}, "event_id"),
        ({"event_id": "x" * 201}, "event_id"),
        ({"subject_id": "a\x00b"}, "subject_id"),
        ({"type": ""}, "type"),
        ({"sequence": 2**63}, "sequence"),
        ({"occurred_at_us": 2**62}, "occurred_at"),
        ({"attributes": {"": "x"}}, "attributes"),
        ({"attributes": {"x" * 201: "x"}}, "attributes"),
        ({"attributes": {f"a{number}": "x" for number in range(201)}}, "attributes"),
        ({"attributes": {"a": "x" * 4_001}}, "attributes.a"),
        ({"attributes": {"a": "\x00"}}, "attributes.a"),
        ({"attributes": {"a": 2**63}}, "attributes.a"),
        ({"attributes": {"a": math.inf}}, "attributes.a"),
        ({"attributes": {"a": [1]}}, "attributes.a"),
        ({"attributes": {"a": {}}}, "attributes.a"),
    ],
)
def test_what_cannot_be_a_fact_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    """The error names the field."""
    with pytest.raises(EventInvalidError) as refused:
        check_event(msgspec.structs.replace(GOOD, **changes))
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")


@pytest.mark.parametrize("value", [None, True, 0, -(2**63), 1.5, "", "x" * 4_000])
def test_scalars_are_taken(value: object) -> None:
    """Any JSON scalar within bounds is an attribute's value."""
    check_event(msgspec.structs.replace(GOOD, attributes={"a": value}))


def test_a_log_is_in_order_of_time_then_sequence_then_id() -> None:
    """Later ones decide only between equals."""
    places = [Position(1, 2, "a"), Position(1, 1, "b"), Position(1, 1, "a"), Position(0, 9, "z")]
    assert sorted(places) == places[::-1]


def test_a_late_event_is_refused_by_an_incremental_fold() -> None:
    """The whole log must be folded again; the one that was folded last may come again."""
    policies = versions(policy_document())
    state = folded([event(1, "start"), event(3, "wait")], policies)
    assert fold(state, [event(3, "wait")], policies) is state
    assert fold(state, [], policies) is state
    with pytest.raises(EventsLateError):
        fold(state, [event(2, "stop")], policies)


def test_an_event_of_another_subject_is_refused() -> None:
    """A fold is of one Subject."""
    with pytest.raises(EventInvalidError, match="subject_id"):
        fold(empty_state("other"), [event(1, "start")], versions(policy_document()))


def test_the_state_counts_events_and_remembers_the_last_place() -> None:
    """Duplicates do not count."""
    events = [event(3, "wait"), event(1, "start"), event(3, "wait")]
    state = folded(events, versions(policy_document()))
    assert (state.events, state.last) == (2, events[0].position)
