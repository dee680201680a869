"""The laws of the fold, on generated stories."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from businesstime import from_us
from clocks.domain.action import revoked_in
from clocks.domain.cycle import SubjectState, empty_state
from clocks.domain.due import due_at_us, elapsed_at_us, target_at_us
from clocks.domain.errors import EventsLateError
from clocks.domain.event import Event
from clocks.domain.explain import explain_cycle
from clocks.domain.firing import all_firings
from clocks.domain.fold import fold, fold_in_two
from clocks.domain.policies import Policies
from clocks.domain.reading import read_cycle
from clocks.domain.recount import due_of_each
from clocks.domain.spans import spans_of
from tests.services.clocks.domain.grid import Until
from tests.services.clocks.domain.oracle import Fact, Result, Rule, in_order, tell
from tests.services.clocks.domain.promises import (
    HOUR_US,
    MONDAY_US,
    TIMELINES,
    at_us,
    cycles_of,
    folded,
    versions,
)

SLOT_US = HOUR_US // 2
LAST_SLOT = 320
WARNINGS = ["75%", "90m"]

PRIORITIES = ["1", "2", "3", "4", "5", "6", "7", "none"]

ACTS = ["pause", "resume", "stop", "cancel", "exclude", "exclude", "override", "revoke", "revoke"]

facts = st.builds(
    Fact,
    slot=st.integers(0, LAST_SLOT - 20),
    kind=st.sampled_from(["updated"] * 9 + ["deleted"]),
    state=st.sampled_from(["idle", "work", "work", "wait", "done"]),
    priority=st.sampled_from(PRIORITIES),
    region=st.sampled_from(["west", "east"]),
    covered=st.sampled_from([True, True, True, False]),
    opened=st.one_of(st.none(), st.integers(0, LAST_SLOT)),
    promised=st.one_of(st.none(), st.integers(0, LAST_SLOT)),
)
spans = st.tuples(st.integers(0, LAST_SLOT), st.integers(1, 60)).map(lambda pair: (pair[0], sum(pair)))
actions = st.builds(
    Fact,
    slot=st.integers(0, LAST_SLOT - 20),
    act=st.sampled_from(ACTS),
    to=st.sampled_from(["one", "two", "five", "seven", "nine", 3, 11, Until("days", 1)]),
    span=spans,
    revokes=st.integers(0, 9),
)
rules = st.builds(
    Rule,
    starts_at=st.booleans(),
    repeats=st.booleans(),
    reopen=st.sampled_from(["resume", "new", "ignore"]),
    retarget=st.sampled_from(["RECOUNT", "CARRY"]),
    chained=st.booleans(),
)
plain_stories = st.lists(facts, max_size=9).map(in_order)
stories = st.lists(st.one_of(facts, facts, actions), max_size=9).map(in_order)


def policies_of(rule: Rule) -> Policies:
    """Compile the policy of a story."""
    return versions(document_of(rule))


def document_of(rule: Rule) -> dict[str, Any]:
    """Write the policy of a story as a document."""
    metric = {
        "start": 'subject.state != "idle"',
        "stop": 'subject.state == "done"',
        "pause": 'subject.state == "wait"',
        "cancel": 'event.type == "deleted"',
        "repeats": "chained" if rule.chains else rule.repeats,
        "reopen": rule.reopen,
        "retarget": rule.retarget,
        "targets": [
            {"name": "one", "when": 'subject.priority == "1"', "duration": "1h", "warnings": ["50%"]},
            {"name": "two", "when": 'subject.priority == "2"', "duration": "4h", "calendar": "late"},
            {
                "name": "three",
                "when": 'subject.priority == "3"',
                "duration": "12h",
                "warnings": WARNINGS,
            },
            {"name": "four", "when": 'subject.priority == "4"', "duration": "2bd", "warnings": WARNINGS},
            {
                "name": "five",
                "when": 'subject.priority == "5"',
                "until": {"business_day_end": 1},
                "warnings": [*WARNINGS, "1bd"],
            },
            {"name": "six", "when": 'subject.priority == "6"', "until": {"business_day_end": 0}},
            {
                "name": "seven",
                "when": 'subject.priority == "7"',
                "until": {"attribute": "promised"},
                "warnings": WARNINGS,
            },
        ],
    }
    if rule.starts_at:
        metric["starts_at"] = "opened"
    calendars = {"default": "office", "attribute": "region", "mapping": {"east": "late"}}
    return {
        "name": "Story",
        "covers": 'subject.covered == "yes"',
        "calendars": calendars,
        "metrics": {"m": metric},
    }


def events_of(story: list[Fact]) -> list[Event]:
    """Write the facts of a story as events; the sequence keeps the order of those at one instant."""
    return [
        Event(
            event_id=id_of(index),
            subject_id="s",
            type=f"clock.{fact.act}" if fact.act else fact.kind,
            occurred_at_us=slot_us(fact.slot),
            sequence=index,
            attributes=action_of(fact) if fact.act else state_of(fact),
        )
        for index, fact in enumerate(story)
    ]


def id_of(index: int) -> str:
    """Name the event at a place of a story, so that ids do not sort as places do."""
    return f"e{(7 * index) % 10}-{index}"


def state_of(fact: Fact) -> dict[str, object]:
    """Write what a fact says of the Subject."""
    return {
        "state": fact.state,
        "priority": fact.priority,
        "region": fact.region,
        "covered": "yes" if fact.covered else "no",
        "opened": None if fact.opened is None else rfc3339(fact.opened),
        "promised": None if fact.promised is None else rfc3339(fact.promised),
    }


def action_of(fact: Fact) -> dict[str, object]:
    """Write what is done by hand."""
    said: dict[str, object] = {"reason": "because"}
    if fact.act == "exclude":
        said |= {"from": rfc3339(fact.span[0]), "until": rfc3339(fact.span[1]), "metric": "m"}
    if fact.act == "revoke":
        said |= {"event": id_of(fact.revokes)}
    if fact.act == "override" and isinstance(fact.to, str):
        said |= {"target": fact.to, "policy": "p"}
    elif fact.act == "override":
        said |= {"duration": f"{30 * fact.to}m" if isinstance(fact.to, int) else f"{fact.to[1]}bd"}
    return said


def slot_us(slot: int) -> int:
    """Say the instant of a half hour."""
    return MONDAY_US + slot * SLOT_US


def rfc3339(slot: int) -> str:
    """Write the instant of a half hour."""
    return from_us(slot_us(slot)).isoformat()


def slot_of(instant_us: int | None) -> int | None:
    """Turn an instant back; it must lie on the grid."""
    if instant_us is None:
        return None
    slot, rest = divmod(instant_us - MONDAY_US, SLOT_US)
    assert rest == 0
    return slot


def results(state: SubjectState, as_of: int) -> list[Result]:
    """Read the Cycles of a state in the oracle's units."""
    found = []
    for cycle in cycles_of(state):
        reading = read_cycle(cycle, slot_us(as_of), TIMELINES)
        assert reading.breached_at_us == (reading.due_at_us if reading.outcome == "BREACHED" else None)
        if cycle.term is None or not cycle.term.fixed:
            assert reading.remaining_us == reading.target_us - reading.elapsed_us
        found.append(
            Result(
                number=cycle.number,
                phase=reading.phase,
                outcome=reading.outcome,
                started=slot_of(cycle.started_at_us) or 0,
                due=slot_of(reading.due_at_us),
                stopped=slot_of(reading.stopped_at_us),
                elapsed=reading.elapsed_us // SLOT_US,
                target=cycle.target,
                worth=reading.target_us // SLOT_US,
                calendar=cycle.calendar_key,
            )
        )
    return found


