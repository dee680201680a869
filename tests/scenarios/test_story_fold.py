"""The fold and all that is read from it against the slow oracle, over whole stories."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple

from hypothesis import given, note, seed, settings
from hypothesis import strategies as st

from businesstime import Timeline, compile_schedule
from calendars.domain.calendar import Amendment, AmendMode, Calendar, amend, begin
from calendars.domain.document import CalendarKey, read_document
from calendars.domain.resolution import schedule_of
from clocks.domain.cycle import Cycle, empty_state
from clocks.domain.event import Event
from clocks.domain.explain import explain_cycle
from clocks.domain.firing import all_firings
from clocks.domain.fold import fold
from clocks.domain.policies import Policies
from clocks.domain.policy import PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.domain.reading import read_cycle
from tests.scenarios.story import CalendarSaying, Fact, Story, as_json
from tests.scenarios.story_documents import (
    attributes_of,
    calendar_document,
    event_id,
    instant,
    policy_document,
    type_of,
)
from tests.scenarios.story_hours import MINUTE_US, hours_of_all, monday_us
from tests.scenarios.story_oracle import Seen, lived, owed, see
from tests.scenarios.story_run import Run
from tests.scenarios.story_seed import HOW_TO_REPEAT, SEED
from tests.scenarios.story_strategies import calendars, stories

MONDAY = date(2026, 3, 2)  # New York changes its clocks on day 6, London on day 27
START_US = monday_us(MONDAY)
SAVED_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Told(NamedTuple):
    """A story folded by the project."""

    cycles: tuple[Cycle, ...]
    timelines: dict[str, Timeline]


def saved(sayings: tuple[CalendarSaying, ...]) -> dict[CalendarKey, Calendar]:
    """Save and amend Calendars."""
    book: dict[CalendarKey, Calendar] = {}
    for saying in sayings:
        key, document = CalendarKey(saying.key), read_document(calendar_document(saying, MONDAY))
        if saying.since is None:
            book[key] = begin(key=key, name=key, document=document, by="test", now=SAVED_AT)
        else:
            change = Amendment(
                expected_version=book[key].version,
                document=document,
                mode=AmendMode.FORWARD,
                effective_from=instant(MONDAY, saying.since),
                reason="a story",
            )
            book[key] = amend(book[key], change, by="test", now=SAVED_AT)
    return book


def timelines_of(sayings: tuple[CalendarSaying, ...]) -> dict[str, Timeline]:
    """Compile all Calendars of a story."""
    book = saved(sayings)
    return {key: compile_schedule(schedule_of(key, book)) for key in book}


def policies_of(story: Story) -> Policies:
    """Compile the Policy of a story."""
    return {
        "p": [
            PolicyVersion(
                policy_key="p",
                version=number,
                policy=parse_policy(policy_document(saying)),
                effective_from_us=None if saying.since is None else us(saying.since),
            )
            for number, saying in enumerate(story.policies, start=1)
        ]
    }


def us(minute: int) -> int:
    """Say the instant of a minute."""
    return START_US + minute * MINUTE_US


def event_of(fact: Fact) -> Event:
    """Write a fact as an event."""
    return Event(
        event_id=event_id(fact.number),
        subject_id="s",
        type=type_of(fact),
        occurred_at_us=us(fact.at),
        sequence=fact.number,
        attributes=attributes_of(fact, MONDAY),
    )


def told(story: Story) -> Told:
    """Fold a story."""
    state = fold(empty_state("s"), [event_of(fact) for fact in story.facts], policies_of(story))
    cycles = state.clocks[0].cycles if state.clocks else ()
    return Told(cycles, timelines_of(story.calendars))


def seen(cycle: Cycle, at_us: int, timelines: dict[str, Timeline]) -> Seen:
    """Read a Cycle in the oracle's words."""
    reading = read_cycle(cycle, at_us, timelines)
    return Seen(
        number=cycle.number,
        version=cycle.policy_version,
        phase=reading.phase,
        outcome=reading.outcome,
        started=cycle.started_at_us,
        due=reading.due_at_us,
        stopped=reading.stopped_at_us,
        used=reading.elapsed_us,
        left=reading.remaining_us,
        target=reading.target,
        worth=reading.target_us,
        calendar="",
        chosen_by="",
        ticking=reading.ticking,
    )


def expected(run: Run, at_us: int, story: Story) -> Seen:
    """See what the oracle sees, but for the Calendar, of which a reading says nothing."""
    return see(run, at_us, story.policies)._replace(calendar="", chosen_by="")


instants = st.lists(st.integers(0, 40 * 1440), max_size=3)


@seed(SEED)
@given(sayings=calendars(), at=st.integers(-20 * 1440, 60 * 1440), amount=st.integers(1, 3_000))
def test_timelines_agree_with_the_minutes(sayings: tuple[CalendarSaying, ...], at: int, amount: int) -> None:
    """Every Calendar, amended, inherited and composed, is open in the minutes in which the oracle is."""
    slow = hours_of_all(sayings, MONDAY)
    for key, timeline in timelines_of(sayings).items():
        found = timeline.open_intervals_us(us(-20 * 1440), us(60 * 1440))
        assert [tuple(each) for each in found] == list(slow[key].between(us(-20 * 1440), us(60 * 1440)))
        assert timeline.deadline_us(us(at), amount * MINUTE_US) == slow[key].after(us(at), amount * MINUTE_US)
        assert timeline.deadline_us(us(at), -amount * MINUTE_US) == slow[key].before(
            us(at), amount * MINUTE_US
        )
        assert timeline.add_business_days_us(us(at), 1 + amount % 3) == slow[key].days_on(
            us(at), 1 + amount % 3
        )
        assert timeline.add_business_days_us(us(at), -1) == slow[key].days_back(us(at), 1)


@seed(SEED)
@given(story=stories, later=instants, earlier=instants)
@settings(max_examples=3 * settings().max_examples, print_blob=True)
def test_the_fold_agrees_with_the_oracle(story: Story, later: list[int], earlier: list[int]) -> None:
    """Cycles, Readings then, later and in the past, firings and explanations are those of the oracle."""
    note(f"{HOW_TO_REPEAT}\n{as_json(story)}")
    cycles, timelines = told(story)
    runs = lived(story, MONDAY)
    last_us = us(max(fact.at for fact in story.facts))
    assert [(cycle.number, cycle.calendar_key, cycle.calendar_rule) for cycle in cycles] == [
        (run.number, run.promise.calendar, run.promise.chosen_by) for run in runs
    ]
    for cycle, run in zip(cycles, runs, strict=True):
        for minute in (0, *later):
            at_us = last_us + minute * MINUTE_US
            assert seen(cycle, at_us, timelines) == expected(run, at_us, story)
        for minute in earlier:
            if run.started <= us(minute) < last_us:
                assert seen(cycle, us(minute), timelines) == expected(run, us(minute), story)
        assert sorted((each.at_us, each.threshold) for each in all_firings(cycle, timelines)) == owed(run)
        explained(cycle, last_us, timelines, run)


def explained(cycle: Cycle, at_us: int, timelines: dict[str, Timeline], run: Run) -> None:
    """Check that segments have no gaps and sum to what the oracle counted."""
    segments = explain_cycle(cycle, at_us, timelines)
    starts = [segment.start_us for segment in segments]
    assert starts[1:] == [segment.end_us for segment in segments[:-1]]
    assert sum(segment.elapsed_us for segment in segments) == run.used(at_us)
