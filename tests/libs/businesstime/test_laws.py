from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from businesstime import (
    NeverOpensError,
    Schedule,
    Timeline,
    compile_schedule,
    complement,
    from_us,
    schedule_from_document,
    schedule_to_document,
    shift,
    splice,
    to_us,
    union,
)
from tests.libs.businesstime.rows import segments_of
from tests.libs.businesstime.strategies import (
    FIRST_US,
    LAST_US,
    any_schedules,
    durations,
    instants,
    schedules,
)

Edges = list[tuple[int, int]]


def small(schedule: Schedule) -> Timeline:
    """Compile little, so that questions make the horizon grow."""
    return compile_schedule(schedule, start=date(2019, 5, 1), end=date(2019, 9, 1))


def edges(schedule: Schedule) -> Edges:
    """Answer all open Intervals of some years."""
    return [(each.start_us, each.end_us) for each in small(schedule).open_intervals_us(FIRST_US, LAST_US)]


@given(schedules, instants, durations)
def test_elapsed_inverts_deadline(schedule: Schedule, at_us: int, duration_us: int) -> None:
    """elapsed(a, deadline(a, d)) == d, forwards and backwards."""
    timeline = small(schedule)
    due_us = timeline.deadline_us(at_us, duration_us)
    assert timeline.elapsed_us(at_us, due_us) == duration_us
    if duration_us == 0:
        assert due_us == at_us


@given(schedules, instants, durations.filter(bool))
def test_deadlines_are_tight(schedule: Schedule, at_us: int, duration_us: int) -> None:
    """A deadline is the earliest such instant, or the latest going back: a microsecond nearer is short."""
    timeline = small(schedule)
    due_us = timeline.deadline_us(at_us, duration_us)
    if duration_us > 0:
        assert timeline.elapsed_us(at_us, due_us - 1) == duration_us - 1
    else:
        assert timeline.elapsed_us(due_us + 1, at_us) == -duration_us - 1


@given(schedules, instants, instants, instants)
def test_elapsed_adds_up(schedule: Schedule, first: int, second: int, third: int) -> None:
    """elapsed(a, b) + elapsed(b, c) == elapsed(a, c), and elapsed(a, b) == -elapsed(b, a)."""
    timeline = small(schedule)
    together = timeline.elapsed_us(first, second) + timeline.elapsed_us(second, third)
    assert together == timeline.elapsed_us(first, third)
    assert timeline.elapsed_us(second, first) == -timeline.elapsed_us(first, second)


@given(schedules, instants, instants, instants)
def test_elapsed_never_runs_backwards(schedule: Schedule, start: int, first: int, second: int) -> None:
    """A later end has elapsed at least as much, and never more than the time between."""
    timeline = small(schedule)
    low, high = min(first, second), max(first, second)
    assert timeline.elapsed_us(start, low) <= timeline.elapsed_us(start, high)
    assert timeline.elapsed_us(low, high) <= high - low


@given(schedules, instants, durations, durations)
def test_deadlines_keep_their_order(schedule: Schedule, at_us: int, first: int, second: int) -> None:
    """More open time is never due earlier."""
    timeline = small(schedule)
    low, high = min(first, second), max(first, second)
    assert timeline.deadline_us(at_us, low) <= timeline.deadline_us(at_us, high)


@given(schedules, instants, st.integers(1, 10**12), st.integers(1, 10**12))
def test_deadlines_chain(schedule: Schedule, at_us: int, first: int, second: int) -> None:
    """deadline(deadline(a, d), e) == deadline(a, d + e)."""
    timeline = small(schedule)
    chained = timeline.deadline_us(timeline.deadline_us(at_us, first), second)
    assert chained == timeline.deadline_us(at_us, first + second)


@given(schedules, st.lists(st.tuples(instants, instants, durations), min_size=1, max_size=20))
def test_scalars_datetimes_and_arrays_agree(schedule: Schedule, rows: list[tuple[int, int, int]]) -> None:
    """One question has one answer, whatever the way it is asked."""
    timeline, arrays = small(schedule), small(schedule).arrays
    first, second, wanted = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    columns = zip(
        rows,
        arrays.elapsed(first, second).tolist(),
        arrays.deadline(first, wanted).tolist(),
        arrays.is_open(first).tolist(),
        arrays.next_open(first).tolist(),
        arrays.next_close(first).tolist(),
        strict=True,
    )
    for (a, b, d), elapsed, due, is_open, opens, closes in columns:
        for _ in range(2):  # the second time from the tables that the first has filled
            assert timeline.elapsed_us(a, b) == timeline.elapsed(from_us(a), from_us(b)) == elapsed
            assert timeline.deadline_us(a, d) == to_us(timeline.deadline(from_us(a), d)) == due
            assert timeline.deadline(from_us(a), timedelta(microseconds=d)) == from_us(due)
            assert timeline.is_open_us(a) is timeline.is_open(from_us(a)) is is_open
            assert timeline.next_open_us(a) == to_us(timeline.next_open(from_us(a))) == opens
            assert timeline.next_close_us(a) == to_us(timeline.next_close(from_us(a))) == closes


