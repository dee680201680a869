"""Availability against an oracle that walks every second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.measures.availability import Downtime, OutageFinder, PartialMinutes
from clocks.domain.measures.columns import column_of
from clocks.domain.measures.intervals import Intervals, length_us, merge, overlap, subtract, touching
from clocks.domain.measures.value import Value
from tests.services.clocks.measures.portions import cut, facts_of, summed

SECOND_US = 1_000_000
END_S = 720
START_US = 1_760_000_040 * SECOND_US
"""On a minute, and not at the epoch."""

spans = st.tuples(st.integers(-90, END_S + 90), st.integers(0, 200)).map(lambda two: (two[0], sum(two)))
several = st.lists(spans, max_size=6)


def seconds(parts: Iterable[tuple[int, int]]) -> set[int]:
    """List the seconds in some spans."""
    return {second for start, end in parts for second in range(start, end)}


def intervals(parts: Iterable[tuple[int, int]]) -> Intervals:
    """Make Intervals of spans of seconds."""
    told = list(parts)
    starts, ends = ([START_US + one[place] * SECOND_US for one in told] for place in (0, 1))
    return Intervals(column_of(starts), column_of(ends))


def availability(
    outages: Intervals,
    exclusions: Intervals,
    service: Intervals,
    *,
    minimum_us: int = 0,
    partial_minutes: PartialMinutes = "exact",
) -> Value:
    """Measure in portions of two."""
    down = Downtime(exclusions, service, minimum_us=minimum_us, partial_minutes=partial_minutes)
    return summed(down, outages, rows=2)


def pairs(found: Intervals) -> list[tuple[int, int]]:
    """List Intervals."""
    return list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))


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
        assert pairs(merge(found)) == pairs(found)
    touched = [seconds([pair]) for pair in runs_of(one)]
    assert touching(one, other).tolist() == [bool(run & seconds(others)) for run in touched]


def runs_of(found: Intervals) -> list[tuple[int, int]]:
    """List Intervals as spans of seconds."""
    return [((start - START_US) // SECOND_US, (end - START_US) // SECOND_US) for start, end in pairs(found)]


@given(several, several, several)
def test_splitting_an_outage_changes_nothing(
    outages: list[tuple[int, int]], exclusions: list[tuple[int, int]], pieces_of: list[tuple[int, int]]
) -> None:
    """An outage told in pieces that touch or overlap is one outage."""
    whole = intervals([(0, END_S)])
    told = intervals(outages)
    halves = [either(merge(told), merge(intervals(pieces_of))) for either in (overlap, subtract)]
    pieces = Intervals(*(np.concatenate(columns) for columns in zip(*halves, strict=True)))
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
        intervals([]),
        intervals([(0, END_S)]),
        minimum_us=minimum_s * SECOND_US,
        partial_minutes=rule,
    )
    assert value.ratio == Fraction(END_S - down_s, END_S)


def test_nothing_agreed_is_no_data() -> None:
    """A period that is excluded as a whole has no availability."""
    value = availability(intervals([]), intervals([(0, END_S)]), intervals([(0, END_S)]))
    assert (value.status, value.ratio) == ("NO_DATA", None)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.integers(0, 1)),
        unique_by=lambda one: one[:2],
    ),
    st.lists(st.integers(0, 30), max_size=3),
    st.booleans(),
)
def test_outages_are_as_if_told_one_by_one(
    log: list[tuple[str, int, int]],
    cuts: list[int],
    alike: bool,  # noqa: FBT001 - generated
) -> None:
    """However the events are cut into portions, the outages are those that a walk over each Subject finds."""
    finder = OutageFinder(started="started", ended="started" if alike else "ended", until_us=99)
    rows = sorted((subject, at_us, 0 if alike else kind) for subject, at_us, kind in log)
    expected = []
    for subject, group in groupby(rows, key=lambda row: row[0]):
        opened: int | None = None
        for _, at_us, kind in group:
            if kind == 0:
                opened = at_us if opened is None else opened
            elif opened is not None:
                expected.append(
                    (subject, opened, opened, at_us, f"{subject}{opened} {subject}{at_us} ".encode())
                )
                opened = None
        if opened is not None:
            expected.append((subject, opened, opened, 99, f"{subject}{opened} ".encode()))
    portions = [*map(finder.find, cut(facts_of(rows), cuts)), finder.finish()]
    found: list[tuple[Any, ...]] = []
    for items in portions:
        starts, ends = (column.tolist() for column in items.contents)
        found += zip(items.subjects, items.at_us.tolist(), starts, ends, items.evidence, strict=True)
    assert found == expected


def test_events_are_paired_by_subject() -> None:
    """Starts twice, ends twice, ends without a start, and what never ends."""
    log = [
        *[("a", 1, 1), ("a", 2, 0), ("a", 3, 0), ("a", 5, 1), ("a", 6, 1)],
        *[("b", 4, 0), ("c", 1, 0), ("c", 2, 1), ("c", 8, 0)],
    ]
    finder = OutageFinder(started="started", ended="ended", until_us=10)
    told = [finder.find(facts_of(log)), finder.finish()]
    found = [pair for items in told for pair in zip(items.subjects, *items.contents, strict=True)]
    assert found == [("a", 2, 5), ("b", 4, 10), ("c", 1, 2), ("c", 8, 10)]
    assert told[0].evidence[0] == b"a2 a5 "
