"""The table of what global teams need of calendars: documents, and answers that were worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["REFUSALS", "ROWS", "Deadline", "Elapsed", "Row", "State", "desk"]

WEEKDAYS = "mon-fri"
OFFICE: dict[str, Any] = {WEEKDAYS: ["09:00-17:00"]}


@dataclass(frozen=True)
class State:
    """Whether a Calendar is open at an instant, and why: the name of the holiday or season, else the rule."""

    key: str
    at: str
    is_open: bool
    why: str = "WEEKLY_HOURS"


@dataclass(frozen=True)
class Elapsed:
    """Open hours between two instants."""

    key: str
    start: str
    end: str
    hours: float


@dataclass(frozen=True)
class Deadline:
    """When a duration has passed."""

    key: str
    start: str
    duration: str
    due: str


@dataclass(frozen=True)
class Row:
    """One row: Calendars by key, in any order, and what they answer."""

    name: str
    calendars: dict[str, dict[str, Any]]
    answers: tuple[State | Elapsed | Deadline, ...]


def desk(zone: str, **more: Any) -> dict[str, Any]:
    """Write a desk that is open from nine to five on weekdays."""
    return {"zone": zone, "hours": OFFICE, **more}


ROWS = (
    Row(
        "many windows a day",
        {
            "desk": {
                "zone": "America/Sao_Paulo",
                "hours": {WEEKDAYS: ["08:00-12:00", "13:00-15:30", "16:00-18:00"]},
            }
        },
        (
            Elapsed("desk", "2026-03-02T11:00:00Z", "2026-03-03T11:00:00Z", 8.5),
            Deadline("desk", "2026-03-02T14:30:00Z", "1h", "2026-03-02T16:30:00Z"),
            State("desk", "2026-03-02T18:45:00Z", is_open=False),
            State("desk", "2026-03-02T19:00:00Z", is_open=True),
        ),
    ),
    Row(
        "overnight: a holiday closes the shift that starts on it, not the tail of the one before",
        {
            "night": {
                "zone": "UTC",
                "hours": {WEEKDAYS: ["22:00-06:00"]},
                "holidays": [{"date": "2026-03-04", "name": "Fair"}],
            }
        },
        (
            State("night", "2026-03-04T05:59:59Z", is_open=True),
            State("night", "2026-03-04T23:00:00Z", is_open=False, why="Fair"),
            State("night", "2026-03-05T03:00:00Z", is_open=False),
            State("night", "2026-03-07T05:00:00Z", is_open=True),
            Elapsed("night", "2026-03-03T12:00:00Z", "2026-03-06T12:00:00Z", 16),
        ),
    ),
    Row(
        "half day",
        {
            "london": desk(
                "Europe/London",
                holidays=[{"country": "GB", "subdivision": "ENG"}],
                special={"2026-12-24": ["09:00-12:00"]},
            )
        },
        (
            State("london", "2026-12-24T11:59:59Z", is_open=True, why="SPECIAL_HOURS"),
            State("london", "2026-12-24T12:00:00Z", is_open=False, why="SPECIAL_HOURS"),
            Deadline("london", "2026-12-24T11:00:00Z", "4h", "2026-12-29T12:00:00Z"),
        ),
    ),
    Row(
        "extra opening",
        {"shop": desk("Europe/London", special={"2026-11-29": ["10:00-16:00"]})},
        (
            State("shop", "2026-11-29T11:00:00Z", is_open=True, why="SPECIAL_HOURS"),
            Elapsed("shop", "2026-11-28T00:00:00Z", "2026-11-30T00:00:00Z", 6),
            Elapsed("shop", "2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z", 0),
        ),
    ),
    Row(
        "floating holidays: by rule, and by Easter",
        {
            "new-york": desk(
                "America/New_York",
                holidays=[
                    {"rule": "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "from": "2020-11-26", "name": "Thanks"}
                ],
            ),
            "london": desk("Europe/London", holidays=[{"country": "GB"}]),
        },
        (
            State("new-york", "2026-11-26T15:00:00Z", is_open=False, why="Thanks"),
            State("new-york", "2026-11-25T15:00:00Z", is_open=True),
            State("new-york", "2027-11-25T15:00:00Z", is_open=False, why="Thanks"),
            State("new-york", "2027-11-26T15:00:00Z", is_open=True),
            State("london", "2026-04-03T10:00:00Z", is_open=False, why="Good Friday"),
            State("london", "2027-03-26T10:00:00Z", is_open=False, why="Good Friday"),
            State("london", "2027-04-02T10:00:00Z", is_open=True),
        ),
    ),
    Row(
        "country and subdivision",
        {
            "munich": desk("Europe/Berlin", holidays=[{"country": "DE", "subdivision": "BY"}]),
            "berlin": desk("Europe/Berlin", holidays=[{"country": "DE", "subdivision": "BE"}]),
        },
        (
            State("munich", "2026-01-06T10:00:00Z", is_open=False, why="Heilige Drei Könige"),
            State("berlin", "2026-01-06T10:00:00Z", is_open=True),
            State("munich", "2026-05-01T10:00:00Z", is_open=False, why="Erster Mai"),
            State("berlin", "2026-05-01T10:00:00Z", is_open=False, why="Erster Mai"),
        ),
    ),
    Row(
        "opt-out of single holidays, and observed days",
        {
            "all": desk("America/New_York", holidays=[{"country": "US", "observed": True}]),
            "some": desk(
                "America/New_York",
                holidays=[{"country": "US", "except": ["Columbus Day"], "observed": False}],
            ),
        },
        (
            State("all", "2026-10-12T15:00:00Z", is_open=False, why="Columbus Day"),
            State("some", "2026-10-12T15:00:00Z", is_open=True),
            State("some", "2027-10-11T15:00:00Z", is_open=True),
            State("some", "2030-10-14T15:00:00Z", is_open=True),
            State("some", "2026-11-11T15:00:00Z", is_open=False, why="Veterans Day"),
            State("all", "2026-07-03T15:00:00Z", is_open=False, why="Independence Day (observed)"),
            State("some", "2026-07-03T15:00:00Z", is_open=True),
        ),
    ),
    Row(
        "seasons: yearly over New Year, and dated ones before them",
        {
            "desk": desk(
                "America/Sao_Paulo",
                seasons=[
                    {"name": "works", "from": "2026-01-05", "to": "2026-01-09", "hours": {"mon": []}},
                    {"name": "summer", "from": "12-15", "to": "02-28", "hours": {WEEKDAYS: ["07:00-13:00"]}},
                ],
            )
        },
        (
            State("desk", "2025-12-15T10:00:00Z", is_open=True, why="summer"),
            State("desk", "2025-12-12T10:00:00Z", is_open=False),
            State("desk", "2026-01-06T14:00:00Z", is_open=False, why="works"),
            State("desk", "2026-02-27T16:00:00Z", is_open=False, why="summer"),
            State("desk", "2026-03-02T19:00:00Z", is_open=True),
            State("desk", "2027-01-06T14:00:00Z", is_open=True, why="summer"),
        ),
    ),
    Row(
        "inheritance: region from global, customer from region",
        {
            "customer": {
                "parent": "region",
                "hours": {"mon-sun": ["00:00-24:00"]},
                "opt_out": ["May Day"],
            },
            "region": {
                "parent": "global",
                "zone": "Asia/Tokyo",
                "holidays": [{"date": "2026-05-04", "name": "Greenery Day"}],
            },
            "global": desk("UTC", holidays=[{"date": "2026-05-01", "name": "May Day"}]),
        },
        (
            State("global", "2026-05-01T10:00:00Z", is_open=False, why="May Day"),
            State("region", "2026-05-01T01:00:00Z", is_open=False, why="May Day"),
            State("region", "2026-05-04T01:00:00Z", is_open=False, why="Greenery Day"),
            State("region", "2026-05-05T01:00:00Z", is_open=True),
            State("global", "2026-05-04T10:00:00Z", is_open=True),
            State("customer", "2026-05-01T12:00:00Z", is_open=True),
            State("customer", "2026-05-04T03:00:00Z", is_open=False, why="Greenery Day"),
        ),
    ),
    Row(
        "union, intersection and difference across zones, through their changes of the clock",
        {
            "sun": {"union": ["tokyo", "london", "new-york"]},
            "both": {"intersection": ["london", "new-york"]},
            "london-alone": {"difference": ["london", "new-york"]},
            "tokyo": desk("Asia/Tokyo"),
            "london": desk("Europe/London"),
            "new-york": desk("America/New_York"),
        },
        (
            Elapsed("sun", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", 21),
            State("sun", "2026-03-02T08:30:00Z", is_open=False),
            State("sun", "2026-07-06T08:30:00Z", is_open=True),
            Elapsed("sun", "2026-07-06T00:00:00Z", "2026-07-07T00:00:00Z", 21),
            Elapsed("both", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", 3),
            Elapsed("both", "2026-03-16T00:00:00Z", "2026-03-17T00:00:00Z", 4),
            Elapsed("both", "2026-07-06T00:00:00Z", "2026-07-07T00:00:00Z", 3),
            Elapsed("london-alone", "2026-03-16T00:00:00Z", "2026-03-17T00:00:00Z", 4),
            Deadline("sun", "2026-03-02T07:30:00Z", "1h", "2026-03-02T09:30:00Z"),
        ),
    ),
    Row(
        "business days",
        {"london": desk("Europe/London", holidays=[{"country": "GB", "subdivision": "ENG"}])},
        (
            Deadline("london", "2026-04-02T15:00:00Z", "1bd", "2026-04-07T15:00:00Z"),
            Deadline("london", "2026-04-07T15:00:00Z", "-1bd", "2026-04-02T15:00:00Z"),
        ),
    ),
)

SEASONS = [
    {"name": "a", "from": "06-01", "to": "08-31", "hours": OFFICE},
    {"name": "b", "from": "08-31", "to": "09-30", "hours": OFFICE},
]

REFUSALS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("made of itself", {"parent": "child"}, "reference_cycle", "document.parent"),
    ("made of what is made of it", {"union": ["child", "sun"]}, "reference_cycle", "document.union[0]"),
    ("never open", {"zone": "UTC", "hours": {}}, "never_opens", "document"),
    (
        "never open since all is taken away",
        {"difference": ["other", "other"]},
        "never_opens",
        "document",
    ),
    ("unknown zone", desk("Europe/Lutetia"), "zone_unknown", "document.zone"),
    ("overlapping seasons", desk("UTC", seasons=SEASONS), "seasons_overlap", "document.seasons[1]"),
    (
        "a window past the day",
        {"zone": "UTC", "hours": {"mon": ["25:00-26:00"]}},
        "schedule_invalid",
        "document.hours.mon[0]",
    ),
    ("made of what is not there", {"union": ["other", "nobody"]}, "reference_unknown", "document.union[1]"),
)
"""What is tried as version 2 of `root`, and its refusal; `child` is made of `root`, and `sun` of `child`."""
