from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import ZoneUnknownError, from_us, to_us, zone
from businesstime.periods import (
    MOST_PERIODS,
    PeriodInvalidError,
    PeriodUnit,
    period_at,
    periods_between,
    read_period,
    rolling_window,
)

ZONES = [
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Asuncion",
    "America/Havana",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Amman",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Antarctica/Troll",
]
MINUTE_US = 60_000_000

zones = st.sampled_from(ZONES)
units: st.SearchStrategy[PeriodUnit] = st.sampled_from(get_args(PeriodUnit))
first_days = st.integers(1, 31)
instants_us = st.datetimes(datetime(1971, 1, 2), datetime(2198, 12, 30)).map(  # noqa: DTZ001 - made aware next
    lambda wall: to_us(wall.replace(tzinfo=UTC))
)


def first_instant(day: date, name: str) -> datetime:
    """Walk from two days before in steps that become finer: slow, and obvious."""
    wall = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - what a wall clock shows
    instant = wall.replace(tzinfo=UTC) - timedelta(days=2)
    for step in (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)):
        while instant.astimezone(zone(name)).replace(tzinfo=None) < wall:
            instant += step
        instant -= step
    return instant + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("label", "name", "minutes"),
    [
        ("2026-03", "America/New_York", 44_580),
        ("2026-11", "America/New_York", 43_260),
        ("2026-Q1", "America/New_York", 90 * 1440 - 60),
        ("2026", "America/New_York", 365 * 1440),
        ("2026-03-08", "America/New_York", 1380),
        ("2026-W10", "America/New_York", 7 * 1440 - 60),
        ("2024-02", "UTC", 41_760),
        ("2011-12", "Pacific/Apia", 30 * 1440),
        ("2011-12-30", "Pacific/Apia", 0),
        ("2026-10", "Australia/Lord_Howe", 44_610),
    ],
)
def test_length_comes_from_the_zone(label: str, name: str, minutes: int) -> None:
    """A period is as long as its zone makes it: an hour less in spring, half an hour, a day at Apia."""
    assert read_period(label, name).length_us == minutes * MINUTE_US


@pytest.mark.parametrize(
    ("label", "first_day", "start", "end"),
    [
        ("2026-03", 15, "2026-03-15", "2026-04-15"),
        ("2026-01", 31, "2026-01-31", "2026-02-28"),
        ("2026-02", 31, "2026-02-28", "2026-03-31"),
        ("2024-02", 30, "2024-02-29", "2024-03-30"),
        ("2026-Q4", 10, "2026-10-10", "2027-01-10"),
        ("2026", 2, "2026-01-02", "2027-01-02"),
        ("2026-12", 1, "2026-12-01", "2027-01-01"),
        ("2020-W53", 1, "2020-12-28", "2021-01-04"),
    ],
)
def test_billing_cycles_begin_on_their_day(label: str, first_day: int, start: str, end: str) -> None:
    """A cycle begins on its day of the month, or on the last one where there is none of that number."""
    period = read_period(label, "UTC", first_day=first_day)
    assert from_us(period.start_us) == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert from_us(period.end_us) == datetime.fromisoformat(end).replace(tzinfo=UTC)


@given(day=st.dates(date(1971, 1, 2), date(2037, 12, 30)), name=zones)
def test_a_day_equals_a_walk(day: date, name: str) -> None:
    """A period starts at the first instant at which the wall clock reads its first midnight or later."""
    period = read_period(day.isoformat(), name)
    assert from_us(period.start_us) == first_instant(day, name)
    assert from_us(period.end_us) == first_instant(day + timedelta(days=1), name)


@given(units, instants_us, zones, first_days)
def test_each_instant_is_in_one_period(unit: PeriodUnit, at_us: int, name: str, first_day: int) -> None:
    """The period that holds an instant holds it, and is read again by its label."""
    period = period_at(unit, at_us, name, first_day=first_day)
    assert period.start_us <= at_us < period.end_us
    assert read_period(period.label, name, first_day=first_day) == period


@given(units, instants_us, zones, first_days, st.integers(1, 400))
def test_periods_meet(unit: PeriodUnit, start_us: int, name: str, first_day: int, days: int) -> None:
    """Periods follow one another without gap or overlap, and cover what was asked for."""
    end_us = min(start_us + days * 86_400_000_000, to_us(datetime(2198, 12, 31, tzinfo=UTC)))
    periods = periods_between(unit, start_us, end_us, name, first_day=first_day)
    assert all(one.end_us == other.start_us for one, other in pairwise(periods))
    assert periods[0].start_us <= start_us
    assert periods[-1].start_us < end_us <= periods[-1].end_us
    assert periods[0] == period_at(unit, start_us, name, first_day=first_day)


def test_a_set_back_clock_that_reads_the_date_before_again() -> None:
    """Santiago's clock goes back at midnight: the hour that is read twice is of one day."""
    before = to_us(datetime(2026, 4, 5, 2, 59, tzinfo=UTC))
    after = to_us(datetime(2026, 4, 5, 3, 30, tzinfo=UTC))
    assert period_at("day", before, "America/Santiago").label == "2026-04-04"
    assert period_at("day", after, "America/Santiago").label == "2026-04-04"


def test_a_window_rolls_at_its_wall_time() -> None:
    """Thirty days before 9:30 in New York it was 9:30, whatever the clocks did."""
    window = rolling_window(30, to_us(datetime(2026, 3, 20, 13, 30, tzinfo=UTC)), "America/New_York")
    assert from_us(window.start_us) == datetime(2026, 2, 18, 14, 30, tzinfo=UTC)


@given(st.integers(1, 400), instants_us, zones)
def test_a_window_has_about_its_days(days: int, end_us: int, name: str) -> None:
    """A window is its days long, but for what the zone's clocks were moved by."""
    window = rolling_window(days, end_us, name)
    assert window.end_us == end_us
    assert abs(window.length_us - days * 86_400_000_000) <= 25 * 3_600_000_000


@pytest.mark.parametrize(
    "label",
    [
        "",
        "26",
        "2026-13",
        "2026-00",
        "2026-3",
        "2026-Q5",
        "2026-W54",
        "2026-02-30",
        "2026-03\n",
        "٢٠١٦-03",
        "1969",
        "2200",
        "2021-W53",
        "2026-03-32",
        "2026-Q1-1",
    ],
)
def test_what_is_no_period_is_refused(label: str) -> None:
    """Anything but the five forms, and dates that there are not."""
    with pytest.raises(PeriodInvalidError) as caught:
        read_period(label, "UTC")
    assert caught.value.field == "period"


def test_bounds() -> None:
    """Days of cycles, days of windows, the number of periods, zones."""
    day_us = 86_400_000_000
    for first_day in (0, 32):
        with pytest.raises(PeriodInvalidError, match="from 1 to 31"):
            read_period("2026-03", "UTC", first_day=first_day)
    for days in (0, 36_601):
        with pytest.raises(PeriodInvalidError, match="rolling"):
            rolling_window(days, 0, "UTC")
    assert len(periods_between("day", 0, MOST_PERIODS * day_us, "UTC")) == MOST_PERIODS
    with pytest.raises(PeriodInvalidError, match="more than 1000"):
        periods_between("day", 0, MOST_PERIODS * day_us + 1, "UTC")
    with pytest.raises(PeriodInvalidError, match="later"):
        periods_between("day", 5, 5, "UTC")
    with pytest.raises(ZoneUnknownError):
        read_period("2026-03", "Mars/Base")
    for at_us in (-(2**62), 2**62):
        with pytest.raises(PeriodInvalidError, match="outside"):
            period_at("day", at_us, "UTC")