@given(schedules, instants)
def test_next_edges(schedule: Schedule, at_us: int) -> None:
    """The next opening is open, nothing before it is; the next closing is closed, the instant before open."""
    timeline = small(schedule)
    opens, closes = timeline.next_open_us(at_us), timeline.next_close_us(at_us)
    assert timeline.is_open_us(opens)
    assert opens >= at_us
    assert timeline.elapsed_us(at_us, opens) == 0
    assert closes > at_us
    assert timeline.is_open_us(closes - 1)
    assert not timeline.is_open_us(closes)
    assert timeline.elapsed_us(at_us, closes) == closes - opens


@given(any_schedules, instants, instants)
def test_open_intervals_are_in_normal_form(schedule: Schedule, first: int, second: int) -> None:
    """Intervals ascend, are apart, not empty, inside the question, and sum up to what has elapsed."""
    low, high = min(first, second), max(first, second)
    timeline = small(schedule)
    found = timeline.open_intervals_us(low, high)
    flat = [edge for interval in found for edge in interval]
    assert flat == sorted(set(flat))
    assert all(low <= edge <= high for edge in flat)
    try:
        assert sum(closes - opens for opens, closes in found) == timeline.elapsed_us(low, high)
    except NeverOpensError:
        assert found == []


@given(any_schedules, instants, st.integers(0, 60 * 86_400_000_000))
def test_segments_are_gap_free_and_agree(schedule: Schedule, start: int, length: int) -> None:
    """Segments touch, cover the question, alternate in reason, and their open ones are the open Intervals."""
    timeline = small(schedule)
    segments = timeline.segments_us(start, start + length)
    bounds = [start, *(each.end_us for each in segments)]
    assert [each.start_us for each in segments] == bounds[:-1]
    assert bounds[-1] == start + length
    merged: Edges = []
    for each in segments:
        if each.is_open and merged and merged[-1][1] == each.start_us:
            merged[-1] = (merged[-1][0], each.end_us)
        elif each.is_open:
            merged.append((each.start_us, each.end_us))
    assert merged == timeline.open_intervals_us(start, start + length)


@given(any_schedules, st.lists(st.tuples(instants, st.integers(-(10**10), 10**13)), max_size=5))
def test_segments_of_rows(schedule: Schedule, questions: list[tuple[int, int]]) -> None:
    """Segments of many questions at once are those of each; one that ends before it starts has none."""
    timeline = small(schedule)
    starts = np.array([start for start, _ in questions], dtype=np.int64)
    found = timeline.arrays.segments(
        starts, starts + np.array([for_ for _, for_ in questions], dtype=np.int64)
    )
    told = segments_of(found)
    assert told == [timeline.segments_us(start, start + for_) for start, for_ in questions]
    assert found.rows().tolist() == [row for row, each in enumerate(told) for _ in each]


@given(any_schedules, st.dates(date(2015, 1, 1), date(2023, 1, 1)), st.integers(1, 900))
def test_a_window_is_a_cut_of_a_longer_compile(schedule: Schedule, start: date, days: int) -> None:
    """Compiling a stretch gives what a longer compile has there, and a horizon that grew has the same."""
    end = date.fromordinal(start.toordinal() + days)
    short = compile_schedule(schedule, start=start, end=end)
    start_us, end_us = short.horizon.coverage.start_us, short.horizon.coverage.end_us
    before = short.open_intervals_us(start_us, end_us)
    long = compile_schedule(schedule, start=date(2014, 1, 1), end=date(2025, 1, 1))
    assert before == long.open_intervals_us(start_us, end_us)
    short.open_intervals_us(FIRST_US, LAST_US)
    assert before == short.open_intervals_us(start_us, end_us)
    assert short.open_intervals_us(FIRST_US, LAST_US) == long.open_intervals_us(FIRST_US, LAST_US)


@given(any_schedules)
def test_binary_round_trip(schedule: Schedule) -> None:
    """A Timeline read back is equal, carries its schedule, and answers the same beyond its horizon."""
    timeline = small(schedule)
    back = Timeline.from_bytes(timeline.to_bytes())
    assert back == timeline
    assert hash(back) == hash(timeline)
    assert back.schedule == schedule
    assert back.to_bytes() == timeline.to_bytes()
    assert back.open_intervals_us(FIRST_US, LAST_US) == timeline.open_intervals_us(FIRST_US, LAST_US)