@given(story=stories, rule=rules, later=st.integers(0, 40))
@settings(max_examples=4 * settings().max_examples)
def test_the_fold_agrees_with_the_oracle(story: list[Fact], rule: Rule, later: int) -> None:
    """Any story under any rule ends as the slow oracle says, read at or after its last event."""
    as_of = (story[-1].slot if story else 0) + later
    state = folded(events_of(story), policies_of(rule))
    assert results(state, as_of) == tell(story, rule, as_of)


@given(story=stories, rule=rules, shuffled=st.randoms(use_true_random=False))
def test_any_order_of_arrival_and_any_duplicates_give_one_state(
    story: list[Fact], rule: Rule, shuffled: object
) -> None:
    """The log counts, not how it came."""
    events = events_of(story)
    arrived = events + events[::2]
    shuffled.shuffle(arrived)  # type: ignore[attr-defined]  # hypothesis' random
    assert folded(arrived, policies_of(rule)) == folded(events, policies_of(rule))


@given(story=stories, rule=rules, cut=st.integers(0, 9))
def test_two_folds_are_one_fold(story: list[Fact], rule: Rule, cut: int) -> None:
    """fold(fold(s, a), b) == fold(s, a + b), with the state written and read in between.

    Where b takes back what a did by hand, it says that it is late.
    """
    events, policies = events_of(story), policies_of(rule)
    first = fold(empty_state("s"), events[:cut], policies)
    between = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=SubjectState)
    assert between == first
    done = {event.event_id for event in events[:cut] if event.type.startswith("clock.")}
    if any(e.type == "clock.revoke" and e.attributes["event"] in done for e in events[cut:]):
        with pytest.raises(EventsLateError):
            fold(between, events[cut:], policies)
    else:
        assert fold(between, events[cut:], policies) == folded(events, policies)
    assert fold_in_two("s", events, cut, policies)[1] == folded(events, policies)


