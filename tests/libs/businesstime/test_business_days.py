from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from businesstime import (
    NeverOpensError,
    compile_schedule,
    from_us,
    schedule_from_document,
    splice,
    to_us,
    union,
    zone,
)
from tests.libs.businesstime.oracle import open_instants, spans_of, us, walk

WEEK = {day: ["09:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
NIGHTS = {day: ["22:00-02:30"] for day in ("thu", "fri", "sat", "sun", "mon")}
SMALL_HOURS = {day: ["02:00-03:00"] for day in ("sat", "sun", "mon", "wed")}
DAYS = 24
MINUTES = DAYS * 1440


class Walk:
    """Some weeks by the minute: wall times, what is open, and the dates that have open time."""

    def __init__(self, document: dict[str, Any], start: datetime) -> None:
        self.start, self.zone = start, zone(document["zone"])
        self.walls = walk(document["zone"], start, MINUTES)
        self.open = open_instants(document, self.walls)
        dates = sorted({wall.date() for wall in self.walls})[1:-1]
        self.dates = [day for day in dates if self.has_open_time(document, day)]

    def has_open_time(self, document: dict[str, Any], day: date) -> bool:
        """Say whether a window that starts on the date holds a wall time that was read."""
        spans = spans_of(document, day)
        return any(opens <= wall < closes for opens, closes in spans for wall in self.walls[::5])

    def step(self, at: datetime, days: int) -> datetime:
        """Answer the same local time on another business day, then walk to open time."""
        wall = at.astimezone(self.zone).replace(tzinfo=None)
        if days > 0:
            day = [each for each in self.dates if each > wall.date()][days - 1]
        else:
            day = [each for each in self.dates if each < wall.date()][days]
        landing = datetime.combine(day, wall.time())
        index = next(i for i, read in enumerate(self.walls) if read >= landing)
        if days > 0:
            while not self.open[index]:
                index += 1
        else:
            while not (self.open[index] or self.open[index - 1]):
                index -= 1
        return self.start + index * timedelta(minutes=1)


@pytest.mark.parametrize("hours", [WEEK, NIGHTS, SMALL_HOURS], ids=["week", "nights", "small hours"])
@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("America/New_York", datetime(2024, 2, 29, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 10, 24, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 19, tzinfo=UTC)),
        ("America/Santiago", datetime(2024, 8, 29, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2024, 5, 1, tzinfo=UTC)),
    ],
)
def test_steps_are_those_of_the_walk(key: str, start: datetime, hours: dict[str, list[str]]) -> None:
    """Steps of business days land where a walk by dates and minutes lands."""
    document = {"zone": key, "hours": hours, "holidays": [{"date": "2024-03-07", "name": "a day off"}]}
    timeline, oracle = compile_schedule(schedule_from_document(document)), Walk(document, start)
    rng = np.random.default_rng(1)
    for minute in rng.integers(8 * 1440, 13 * 1440, 40).tolist():
        at = start + timedelta(minutes=minute)
        for days in (-3, -1, 1, 2, 4):
            assert timeline.add_business_days(at, days) == oracle.step(at, days), (at, days)


@pytest.mark.parametrize("hours", [WEEK, NIGHTS], ids=["week", "nights"])
def test_counts_are_those_of_the_walk(hours: dict[str, list[str]]) -> None:
    """The count between two instants is that of the walk's dates."""
    document = {"zone": "America/New_York", "hours": hours}
    start = datetime(2024, 2, 29, tzinfo=UTC)
    timeline, oracle = compile_schedule(schedule_from_document(document)), Walk(document, start)
    rng = np.random.default_rng(2)
    for pair in np.sort(rng.integers(3 * 1440, 20 * 1440, (60, 2))).tolist():
        first, second = (start + timedelta(minutes=minute) for minute in pair)
        low, high = (each.astimezone(oracle.zone).date() for each in (first, second))
        assert timeline.business_days_between(first, second) == sum(low < day <= high for day in oracle.dates)
        assert timeline.business_days_between(second, first) == -sum(
            low <= day < high for day in oracle.dates
        )


def test_composed_schedules_have_business_days() -> None:
    """A union has those of its parts, a splice those of each in its time, others all with open time."""
    week = schedule_from_document({"zone": "Europe/London", "hours": WEEK})
    saturday = schedule_from_document({"zone": "Europe/London", "hours": {"sat": ["10:00-11:00"]}})
    change = datetime(2024, 5, 6, tzinfo=UTC)
    friday = datetime(2024, 5, 3, 9, 30, tzinfo=UTC)
    for schedule, due in (
        (union(week, saturday), datetime(2024, 5, 4, 9, 30, tzinfo=UTC)),
        (splice([(None, week), (to_us(change), saturday)]), datetime(2024, 5, 11, 9, 30, tzinfo=UTC)),
        (week - saturday, datetime(2024, 5, 6, 9, 30, tzinfo=UTC)),
        (~week, datetime(2024, 5, 4, 9, 30, tzinfo=UTC)),
    ):
        assert compile_schedule(schedule).add_business_days(friday, 1) == due


def test_there_may_not_be_so_many() -> None:
    """A step beyond the last business day of all raises, forwards and backwards."""
    once = compile_schedule(
        schedule_from_document({"zone": "UTC", "hours": {}, "special": {"2020-02-01": ["09:00-10:00"]}})
    )
    before, after = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    assert once.add_business_days(before, 1) == from_us(us(datetime(2020, 2, 1, 9, tzinfo=UTC)))
    for at, days in ((before, 2), (after, 1), (before, -1), (after, -2)):
        with pytest.raises(NeverOpensError):
            once.add_business_days(at, days)
