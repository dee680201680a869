from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from businesstime import (
    NeverClosesError,
    NeverOpensError,
    OutOfReachError,
    RowsInvalidError,
    Timeline,
    TimelineRows,
    compile_schedule,
    schedule_from_document,
)
from businesstime.buckets import CHUNK_ROWS
from tests.libs.businesstime.rows import segments_of
from tests.libs.businesstime.strategies import FIRST_US, HOUR_US, LAST_US


def office(zone: str, hours: str = "09:00-17:00") -> Timeline:
    """Compile an office's hours for little, so that questions make it grow."""
    schedule = schedule_from_document({"zone": zone, "hours": {"mon-fri": [hours]}})
    return compile_schedule(schedule, start=date(2020, 1, 1), end=date(2020, 3, 1))


TIMELINES = [
    office("Europe/London"),
    office("Asia/Tokyo", "08:30-12:00"),
    office("America/Denver", "22:00-03:00"),
]


def drawn(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw instants, later instants and durations."""
    rng = np.random.default_rng(rows)
    start = rng.integers(FIRST_US, LAST_US, rows)
    return (
        start,
        start + rng.integers(0, 1000 * HOUR_US, rows),
        rng.integers(-99 * HOUR_US, 99 * HOUR_US, rows),
    )


@pytest.mark.parametrize("rows", [0, 1, 1000, CHUNK_ROWS + 1])
def test_rows_of_many_timelines(rows: int) -> None:
    """A row's answer is that of its own Timeline, whatever the order of rows."""
    start, end, durations = drawn(rows)
    which = np.random.default_rng(1).integers(0, len(TIMELINES), rows)
    many = TimelineRows(TIMELINES, which)
    answers = {
        "is_open": many.is_open(start),
        "elapsed": many.elapsed(start, end),
        "deadline": many.deadline(start, durations),
        "next_open": many.next_open(start),
        "next_close": many.next_close(start),
        "add_business_days": many.add_business_days(start, durations // (33 * HOUR_US)),
        "business_days_between": many.business_days_between(start, end),
    }
    for row in range(0, rows, max(rows // 97, 1)):
        timeline, at, until = TIMELINES[which[row]], int(start[row]), int(end[row])
        assert answers["is_open"][row] == timeline.is_open_us(at)
        assert answers["elapsed"][row] == timeline.elapsed_us(at, until)
        assert answers["deadline"][row] == timeline.deadline_us(at, int(durations[row]))
        assert answers["next_open"][row] == timeline.next_open_us(at)
        assert answers["next_close"][row] == timeline.next_close_us(at)
        days = int(durations[row] // (33 * HOUR_US))
        assert answers["add_business_days"][row] == timeline.add_business_days_us(at, days)
        assert answers["business_days_between"][row] == timeline.business_days_between_us(at, until)


@pytest.mark.parametrize("rows", [0, 1, 60])
def test_pieces_of_many_timelines(rows: int) -> None:
    """A row's open Intervals and segments are those of its own Timeline, in the rows' order."""
    start, end, _ = drawn(rows)
    end[::7] = start[::7] - HOUR_US
    which = np.random.default_rng(2).integers(0, len(TIMELINES), rows)
    many = TimelineRows(TIMELINES, which)
    intervals, of_row = many.open_intervals(start, end)
    told = segments_of(many.segments(start, end))
    assert of_row.tolist() == sorted(of_row.tolist())
    for row, (timeline, low, high) in enumerate(zip(which, start.tolist(), end.tolist(), strict=True)):
        expected = [list(each) for each in TIMELINES[timeline].open_intervals_us(low, high)]
        assert intervals[of_row == row].tolist() == expected
        assert told[row] == TIMELINES[timeline].segments_us(low, high)


def test_crowded_intervals_are_searched() -> None:
    """A schedule with windows crowded into one date, where a bucket would hold many, answers the same."""
    crowd = [
        f"{minute // 60:02}:{minute % 60:02}-{minute // 60:02}:{minute % 60 + 1:02}"
        for minute in range(0, 1440, 2)
    ]
    timeline = compile_schedule(schedule_from_document({
        "zone": "UTC", "hours": {"wed": ["09:00-10:00"]}, "special": {"2020-02-01": crowd},
    }))  # fmt: skip
    middle = np.datetime64("2020-02-01T12:00:00").astype("datetime64[us]").view(np.int64)
    at = middle + np.random.default_rng(3).integers(-30 * HOUR_US, 30 * HOUR_US, 500)
    assert timeline.arrays.is_open(at).tolist() == [timeline.is_open_us(each) for each in at.tolist()]
    later = timeline.arrays.deadline(at, 3_600_000_001)
    assert later.tolist() == [timeline.deadline_us(each, 3_600_000_001) for each in at.tolist()]


def test_kinds_of_arrays() -> None:
    """datetime64 of any unit comes back as datetime64 in µs; integers as integers; shapes are broadcast."""
    arrays = TIMELINES[0].arrays
    at = np.array(["2024-05-01T10", "2024-05-01T20"], dtype="datetime64[h]")
    due = arrays.deadline(at, np.timedelta64(1, "h"))
    assert due.tolist() == [datetime(2024, 5, 1, 11), datetime(2024, 5, 2, 9)]  # noqa: DTZ001 - numpy's are UTC
    assert due.dtype == np.dtype("datetime64[us]")
    assert arrays.elapsed(at[:, None], at[None, :]).shape == (2, 2)
    assert arrays.is_open(at.astype("datetime64[us]").view(np.int64)).tolist() == [True, False]
    assert arrays.next_open(at).dtype == np.dtype("datetime64[us]")
    assert arrays.elapsed(np.array([], dtype=np.int64), np.array([], dtype=np.int64)).shape == (0,)


def test_open_intervals_of_rows() -> None:
    """Each row has its own Intervals, cut at its ends; a row that ends before it starts has none."""
    start, end, _ = drawn(50)
    start[::7] = TIMELINES[0].arrays.next_open(start[::7]) + 2
    end[::7] = start[::7] - 1  # in one Interval, the wrong way round
    intervals, rows = TIMELINES[0].arrays.open_intervals(start, end)
    for row, (low, high) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        expected = [list(each) for each in TIMELINES[0].open_intervals_us(low, high)]
        assert intervals[rows == row].tolist() == expected


def test_what_does_not_fit_is_refused() -> None:
    """Floats, NaT, shapes apart, unknown Timelines and far instants are errors of ours."""
    arrays = TIMELINES[0].arrays
    one = np.array([0])
    for ask in (
        lambda: arrays.is_open(np.array([0.5])),
        lambda: arrays.is_open(np.array(["x"])),
        lambda: arrays.is_open(np.array(["NaT"], dtype="datetime64[us]")),
        lambda: arrays.deadline(one, np.array(["NaT"], dtype="timedelta64[us]")),
        lambda: arrays.elapsed(np.arange(2), np.arange(3)),
        lambda: TimelineRows(TIMELINES, np.array([3])),
        lambda: TimelineRows(TIMELINES, np.array([-1])),
        lambda: TimelineRows(TIMELINES, np.array([[0]])),
        lambda: TimelineRows(TIMELINES, np.array([0, 1])).is_open(np.arange(3)),
    ):
        with pytest.raises(RowsInvalidError):
            ask()
    for far in (np.array([2**62]), np.array(["9999-01-01", "300000-01-01"], dtype="datetime64[s]")):
        with pytest.raises(OutOfReachError):
            arrays.is_open(far)
    for long in (10**16, 10**17, 2**63 - 1, -(2**63)):
        with pytest.raises(NeverOpensError):
            arrays.deadline(one, np.array([long]))


def test_a_schedule_with_an_end() -> None:
    """After the last opening of all, openings, deadlines and closings raise; before it they answer."""
    once = compile_schedule(
        schedule_from_document({"zone": "UTC", "hours": {}, "special": {"2020-02-01": ["09:00-10:00"]}})
    )
    at = np.datetime64("2020-02-01T09:30:00", "us").view(np.int64)
    assert once.arrays.deadline(at, 30 * 60_000_000) == once.arrays.next_close(at) == at + 30 * 60_000_000
    for ask, error in (
        (lambda: once.arrays.deadline(at, 30 * 60_000_001), NeverOpensError),
        (lambda: once.deadline_us(int(at), 30 * 60_000_001), NeverOpensError),
        (lambda: once.deadline(datetime(2020, 2, 1, 9, 30, tzinfo=UTC), -30 * 60_000_001), NeverOpensError),
        (lambda: once.deadline(datetime(2020, 2, 1, 9, 30, tzinfo=UTC), 10**30), NeverOpensError),
        (lambda: once.deadline(datetime(2020, 2, 1, 9, 30, tzinfo=UTC), timedelta.max), NeverOpensError),
        (lambda: once.arrays.next_open(at + HOUR_US), NeverOpensError),
        (lambda: once.next_open_us(int(at) + HOUR_US), NeverOpensError),
        (lambda: once.arrays.next_close(at + HOUR_US), NeverClosesError),
        (lambda: once.next_close_us(int(at) + HOUR_US), NeverClosesError),
    ):
        with pytest.raises(error):
            ask()


def test_durations_that_have_no_one_length() -> None:
    """Months and years as timedelta64 are refused, not taken for an average."""
    for unit in ("M", "Y"):
        with pytest.raises(RowsInvalidError, match="no one length"):
            TIMELINES[0].arrays.deadline(np.array([0]), np.array([3], dtype=f"timedelta64[{unit}]"))


@pytest.mark.parametrize("unit", ["W", "D", "h", "m", "s", "ms"])
def test_numbers_that_would_wrap_around(unit: str) -> None:
    """What is too large for 64 bits of microseconds is refused, and not taken for what it wraps around to."""
    for sign in (1, -1):
        with pytest.raises(NeverOpensError):
            TIMELINES[0].arrays.deadline(np.array([0]), np.array([sign << 60], dtype=f"timedelta64[{unit}]"))
    huge = np.array([(1 << 64) - 1], dtype=np.uint64)
    with pytest.raises(OutOfReachError):
        TIMELINES[0].arrays.elapsed(np.array([0]), huge)
