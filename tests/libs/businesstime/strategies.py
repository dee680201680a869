"""Arbitrary schedules and instants, as documents and microseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from businesstime import Schedule, schedule_from_document, to_us

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = (
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "UTC",
)

FIRST_US = to_us(datetime(2015, 1, 1, tzinfo=UTC))
LAST_US = to_us(datetime(2024, 1, 1, tzinfo=UTC))
HOUR_US = 3_600_000_000
WEDNESDAYS = {"wed": ["09:00-10:00"]}

dates = st.dates(date(2014, 12, 1), date(2024, 2, 1)).map(str)
clocks = st.sampled_from(range(0, 1440, 5)).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
windows = st.builds("{}-{}".format, clocks, clocks | st.just("24:00"))
weeks = st.dictionaries(st.sampled_from(DAYS), st.lists(windows, min_size=1, max_size=3), max_size=7)
seasons = st.builds(
    lambda ends, hours: {"name": "a season", "from": min(ends), "to": max(ends), "hours": hours},
    st.tuples(dates, dates),
    weeks,
) | st.builds(
    lambda first, last, hours: {"name": "each year", "from": first[5:], "to": last[5:], "hours": hours},
    dates,
    dates,
    weeks.map(lambda week: WEDNESDAYS | week),
)
holidays = st.builds(lambda day: {"date": day, "name": "a day off"}, dates) | st.builds(
    lambda day, step: {"rule": f"FREQ=MONTHLY;INTERVAL={step}", "from": day, "name": "each so often"},
    dates,
    st.integers(1, 5),
)

documents = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(ZONES),
        # Never empty, and no yearly season is, so that every schedule here opens.
        "hours": weeks.map(lambda week: WEDNESDAYS | week),
    },
    optional={
        "seasons": st.lists(seasons, max_size=2),
        "holidays": st.lists(holidays, max_size=3),
        "special": st.dictionaries(dates, st.lists(windows, max_size=2), max_size=3),
    },
)
schedules = documents.map(schedule_from_document)
instants = st.integers(FIRST_US, LAST_US)
durations = st.integers(-400 * HOUR_US, 400 * HOUR_US)


def composed(parts: st.SearchStrategy[Schedule]) -> st.SearchStrategy[Schedule]:
    """Compose schedules in every way there is."""
    return st.one_of(
        st.builds(lambda a, b: a | b, parts, parts),
        st.builds(lambda a, b: a & b, parts, parts),
        st.builds(lambda a, b: a - b, parts, parts),
        st.builds(lambda a: ~a, parts),
    )


any_schedules = st.recursive(schedules, composed, max_leaves=4)


def plain(value: Any) -> st.SearchStrategy[Any]:
    """Arbitrary JSON with `value` strewn in."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | value,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=8,
    )