def test_a_log_in_two_bears_a_revocation_that_is_revoked() -> None:
    """What was taken back and is there again was in the state at the stop, and folding goes on from it."""
    opened = Fact(slot=0, kind="updated", state="work", priority="1")
    story = [
        opened,
        Fact(slot=1, act="pause"),
        Fact(slot=2, act="revoke", revokes=1),
        Fact(slot=3, act="revoke", revokes=2),
    ]
    rule = Rule(starts_at=False, repeats=False, reopen="resume", retarget="RECOUNT")
    events, policies = events_of(story), policies_of(rule)
    _, after = fold_in_two("s", events, 2, policies)
    assert after == folded(events, policies)
    assert [cycle.phase for cycle in cycles_of(after)] == ["PAUSED"]


handled = st.lists(st.one_of(facts, actions, actions), min_size=3, max_size=7).map(in_order)


@given(story=handled, rule=rules, cut=st.integers(0, 7))
def test_a_log_in_two_knows_what_is_revoked_later(story: list[Fact], rule: Rule, cut: int) -> None:
    """The state at the stop is that of the log so far, without what any of the whole log takes back."""
    events, policies = events_of(story), policies_of(rule)
    gone = revoked_in(events)
    so_far = [e for e in events[:cut] if e.event_id not in gone and e.type != "clock.revoke"]
    then, after = fold_in_two("s", events, cut, policies)
    assert then.clocks == folded(so_far, policies).clocks
    assert after == folded(events, policies)


@given(story=stories, rule=rules)
def test_what_is_revoked_never_was(story: list[Fact], rule: Rule) -> None:
    """The Cycles are those of the log without the manual actions that were taken back."""
    events, policies = events_of(story), policies_of(rule)
    gone = revoked_in(events)
    left = [event for event in events if event.event_id not in gone and event.type != "clock.revoke"]
    assert folded(events, policies).clocks == folded(left, policies).clocks


