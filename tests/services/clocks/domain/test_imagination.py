"""What is imagined has its place in the log, and a hand-over counts as the Metric retargets."""

from __future__ import annotations

import pytest

from clocks.domain.imagination import hand_over, imagined_event
from clocks.domain.reading import read_cycle
from tests.services.clocks.domain.promises import (
    HOUR_US,
    TIMELINES,
    at_us,
    cycles_of,
    event,
    folded,
    policy_document,
    versions,
)


def test_what_is_imagined_comes_after_what_was_recorded_at_its_instant() -> None:
    """Whatever sequence that has; and in the order in which it is imagined."""
    recorded = event(1, "other", event_id="z", sequence=10**12)
    first, second = (imagined_event("s", place, "x", at_us(1), {}) for place in (0, 1))
    assert recorded.position < first.position < second.position < event(1.001, "x").position


@pytest.mark.parametrize(("mode", "elapsed", "due"), [("RECOUNT", 0, 19), ("CARRY", 2, 17)])
def test_a_cycle_is_handed_over_as_its_metric_retargets(mode: str, elapsed: int, due: int) -> None:
    """Two office hours are kept, or counted on the late hours; what is over stays where it was."""
    document = policy_document(retarget=mode)
    document["calendars"] = {"default": "office"}
    policies = versions(document)
    handing = imagined_event("s", 0, "handed over", at_us(12), {})
    (cycle,) = cycles_of(hand_over(folded([event(10, "start")], policies), "late", handing, policies))
    reading = read_cycle(cycle, at_us(12), TIMELINES)
    assert (reading.elapsed_us, reading.due_at_us) == (elapsed * HOUR_US, at_us(due))
    over = folded([event(10, "start"), event(11, "stop")], policies)
    assert hand_over(over, "late", handing, policies) == over
