"""Availability against an oracle that walks every second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import Interval
from clocks.domain.measures.availability import PartialMinutes, availability, find_outages
from clocks.domain.measures.intervals import length_us, merge, overlap, subtract
from clocks.domain.measures.item import Fact

SECOND_US = 1_000_000
END_S = 720
START_US = 1_760_000_040 * SECOND_US
"""On a minute, and not at the epoch."""

spans = st.tuples(st.integers(-90, END_S + 90), st.integers(0, 200)).map(lambda two: (two[0], sum(two)))
several = st.lists(spans, max_size=6)


def seconds(parts: Iterable[tuple[int, int]]) -> set[int]:
    """List the seconds in some spans."""
    return {second for start, end in parts for second in range(start, end)}


def intervals(parts: Iterable[tuple[int, int]]) -> list[Interval]:
    """Make Intervals of spans of seconds."""
    return [Interval(START_US + start * SECOND_US, START_US + end * SECOND_US) for start, end in parts]


def runs(members: set[int]) -> list[set[int]]:
    """Split seconds into runs without a gap."""
    ordered = sorted(members)
    groups = groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0])
    return [{second for _, second in group} for _, group in groups]


def walked(
    outages: Sequence[tuple[int, int]],
    exclusions: Sequence[tuple[int, int]],
    service: Sequence[tuple[int, int]],
    minimum_s: int,
    rule: PartialMinutes,
) -> tuple[int, int, int]:
    """Compute availability second by second: (up, agreed, outages that touch agreed time)."""
    excluded = seconds(exclusions)
    agreed = (seconds(service) & set(range(END_S))) - excluded
    long = [run for run in runs(seconds(outages)) if len(run) >= minimum_s]
    down = set[int]().union(*long) - excluded
    by_minute = {minute: {s for s in down if s // 60 == minute} for minute in {s // 60 for s in down}}
    if rule == "up":
        down = {minute * 60 + second for minute in by_minute for second in range(60)}
    if rule == "down":
        down = {second for members in by_minute.values() if len(members) == 60 for second in members}
    return len(agreed - down), len(agreed), sum(1 for run in long if run & agreed)


@given(several, several, several, st.integers(0, 120), st.sampled_from(("exact", "up", "down")))
def test_equals_a_walk(
    outages: list[tuple[int, int]],
    exclusions: list[tuple[int, int]],
    service: list[tuple[int, int]],
    minimum_s: int,
    rule: PartialMinutes,
) -> None:
    """Union, exclusion, service hours, minimum and minutes are as if every second had been looked at."""
    whole = intervals([(0, END_S)])
    value = availability(
        intervals(outages),
        intervals(exclusions),
        overlap(merge(intervals(service)), whole),
        minimum_us=minimum_s * SECOND_US,
        partial_minutes=rule,
    )
    up, agreed, touched = walked(outages, exclusions, service, minimum_s, rule)
    assert value == (up * SECOND_US, agreed * SECOND_US, touched)


@given(several, several)
def test_sets_of_intervals_are_sets(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    """Merging, overlapping and subtracting are union, intersection and difference."""
    one, other = merge(intervals(some)), merge(intervals(others))
    assert length_us(one) == len(seconds(some)) * SECOND_US
    assert length_us(overlap(one, other)) == len(seconds(some) & seconds(others)) * SECOND_US
    assert length_us(subtract(one, other)) == len(seconds(some) - seconds(others)) * SECOND_US
    for found in (one, overlap(one, other), subtract(one, other)):
        assert merge(found) == found


@given(several, several, several)
def test_splitting_an_outage_changes_nothing(
    outages: list[tuple[int, int]], exclusions: list[tuple[int, int]], cut: list[tuple[int, int]]
) -> None:
    """An outage told in pieces that touch or overlap is one outage."""
    whole = intervals([(0, END_S)])
    told = intervals(outages)
    pieces = [*overlap(merge(told), merge(intervals(cut))), *subtract(merge(told), merge(intervals(cut)))]
    assert availability(told, intervals(exclusions), whole) == availability(
        pieces, intervals(exclusions), whole
    )


@pytest.mark.parametrize(
    ("outages", "minimum_s", "rule", "down_s"),
    [
        ([(0, 300)], 300, "exact", 300),
        ([(0, 299)], 300, "exact", 0),
        ([(-10, 290)], 300, "exact", 290),
        ([(0, 150), (150, 300)], 300, "exact", 300),
        ([(0, 150), (151, 300)], 300, "exact", 0),
        ([(59, 61)], 0, "up", 120),
        ([(60, 120)], 0, "up", 60),
        ([(59, 121)], 0, "down", 60),
        ([(1, 119)], 0, "down", 0),
    ],
)
def test_boundaries(
    outages: list[tuple[int, int]], minimum_s: int, rule: PartialMinutes, down_s: int
) -> None:
    """An outage of just the minimum counts, whole, wherever the period cuts it; minutes are the clock's."""
    value = availability(
        intervals(outages),
        [],
        intervals([(0, END_S)]),
        minimum_us=minimum_s * SECOND_US,
        partial_minutes=rule,
    )
    assert value.ratio == Fraction(END_S - down_s, END_S)


def test_nothing_agreed_is_no_data() -> None:
    """A period that is excluded as a whole has no availability."""
    value = availability([], intervals([(0, END_S)]), intervals([(0, END_S)]))
    assert (value.status, value.ratio) == ("NO_DATA", None)


def fact(subject_id: str, at_us: int, kind: str) -> Fact:
    """Make a fact."""
    return Fact(subject_id, at_us, kind, {}, f"{subject_id}-{at_us}")


def test_events_are_paired_by_subject() -> None:
    """Starts twice, ends twice, ends without a start, and what never ends."""
    facts = [
        fact("a", 1, "ended"),
        fact("a", 2, "started"),
        fact("a", 3, "started"),
        fact("a", 5, "ended"),
        fact("a", 6, "ended"),
        fact("b", 4, "started"),
        fact("c", 1, "started"),
        fact("c", 2, "ended"),
        fact("c", 8, "started"),
    ]
    found = find_outages(facts, started="started", until_us=10)
    assert [(item.subject_id, *item.content) for item in found] == [
        ("a", 2, 5),
        ("b", 4, 10),
        ("c", 1, 2),
        ("c", 8, 10),
    ]
    assert found[0].marks == ("a-2", "a-5")
