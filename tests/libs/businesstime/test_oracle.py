from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from businesstime import Timeline, compile_schedule, schedule_from_document
from tests.libs.businesstime.oracle import DAYS, open_instants, us, walk
from tests.libs.businesstime.zones_of_interest import ZONES, changes

HOURS: dict[str, dict[str, list[str]]] = {
    "office": {day: ["08:00-12:00", "13:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "night shift": {day: ["22:00-06:00"] for day in DAYS},
    "around the change": {
        day: ["00:00-00:30", "01:15-01:45", "02:10-02:50", "23:30-24:00"]
        for day in ("fri", "sat", "sun", "mon")
    },
    "never closed": {day: ["00:00-24:00"] for day in DAYS},
}


def compiled(document: dict[str, Any]) -> Timeline:
    """Compile a document."""
    return compile_schedule(schedule_from_document(document))


def agree(document: dict[str, Any], start: datetime, walls: list[datetime]) -> None:
    """Hold every question about a stretch, walked by the minute, against the walk."""
    minutes = len(walls)
    expected = np.array(open_instants(document, walls))
    timeline = compiled(document)
    at_us = us(start) + np.arange(minutes + 1, dtype=np.int64) * 60_000_000
    np.testing.assert_array_equal(timeline.arrays.is_open(at_us[:-1]), expected)
    totals = np.concatenate(([0], np.cumsum(expected))) * 60_000_000
    rng = np.random.default_rng(minutes)
    first, second = rng.integers(0, minutes + 1, (2, 50))
    elapsed = timeline.arrays.elapsed(at_us[first], at_us[second])
    np.testing.assert_array_equal(elapsed, totals[second] - totals[first])
    for here in first[first < minutes].tolist():
        assert timeline.is_open_us(int(at_us[here])) == expected[here]
    for here, there, wanted in zip(first.tolist(), second.tolist(), elapsed.tolist(), strict=True):
        assert timeline.elapsed_us(int(at_us[here]), int(at_us[there])) == wanted
        if wanted:
            # The first minute whose total is reached going forward; the last one going back.
            total = totals[here] + wanted
            if wanted > 0:
                reached = int(np.searchsorted(totals, total, side="left"))
            else:
                reached = int(np.searchsorted(totals, total, side="right")) - 1
            assert timeline.deadline_us(int(at_us[here]), wanted) == at_us[reached]


@pytest.mark.parametrize("key", ZONES)
def test_a_zone(key: str) -> None:
    """Around a zone's changes, far futures included, every answer is that of the walk."""
    days = changes(key, 2010, 2012)[:2] + changes(key, 2024, 2025)[-2:] + changes(key, 2051, 2051)[-2:]
    for day in days or [datetime(2024, 3, 1, 12, tzinfo=UTC)]:
        start = day - timedelta(days=1)
        walls = walk(key, start, 3 * 24 * 60)
        for hours in HOURS.values():
            agree({"zone": key, "hours": hours}, start, walls)


def test_the_day_that_apia_left_out() -> None:
    """A schedule open on Fridays alone has no open time on 2011-12-30 in Apia, and 24x7 no seam."""
    friday = {"zone": "Pacific/Apia", "hours": {"fri": ["00:00-24:00"]}}
    start = datetime(2011, 12, 28, tzinfo=UTC)
    agree(friday, start, walk("Pacific/Apia", start, 5 * 24 * 60))
    always = compiled({"zone": "Pacific/Apia", "hours": HOURS["never closed"]})
    start_us, end_us = us(datetime(1990, 1, 1, tzinfo=UTC)), us(datetime(2060, 1, 1, tzinfo=UTC))
    assert always.open_intervals_us(start_us, end_us) == [(start_us, end_us)]


@pytest.mark.parametrize("key", ZONES)
def test_open_without_a_seam(key: str) -> None:
    """24x7 is one Interval in every zone."""
    always = compiled({"zone": key, "hours": HOURS["never closed"]})
    start, end = us(datetime(1900, 1, 1, tzinfo=UTC)), us(datetime(2100, 1, 1, tzinfo=UTC))
    assert always.open_intervals_us(start, end) == [(start, end)]


def test_every_subset_of_weekdays() -> None:
    """All 127 weeks, through both changes of New York's clocks, are those of a walk by quarters."""
    quarter = timedelta(minutes=15)
    starts = (datetime(2024, 3, 7, tzinfo=UTC), datetime(2024, 10, 31, tzinfo=UTC))
    walks = [(start, walk("America/New_York", start, 8 * 96, quarter)) for start in starts]
    for subset in range(1, 128):
        days = [day for bit, day in enumerate(DAYS) if subset >> bit & 1]
        document = {
            "zone": "America/New_York",
            "hours": {day: ["20:00-03:00", "09:15-11:45"] for day in days},
        }
        arrays = compiled(document).arrays
        for start, walls in walks:
            at_us = us(start) + np.arange(8 * 96, dtype=np.int64) * 900_000_000
            np.testing.assert_array_equal(arrays.is_open(at_us), open_instants(document, walls))


def test_holidays_seasons_and_special_hours() -> None:
    """Precedence and overnight shifts through holidays are those of the walk."""
    week = {day: ["22:00-06:00", "10:00-11:00"] for day in DAYS}
    document = {
        "zone": "America/Sao_Paulo",
        "hours": week,
        "seasons": [
            {
                "name": "summer",
                "from": "12-22",
                "to": "01-07",
                "hours": {"mon": ["12:00-20:00"], "wed": ["23:00-23:00"]},
            },
            {"name": "move", "from": "2016-12-20", "to": "2016-12-24", "hours": {"fri": ["09:00-17:00"]}},
        ],
        "holidays": [{"date": "2016-12-21", "name": "one"}, {"date": "2017-01-10", "name": "two"}],
        "special": {"2016-12-25": ["08:00-09:00"], "2017-01-10": ["21:00-02:00"], "2017-01-12": []},
    }
    start = datetime(2016, 12, 15, tzinfo=UTC)
    agree(document, start, walk("America/Sao_Paulo", start, 35 * 24 * 60))


def test_zones_with_seconds_in_their_offsets() -> None:
    """Monrovia's clock was 44 minutes and 30 seconds behind until 1972; edges are exact to the second."""
    document = {"zone": "Africa/Monrovia", "hours": {day: ["08:00-12:00"] for day in ("thu", "fri", "sat")}}
    start = datetime(1972, 1, 6, tzinfo=UTC)
    seconds = 36 * 3600
    expected = open_instants(document, walk("Africa/Monrovia", start, seconds, timedelta(seconds=1)))
    at_us = us(start) + np.arange(seconds, dtype=np.int64) * 1_000_000
    np.testing.assert_array_equal(compiled(document).arrays.is_open(at_us), expected)


def test_microseconds_at_an_edge() -> None:
    """An Interval holds its first microsecond and not its last."""
    timeline = compiled({"zone": "Asia/Kathmandu", "hours": {"wed": ["09:00-17:00"]}})
    opens, closes = timeline.open_intervals(
        datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)
    )[0]
    for at_us, expected in ((opens - 1, False), (opens, True), (closes - 1, True), (closes, False)):
        assert timeline.is_open_us(at_us) is expected
        assert bool(timeline.arrays.is_open(at_us)) is expected
    assert timeline.elapsed_us(opens - 1, opens + 1) == 1


def test_cost_does_not_depend_on_the_span() -> None:
    """A question over ten years touches no more of the table than one over an hour: two days."""
    timeline = compiled({"zone": "Europe/Berlin", "hours": HOURS["office"]})
    timeline.elapsed(datetime(2015, 6, 1, 9, tzinfo=UTC), datetime(2025, 6, 2, 9, tzinfo=UTC))
    _, parts, _ = timeline._days
    assert sum(map(bool, parts)) == 2
