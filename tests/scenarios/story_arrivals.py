"""Stories with an order of arrival, made up by hypothesis: two Subjects, two Metrics, and second thoughts.

A second thought comes after something was fired, and is laid where it changes that: a pause, a stop, an
exclusion, another promise, a revocation, or other hours, before a Breach that has been told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from tests.scenarios.story import CalendarSaying, Fact, Length, Step, Story
from tests.scenarios.story_hours import MINUTE_US, monday_us
from tests.scenarios.story_oracle import lived, owed
from tests.scenarios.story_strategies import (
    CHECKED_ON,
    calendars,
    facts,
    open_enough,
    policy,
    stories,
)

__all__ = ["told_stories"]

DAY = 1440
HOURS_OF_THEIR_OWN = ("base", "other")
other_promises: st.SearchStrategy[str | Length] = st.sampled_from(
    [Length("minutes", 1_500), Length("days", 3), "t1"]
)
KINDS = ["wait", "pause", "stop", "done", "exclude", "override", "hours", "hours"]


@st.composite
def told_stories(draw: st.DrawFn) -> Story:
    """Make a story with an order in which it comes to be known, in batches, parts of them twice."""
    story = draw(stories)
    if draw(st.booleans()):
        story = replace(story, second=tuple(draw(policy(st.just(each.since))) for each in story.policies))
    if draw(st.booleans()):
        story = replace(
            story, facts=(*story.facts, *draw(facts(subject="u", after=len(story.facts), most=5)))
        )
    if story.second:
        story = replace(story, facts=tuple([draw(narrowed(fact)) for fact in story.facts]))
    story = replace(story, steps=tuple(draw(arrivals(story))), weeks=draw(st.sampled_from([1, 2, 3, 1, 0])))
    for _ in range(draw(st.sampled_from([1, 2, 3, 0]))):
        story = draw(thought_again(story))
    return story


def narrowed(fact: Fact) -> st.SearchStrategy[Fact]:
    """Let what is done by hand be about one Metric now and then."""
    if not fact.act or fact.act == "revoke":
        return st.just(fact)
    return st.sampled_from(["", "", "m", "n"]).map(lambda metric: replace(fact, about=metric))


@st.composite
def arrivals(draw: st.DrawFn, story: Story) -> list[Step]:
    """Let facts arrive in any order, mixed over Subjects, and other things happen in between."""
    numbers = [fact.number for fact in story.facts]
    waiting = draw(st.permutations(numbers))
    steps = []
    while waiting:
        size = draw(st.integers(1, len(waiting)))
        again = draw(st.lists(st.sampled_from(numbers), max_size=1))
        steps.append(Step("events", (*waiting[:size], *again)))
        waiting = waiting[size:]
    amended = sum(saying.since is not None for saying in story.calendars)
    others = ["amend"] * amended + ["policy"] * (len(story.policies) - 1)
    others += draw(st.lists(st.sampled_from(["fire", "settle", "fire"]), max_size=4))
    for kind in others:
        steps.insert(draw(st.integers(0, len(steps))), Step(kind))
    return steps


@st.composite
def thought_again(draw: st.DrawFn, story: Story) -> Story:
    """Fire, then let something be learnt that changes a Breach, or takes something back."""
    clocks = [(subject, metric) for subject in "su" for metric in ("mn" if story.second else "m")]
    breaches = [
        (clock, (at - monday_us(CHECKED_ON)) // MINUTE_US)
        for clock in clocks
        for run in lived(story.of(clock), CHECKED_ON)
        for at, threshold in owed(run)
        if threshold == "breach"
    ]
    done = [fact for fact in story.facts if fact.act]
    kinds = [*(KINDS if breaches else []), *(["revoke"] if done else [])]
    if not kinds:
        return story
    kind = draw(st.sampled_from(kinds))
    if kind == "revoke":
        taken = draw(st.sampled_from(done))
        last = max(fact.at for fact in story.facts)
        late = replace(fact_of("revoke", taken.subject, last, story), revokes=taken.number)
        return told_late(story, [late])
    (subject, _), due = draw(st.sampled_from(breaches))
    earlier = draw(st.sampled_from([1, 30, 240, 1_200]))
    if kind == "hours":
        return with_other_hours(story, draw(calendars()), due, earlier)
    late = fact_of(kind, subject, due - earlier, story)
    if kind == "exclude":
        late = replace(late, span=(due - earlier, due + draw(st.sampled_from([0, 60, 3_000]))))
    if kind == "override":
        late = replace(late, to=draw(other_promises))
    more = []
    if kind == "wait":
        later = due - earlier + draw(st.sampled_from([30, 400, 4_000]))
        more = [replace(fact_of("work", subject, later, story), number=late.number + 1)]
    return told_late(story, [late, *more])


def fact_of(kind: str, subject: str, at: int, story: Story) -> Fact:
    """Make the next fact: a state, or something done by hand."""
    by_hand = kind not in {"wait", "work", "done"}
    return Fact(
        number=len(story.facts),
        at=at,
        says=() if by_hand else (("state", kind),),
        act=kind if by_hand else "",
        subject=subject,
    )


def told_late(story: Story, late: Sequence[Fact]) -> Story:
    """Let facts arrive after all that is past has been fired."""
    steps = (Step("settle"), Step("fire"), Step("events", tuple(fact.number for fact in late)))
    return replace(story, facts=(*story.facts, *late), steps=(*story.steps, *steps))


def with_other_hours(story: Story, drawn: Sequence[CalendarSaying], due: int, earlier: int) -> Story:
    """Amend the Calendars that have hours of their own from shortly before a Breach on, if they stay open."""
    amended = [
        replace(saying, since=due - earlier, zone=zone_of(saying.key, story))
        for saying in drawn
        if saying.key in HOURS_OF_THEIR_OWN and saying.since is None
    ]
    if not open_enough([*story.calendars, *amended]):
        return story
    steps = (Step("settle"), Step("fire"), *(Step("amend") for _ in amended), Step("settle"))
    return replace(story, calendars=(*story.calendars, *amended), steps=(*story.steps, *steps))


def zone_of(key: str, story: Story) -> str:
    """Name the zone of a Calendar, which stays."""
    return next(saying.zone for saying in story.calendars if saying.key == key)
