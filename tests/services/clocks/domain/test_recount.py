"""The law of counting many plain Cycles anew: it comes to what folding and entering each of them does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from clocks.domain.cycle import Cycle
from clocks.domain.due import Timelines
from clocks.domain.reading import read_cycle
from clocks.domain.recount import Promise, Recounted, recount
from clocks.domain.spans import spans_of
from clocks.domain.standing import BREACH, CountedOn, Standing, differs, redate_standing, stand
from tests.services.clocks.domain.oracle import Fact, Rule
from tests.services.clocks.domain.promises import HOUR_US, TIMELINES, cycles_of, folded, timeline
from tests.services.clocks.domain.test_fold import (
    LAST_SLOT,
    events_of,
    plain_stories,
    policies_of,
    rules,
    slot_us,
    stories,
)

AMENDED = TIMELINES | {
    "office": timeline({"zone": "UTC", "hours": {"mon-sun": ["08:00-11:30", "14:00-21:00"]}}),
    "late": timeline({"zone": "UTC", "hours": {"mon-fri": ["17:00-19:00"]}}),
}
slots = st.integers(0, LAST_SLOT)


def counted_on(timelines: Timelines, version: int) -> CountedOn:
    """Take all Calendars in one version."""
    return CountedOn(timelines, dict.fromkeys(timelines, version))


def fire_all(standing: Standing, now_us: int) -> Standing:
    """Fire all that is past, as the worker's statement does."""
    past = [(at_us, threshold) for at_us, threshold in standing.fire if at_us < now_us]
    fired = replace(
        standing,
        fire=standing.fire[len(past) :],
        fired=(*standing.fired, *(threshold for _, threshold in past)),
    )
    breached = past and past[-1][1] == BREACH
    return replace(fired, outcome="BREACHED", breached_at_us=past[-1][0]) if breached else fired


def recounted(cycle: Cycle, spans: tuple[int, ...], timelines: Timelines) -> Recounted:
    """Count one plain Cycle."""
    promise = Promise("p", cycle.policy_version, "m", cycle.target)
    return recount(promise, [spans], [cycle.target_us], cycle.warnings, timelines[cycle.calendar_key])


@given(story=plain_stories, rule=rules, at=slots, waited=slots)
def test_redating_is_entering_anew(story: list[Fact], rule: Rule, at: int, waited: int) -> None:
    """A plain Cycle whose Calendar was amended stands to the last number as one that is entered by a fold."""
    was, now_us = counted_on(TIMELINES, 1), slot_us(at + waited)
    for cycle in cycles_of(folded(events_of(story), policies_of(rule))):
        spans = spans_of(cycle)
        if spans is None:
            continue
        before = fire_all(stand(cycle, None, was, now_us=slot_us(at)), now_us)
        counted = recounted(cycle, spans, AMENDED)
        redated = redate_standing(
            before,
            counted.firings(0, cycle.target),
            left_us=counted.left_us[0],
            calendar_version=2,
            now_us=now_us,
        )
        amended = counted_on(AMENDED, 2)
        moved = differs(before, stand(cycle, before, amended, now_us=now_us))
        assert redated == stand(cycle, before, amended, now_us=now_us, restated=moved)


@given(story=stories, rule=rules)
def test_time_left_on_the_row_is_that_of_the_reading(story: list[Fact], rule: Rule) -> None:
    """Of what is paused, whenever it is read, unless it has a fixed point; nothing else has it on its row."""
    for cycle in cycles_of(folded(events_of(story), policies_of(rule))):
        fixed = cycle.term is not None and cycle.term.fixed
        left_us = stand(cycle, None, counted_on(TIMELINES, 1), now_us=slot_us(LAST_SLOT)).left_us
        assert (left_us is not None) == (cycle.phase == "PAUSED" and not fixed)
        if left_us is not None:
            for at in (LAST_SLOT, 2 * LAST_SLOT):
                assert left_us == read_cycle(cycle, slot_us(at), TIMELINES).remaining_us


def test_a_cycle_that_is_due_at_this_very_instant_comes_whole() -> None:
    """It is broken a microsecond later; then its Breach may have been fired."""
    promise = Promise("p", 1, "m", "t")
    counted = recount(promise, [(slot_us(0),)], [4 * HOUR_US], [], TIMELINES["always"])
    assert [bool(counted.comes_whole(slot_us(8) + later)[0]) for later in (0, 1)] == [True, False]
