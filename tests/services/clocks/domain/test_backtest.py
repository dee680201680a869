"""Backtests hold two foldings of the same log against each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.backtest import Rulings, Window, see, sum_targets, try_subject
from clocks.domain.reading import read_cycle
from tests.services.clocks.domain.oracle import Fact, Rule
from tests.services.clocks.domain.promises import TIMELINES, cycles_of, folded
from tests.services.clocks.domain.test_fold import (
    LAST_SLOT,
    events_of,
    policies_of,
    rules,
    slot_us,
    stories,
)


@given(story=stories, rule=rules, at=st.integers(0, LAST_SLOT))
def test_what_is_seen_is_what_a_reading_says(story: list[Fact], rule: Rule, at: int) -> None:
    """The short way gives the target, outcome, due and stop of the long one, and mostly its phase."""
    for cycle in cycles_of(folded(events_of(story), policies_of(rule))):
        seen = see(cycle, slot_us(at), TIMELINES)
        reading = read_cycle(cycle, slot_us(at), TIMELINES)
        assert seen.target == reading.target
        assert seen.outcome == reading.outcome
        assert (seen.due_us, seen.stopped_us) == (reading.due_at_us, reading.stopped_at_us)
        assert cycle.exclusions or seen.phase == reading.phase


@given(story=stories, rule=rules, other=rules, at=st.integers(0, LAST_SLOT))
def test_the_sides_are_those_of_two_foldings(story: list[Fact], rule: Rule, other: Rule, at: int) -> None:
    """Each side counts the outcomes of its own folding; flips are where they differ, and only there.

    Both know the whole log, what came after the instant of reading too: by the same rules nothing flips.
    """
    log, window = events_of(story), Window(slot_us(at))
    happened = folded(log, policies_of(rule))
    tried = try_subject("p", happened, log, TIMELINES, Rulings(policies_of(other), TIMELINES), window)
    for side, by in ((tried.before, rule), (tried.after, other)):
        cycles = [
            each for each in cycles_of(folded(log, policies_of(by))) if each.started_at_us <= window.at_us
        ]
        outcomes = [read_cycle(each, window.at_us, TIMELINES).outcome for each in cycles]
        targets = sum_targets([side])
        assert sum(each.met for each in targets) == outcomes.count("MET")
        assert sum(each.breached for each in targets) == outcomes.count("BREACHED")
        assert sum(each.pending + each.cancelled for each in targets) == outcomes.count("PENDING")
    for flip in tried.flips:
        assert (flip.before and flip.before.outcome) != (flip.after and flip.after.outcome)
    if rule == other:
        assert (tried.flips, tried.before) == ((), tried.after)


def test_what_came_after_the_instant_of_reading_flips_nothing() -> None:
    """Late by an hour's promise, and put under another one later: the same rules know of that, too."""
    rule = Rule(starts_at=False, repeats=False, reopen="resume", retarget="RECOUNT")
    log = events_of([Fact(slot=18, state="work", priority="1"), Fact(slot=26, state="work", priority="3")])
    rulings = Rulings(policies_of(rule), TIMELINES)
    tried = try_subject("p", folded(log, rulings.policies), log, TIMELINES, rulings, Window(slot_us(22)))
    assert tried.flips == ()
    assert tried.before == tried.after == [("m", "three", "PENDING")]


def test_a_window_holds_its_start_and_not_its_end() -> None:
    """As every Interval."""
    assert [Window(99, 5, 10).holds(at) for at in (4, 5, 9, 10)] == [False, True, True, False]
    assert [Window(99).holds(at) for at in (-(2**62), 2**62)] == [True, True]