@settings(max_examples=40)
@given(schedules, schedules, schedules)
def test_algebra(a: Schedule, b: Schedule, c: Schedule) -> None:
    """Union and intersection commute, associate, distribute, absorb; De Morgan; difference."""
    assert edges(a | b) == edges(b | a)
    assert edges(a & b) == edges(b & a)
    assert edges((a | b) | c) == edges(a | (b | c)) == edges(union(a, b, c))
    assert edges((a & b) & c) == edges(a & (b & c))
    assert edges(a & (b | c)) == edges((a & b) | (a & c))
    assert edges(a | (b & c)) == edges((a | b) & (a | c))
    assert edges(a | a) == edges(a & a) == edges(a | (a & b)) == edges(a)
    assert edges(~(a | b)) == edges(~a & ~b)
    assert edges(~(a & b)) == edges(~a | ~b)
    assert edges(a - b) == edges(a & ~b)
    assert edges(complement(~a)) == edges(a)
    assert edges(a & ~a) == []
    assert edges(a | ~a) == [(FIRST_US, LAST_US)]


@given(schedules, schedules, st.integers(-(10**13), 10**13))
def test_algebra_of_timelines(a: Schedule, b: Schedule, by_us: int) -> None:
    """Timelines compose to what their schedules compose to, key and answers alike."""
    first, second = small(a), compile_schedule(b, start=date(2019, 1, 1), end=date(2019, 7, 1))
    for made, schedule in (
        (first | second, a | b),
        (first & second, a & b),
        (first - second, a - b),
        (~first, ~a),
        (first.shift(by_us), shift(a, by_us)),
    ):
        assert made == small(schedule)
        assert [tuple(each) for each in made.open_intervals_us(FIRST_US, LAST_US)] == edges(schedule)


@given(any_schedules, st.integers(-(10**12), 10**12))
def test_shift(schedule: Schedule, by_us: int) -> None:
    """A shifted schedule is open when the schedule was, so much earlier; two shifts add up; none is none."""
    moved = small(shift(schedule, by_us)).open_intervals_us(FIRST_US + by_us, LAST_US + by_us)
    assert [(opens - by_us, closes - by_us) for opens, closes in moved] == edges(schedule)
    assert edges(shift(shift(schedule, by_us), -by_us)) == edges(schedule)


@given(any_schedules, any_schedules, instants)
def test_splice(before: Schedule, after: Schedule, from_us_: int) -> None:
    """A splice answers as the first before the instant, as the second from it on."""
    assume(FIRST_US < from_us_ < LAST_US)
    spliced = small(splice([(None, before), (from_us_, after)]))
    assert spliced.open_intervals_us(FIRST_US, from_us_) == small(before).open_intervals_us(
        FIRST_US, from_us_
    )
    assert spliced.open_intervals_us(from_us_, LAST_US) == small(after).open_intervals_us(from_us_, LAST_US)


@given(any_schedules)
@example(schedule_from_document({"zone": "UTC", "hours": {}}))
def test_equal_content_is_equal(schedule: Schedule) -> None:
    """Schedules of equal content are equal, hash alike, and have one key."""
    again = schedule_from_document(schedule_to_document(schedule))
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert again.content_key == schedule.content_key
    assert small(again).content_key == small(schedule).content_key


@given(schedules, instants, instants, st.integers(-30, 30))
def test_business_days(schedule: Schedule, first: int, second: int, days: int) -> None:
    """Counts of business days add up, agree with arrays, and a step of n passes n of them."""
    timeline = small(schedule)
    there = timeline.business_days_between_us(first, second)
    assert there == timeline.arrays.business_days_between(np.array([first]), np.array([second]))[0]
    if second >= first:
        assert there >= 0
    landed = timeline.add_business_days_us(first, days)
    assert landed == timeline.arrays.add_business_days(np.array([first]), np.array([days]))[0]
    if days > 0:
        assert timeline.is_open_us(landed)
        assert timeline.business_days_between_us(first, landed) >= days
    elif days < 0:
        assert landed == timeline.previous_close_us(landed)
        assert -timeline.business_days_between_us(first, landed) >= -days - 1
    else:
        assert landed == first


def test_a_schedule_that_never_opens() -> None:
    """Sums raise, questions about an instant answer, and no Interval is found."""
    never = compile_schedule(schedule_from_document({"zone": "UTC", "hours": {}}))
    for ask in (
        lambda: never.elapsed_us(0, 1),
        lambda: never.elapsed(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)),
        lambda: never.deadline_us(0, 1),
        lambda: never.deadline_us(0, 0),
        lambda: never.arrays.deadline(np.array([0]), np.array([0])),
        lambda: never.deadline(datetime(2020, 1, 1, tzinfo=UTC), 1),
        lambda: never.next_open_us(0),
        lambda: never.add_business_days_us(0, 1),
        lambda: never.arrays.elapsed(np.array([0]), np.array([1])),
        lambda: never.arrays.deadline(np.array([0]), np.array([1])),
        lambda: never.arrays.next_open(np.array([0])),
        never.require_opens,
    ):
        with pytest.raises(NeverOpensError):
            ask()
    assert never.is_open_us(0) is False
    assert never.is_open(datetime(2020, 1, 1, tzinfo=UTC)) is False
    assert never.arrays.is_open(np.array([0, 1])).tolist() == [False, False]
    assert never.open_intervals_us(0, 10**15) == []
