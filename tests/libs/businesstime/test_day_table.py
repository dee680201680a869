from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import (
    InstantNaiveError,
    OutOfReachError,
    Schedule,
    compile_schedule,
    from_us,
    schedule_from_document,
    shift,
    to_us,
    zone,
)
from tests.libs.businesstime.strategies import ZONES, durations, instants, schedules

OFFICE = schedule_from_document(
    {"zone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-12:30", "13:15-17:30"]}}
)
WEDNESDAY = datetime(2024, 5, 1, 10, tzinfo=UTC)


@given(
    schedules,
    st.lists(st.tuples(instants, instants, durations), min_size=1, max_size=8),
    st.sampled_from(ZONES),
)
def test_datetimes_of_any_zone(schedule: Schedule, rows: list[tuple[int, int, int]], key: str) -> None:
    """A datetime asks about its instant, whatever its zone, and whatever has been asked before it."""
    timeline = compile_schedule(schedule, start=date(2019, 5, 1), end=date(2019, 9, 1))
    fresh = compile_schedule(schedule, start=date(2014, 1, 1), end=date(2026, 1, 1))
    for first, second, wanted in [*rows, *reversed(rows)]:
        start, end = (from_us(each).astimezone(zone(key)) for each in (first, second))
        assert timeline.elapsed(start, end) == fresh.elapsed_us(first, second)
        assert timeline.is_open(start) is fresh.is_open_us(first)
        due = timeline.deadline(start, wanted)
        assert (to_us(due), due.tzinfo) == (fresh.deadline_us(first, wanted), UTC)
        assert timeline.deadline(start, timedelta(microseconds=wanted)) == due


@pytest.mark.parametrize("order", list(permutations((1801, 1999, 2024, 2399))))
def test_far_apart_and_in_any_order(order: tuple[int, ...]) -> None:
    """A table that begins anew, earlier, and one that goes on later both answer as integers do."""
    timeline = compile_schedule(OFFICE, start=date(2020, 1, 1), end=date(2021, 1, 1))
    for year in (*order, *order):
        start = datetime(year, 5, 7, 9, 30, 0, 1, tzinfo=UTC)
        start_us = to_us(start)
        assert timeline.is_open(start) is timeline.is_open_us(start_us)
        assert timeline.elapsed(start, WEDNESDAY) == timeline.elapsed_us(start_us, to_us(WEDNESDAY))
        assert timeline.deadline(start, 10**11) == from_us(timeline.deadline_us(start_us, 10**11))


def test_edges_between_seconds() -> None:
    """Days whose edges lie between two seconds are answered exactly, though they stand in no table."""
    timeline = compile_schedule(shift(OFFICE, 1))
    opens = timeline.next_open(WEDNESDAY.replace(hour=0))
    for _ in range(2):
        assert timeline.is_open(opens)
        assert not timeline.is_open(opens - timedelta(microseconds=1))
        assert timeline.deadline(opens, timedelta(microseconds=2)) == opens + timedelta(microseconds=2)
        assert timeline.elapsed(opens, opens + timedelta(microseconds=2)) == 2


@pytest.mark.parametrize("duration", [0, 1, timedelta(hours=1)])
def test_naive_datetimes(duration: int | timedelta) -> None:
    """A datetime without a zone is refused in every place."""
    timeline, naive = compile_schedule(OFFICE), WEDNESDAY.replace(tzinfo=None)
    timeline.deadline(WEDNESDAY, 1)
    with pytest.raises(InstantNaiveError):
        timeline.deadline(naive, duration)
    with pytest.raises(InstantNaiveError):
        timeline.elapsed(naive, WEDNESDAY)
    with pytest.raises(InstantNaiveError):
        timeline.elapsed(WEDNESDAY, naive)
    with pytest.raises(InstantNaiveError):
        timeline.is_open(naive)


def test_no_more_is_compiled_than_an_answer_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum inside what is compiled is answered, even where more than that is refused."""
    timeline = compile_schedule(OFFICE, start=date(2024, 1, 1), end=date(2024, 5, 2))
    monkeypatch.setattr("businesstime.compiling.MOST_WINDOWS", 400)
    for _ in range(2):
        assert timeline.deadline(WEDNESDAY, 3_600_000_000) == WEDNESDAY + timedelta(hours=1, minutes=45)
        assert timeline.deadline(WEDNESDAY, timedelta(hours=-1)) == WEDNESDAY - timedelta(hours=1)
        assert timeline.deadline_us(to_us(WEDNESDAY), 1) == to_us(WEDNESDAY) + 1
    with pytest.raises(OutOfReachError):
        timeline.deadline(WEDNESDAY, timedelta(hours=999))