@given(story=stories, rule=rules, as_of=st.integers(0, LAST_SLOT))
def test_an_explanation_has_no_gaps_and_sums_to_the_elapsed_time(
    story: list[Fact], rule: Rule, as_of: int
) -> None:
    """Segments follow one another from the start, and what runs in them is what elapsed."""
    for cycle in cycles_of(folded(events_of(story), policies_of(rule))):
        segments = explain_cycle(cycle, slot_us(as_of), TIMELINES)
        starts = [segment.start_us for segment in segments]
        assert starts[1:] == [segment.end_us for segment in segments[:-1]]
        assert not segments or starts[0] == cycle.started_at_us
        reading = read_cycle(cycle, slot_us(as_of), TIMELINES)
        assert sum(segment.elapsed_us for segment in segments) == reading.elapsed_us


@given(story=stories, rule=rules)
def test_a_plain_cycle_fires_by_its_spans_as_by_its_stretches(story: list[Fact], rule: Rule) -> None:
    """One walk over the spans of a plain Cycle finds what the walks over its stretches find."""
    for cycle in cycles_of(folded(events_of(story), policies_of(rule))):
        assert all_firings(cycle, TIMELINES, spans_of(cycle)) == all_firings(cycle, TIMELINES)


@given(story=stories, rule=rules)
def test_many_cycles_are_due_when_each_is(story: list[Fact], rule: Rule) -> None:
    """Counted together, open or over, plain or not, they are due as one by one."""
    cycles = cycles_of(folded(events_of(story), policies_of(rule)))
    assert due_of_each(cycles, TIMELINES) == [due_at_us(cycle, TIMELINES) for cycle in cycles]


@given(story=stories, rule=rules)
def test_firings_are_what_a_reading_sees(story: list[Fact], rule: Rule) -> None:
    """A breach fires at due, if there is one; when a warning fires its time is used up."""
    end_us = slot_us(LAST_SLOT * 10)
    for cycle in cycles_of(folded(events_of(story), policies_of(rule))):
        firings = all_firings(cycle, TIMELINES)
        assert [firing.at_us for firing in firings] == sorted(firing.at_us for firing in firings)
        due_us = due_at_us(cycle, TIMELINES)
        breached = [firing.at_us for firing in firings if firing.kind == "breach"]
        assert bool(breached) == (read_cycle(cycle, end_us, TIMELINES).outcome == "BREACHED")
        assert breached in ([], [due_us])
        if cycle.term is not None and cycle.term.fixed:
            continue
        for firing in firings:
            label = firing.threshold.removeprefix(f"{cycle.target}:")
            for warning in cycle.warnings:
                if warning.label == label:
                    limit_us = warning.reached_at_us(target_at_us(cycle, TIMELINES))
                    assert elapsed_at_us(cycle, firing.at_us, TIMELINES) >= limit_us


@given(story=plain_stories, rule=rules, at=st.integers(0, LAST_SLOT))
def test_a_reading_of_the_past_is_the_reading_of_then(story: list[Fact], rule: Rule, at: int) -> None:
    """Where nothing was retargeted, reading a Cycle in the past gives what was true then."""
    calm = [
        Fact(
            slot=fact.slot,
            kind=fact.kind,
            state=fact.state,
            priority="3",
            region="west",
            covered=True,
            opened=None,
        )
        for fact in story
    ]
    events, policies = events_of(calm), policies_of(rule)
    then = folded([e for e in events if e.occurred_at_us <= slot_us(at)], policies)
    now = folded(events, policies)
    for cycle, cycle_now in zip(cycles_of(then), cycles_of(now), strict=False):
        assert read_cycle(cycle_now, slot_us(at), TIMELINES) == read_cycle(cycle, slot_us(at), TIMELINES)


def test_monday_is_a_monday() -> None:
    """The grid of the stories begins on a Monday at midnight in UTC."""
    assert (at_us(0) // (24 * HOUR_US) + 3) % 7 == 0
    assert at_us(0) % (24 * HOUR_US) == 0
