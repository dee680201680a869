from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from businesstime import compile_schedule, from_us, schedule_from_document, shift, splice, to_us

LONDON: dict[str, Any] = {
    "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-17:00"], "sat": ["22:00-02:00"]},
    "seasons": [{"name": "August", "from": "08-01", "to": "08-31", "hours": {"mon-fri": ["08:00-12:00"]}}],
    "holidays": [
        {"date": "2024-12-25", "name": "Christmas Day"},
        {"date": "2024-12-26", "name": "Boxing Day"},
    ],
    "special": {"2024-12-26": ["10:00-11:00"]},
}
WEEK = schedule_from_document(LONDON)


def told(schedule: Any, start: datetime, end: datetime) -> list[tuple[str, bool, str, str | None]]:
    """Answer the segments with their start as text."""
    segments = compile_schedule(schedule).segments(start, end)
    return [(f"{from_us(each.start_us):%d %H:%M}", each.is_open, each.kind, each.name) for each in segments]


def test_every_reason() -> None:
    """Weekly hours, a holiday, special hours with the holiday they replace, each from its local midnight."""
    assert told(WEEK, datetime(2024, 12, 24, 12, tzinfo=UTC), datetime(2024, 12, 27, 12, tzinfo=UTC)) == [
        ("24 12:00", True, "weekly_hours", None),
        ("24 17:00", False, "weekly_hours", None),
        ("25 00:00", False, "holiday", "Christmas Day"),
        ("26 00:00", False, "special_hours", "Boxing Day"),
        ("26 10:00", True, "special_hours", "Boxing Day"),
        ("26 11:00", False, "special_hours", "Boxing Day"),
        ("27 00:00", False, "weekly_hours", None),
        ("27 09:00", True, "weekly_hours", None),
    ]


def test_a_season_is_named() -> None:
    """What a season opens and what it leaves closed has its name."""
    assert told(WEEK, datetime(2024, 7, 31, 15, tzinfo=UTC), datetime(2024, 8, 1, 15, tzinfo=UTC)) == [
        ("31 15:00", True, "weekly_hours", None),
        ("31 16:00", False, "weekly_hours", None),
        ("31 23:00", False, "season", "August"),
        ("01 07:00", True, "season", "August"),
        ("01 11:00", False, "season", "August"),
    ]


def test_a_weekend_is_one_piece_but_for_its_shift() -> None:
    """Closed time of one reason is one piece over any number of midnights, and so is a shift over one."""
    assert told(WEEK, datetime(2024, 5, 3, 12, tzinfo=UTC), datetime(2024, 5, 6, 12, tzinfo=UTC)) == [
        ("03 12:00", True, "weekly_hours", None),
        ("03 16:00", False, "weekly_hours", None),
        ("04 21:00", True, "weekly_hours", None),
        ("05 01:00", False, "weekly_hours", None),
        ("06 08:00", True, "weekly_hours", None),
    ]


def test_composed_schedules_take_the_deciding_part() -> None:
    """The first part that decides gives the reason; shift and splice move and cut those of their parts."""
    feast = schedule_from_document(
        {
            "zone": "Europe/London",
            "hours": {},
            "special": {"2024-12-25": ["10:00-12:00"]},
        }
    )
    day = datetime(2024, 12, 25, tzinfo=UTC), datetime(2024, 12, 26, tzinfo=UTC)
    holiday, special = ("holiday", "Christmas Day"), ("special_hours", None)
    assert told(WEEK | feast, *day) == [
        ("25 00:00", False, *holiday),
        ("25 10:00", True, *special),
        ("25 12:00", False, *holiday),
    ]
    assert told(WEEK & feast, *day) == [("25 00:00", False, *holiday)]
    assert told(feast - WEEK, *day)[1] == ("25 10:00", True, *special)
    assert told(~WEEK, *day) == [("25 00:00", True, *holiday)]
    assert told(shift(feast, 3_600_000_000), *day)[2] == ("25 11:00", True, *special)
    noon = to_us(datetime(2024, 12, 25, 11, tzinfo=UTC))
    assert told(splice([(None, WEEK), (noon, feast)]), *day) == [
        ("25 00:00", False, *holiday),
        ("25 11:00", True, *special),
        ("25 12:00", False, *special),
    ]


def test_an_empty_question() -> None:
    """Nothing lies between an instant and itself, nor backwards."""
    at = datetime(2024, 12, 25, tzinfo=UTC)
    assert told(WEEK, at, at) == told(WEEK, at, datetime(2024, 12, 24, tzinfo=UTC)) == []
