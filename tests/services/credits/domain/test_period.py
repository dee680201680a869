"""Civil months: their length comes from the zone's transitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime.zones import zone as find_zone
from credits.domain.errors import PeriodInvalidError
from credits.domain.period import month_of

ZONES = [
    "America/New_York",
    "America/Sao_Paulo",
    "America/Asuncion",
    "America/Santiago",
    "America/Havana",
    "Europe/London",
    "Africa/Casablanca",
    "Asia/Amman",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Antarctica/Troll",
]


@pytest.mark.parametrize(
    ("label", "zone", "minutes"),
    [
        ("2026-03", "America/New_York", 44_580),
        ("2026-11", "America/New_York", 43_260),
        ("2026-03", "Asia/Tokyo", 44_640),
        ("2024-02", "UTC", 41_760),
        ("2026-02", "UTC", 40_320),
        ("2011-12", "Pacific/Apia", 30 * 1440),
        ("2026-10", "Australia/Lord_Howe", 44_610),
    ],
)
def test_length(label: str, zone: str, minutes: int) -> None:
    """A month is as long as its zone makes it: an hour less in spring, half an hour, a day at Apia."""
    assert month_of(label, zone).minutes == minutes


def test_instants() -> None:
    """A month lies between instants, not dates."""
    period = month_of("2016-03", "America/Sao_Paulo")
    assert period.starts_at == datetime(2016, 3, 1, 3, tzinfo=UTC)
    assert period.ends_at == datetime(2016, 4, 1, 3, tzinfo=UTC)


def test_gap_at_midnight_of_the_first() -> None:
    """Where the clock skips the month's first midnight, the month begins at the transition."""
    period = month_of("2017-10", "America/Asuncion")
    assert period.starts_at == datetime(2017, 10, 1, 4, tzinfo=UTC)
    assert period.starts_at.astimezone(find_zone("America/Asuncion")).hour == 1


months = st.builds(lambda year, month: f"{year}-{month:02}", st.integers(1971, 2037), st.integers(1, 12))


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Walk the minutes of two days in steps that halve: slow, and obvious."""
    instant = wall.replace(tzinfo=UTC) - timedelta(days=2)
    for step in (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)):
        while instant.astimezone(zone).replace(tzinfo=None) < wall:
            instant += step
        instant -= step
    return instant + timedelta(seconds=1)


@given(label=months, zone=st.sampled_from(ZONES))
def test_equals_a_walk(label: str, zone: str) -> None:
    """A month starts at the first instant at which the wall clock reads its first midnight or later."""
    wall = datetime.fromisoformat(f"{label}-01")
    assert month_of(label, zone).starts_at == first_instant(wall, find_zone(zone))


@given(year=st.integers(1971, 2199), zone=st.sampled_from(ZONES))
def test_months_meet(year: int, zone: str) -> None:
    """Each month ends where the next begins, over the year's end too."""
    labels = [f"{year}-{month:02}" for month in range(1, 13)]
    periods = [month_of(label, zone) for label in labels]
    assert all(one.ends_at == other.starts_at for one, other in pairwise(periods))
    if year < 2199:
        assert periods[-1].ends_at == month_of(f"{year + 1}-01", zone).starts_at


@pytest.mark.parametrize(
    "label", ["2016-13", "2016-00", "2016-3", "16-03", "2016-03-01", "", "2016-03\n", "٢٠١٦-03"]
)
def test_refuses_what_is_no_month(label: str) -> None:
    """Anything but YYYY-MM is refused."""
    with pytest.raises(PeriodInvalidError, match="2016-03"):
        month_of(label, "UTC")
