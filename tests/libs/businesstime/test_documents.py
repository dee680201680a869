from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from businesstime import (
    BusinessTimeError,
    DocumentInvalidError,
    RegionUnknownError,
    RuleInvalidError,
    ZoneUnknownError,
    schedule_from_document,
    schedule_to_document,
)

FIRST = "holidays[0]"
WEEK = {"mon-fri": ["09:00-17:00"]}


def local(**fields: Any) -> dict[str, Any]:
    """Answer a document of one place."""
    return {"zone": "Europe/London", "hours": WEEK, **fields}


FULL = local(
    hours={"mon": ["09:00-12:30", "13:15-17:30"], "sat": ["22:00-24:00"], "sun": ["22:00-06:00"]},
    seasons=[
        {"name": "summer", "from": "12-15", "to": "02-29", "hours": {"mon": ["07:00-13:00"]}},
        {"name": "move", "from": "2025-03-01", "to": "2025-03-09", "hours": {}},
    ],
    holidays=[
        {"country": "BR", "subdivision": "SP", "except": ["Natal"], "observed": False},
        {"country": "US"},
        {"date": "2026-12-24", "name": "Christmas Eve"},
        {"rule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31", "from": "2020-12-31", "name": "Year's end"},
    ],
    special={"2026-12-24": ["08:00-12:00"], "2026-12-27": []},
)
COMPOSED = {
    "splice": [
        {"schedule": {"union": [FULL, {"complement": local()}]}},
        {
            "from": "2026-01-01T00:00:00.000000Z",
            "schedule": {
                "difference": [{"intersection": [local(), FULL]}, {"shift": {"schedule": FULL, "by": "-90m"}}]
            },
        },
    ]
}


@pytest.mark.parametrize("document", [FULL, COMPOSED], ids=["full", "composed"])
def test_a_document_comes_back(document: dict[str, Any]) -> None:
    """A schedule's document is read as an equal schedule, and written as the same document."""
    schedule = schedule_from_document(document)
    written = schedule_to_document(schedule)
    assert schedule_from_document(written) == schedule
    assert schedule_to_document(schedule_from_document(written)) == written


def test_dates_as_yaml_reads_them() -> None:
    """A date may be text or a date, as YAML makes of it."""
    assert schedule_from_document(local(special={date(2026, 1, 2): []})) == schedule_from_document(
        local(special={"2026-01-02": []})
    )


def test_windows_are_merged() -> None:
    """Windows that touch or overlap are one, whatever their order."""
    merged = schedule_from_document(local(hours={"mon": ["12:00-17:00", "08:00-12:00", "09:00-10:00"]}))
    assert schedule_to_document(merged)["hours"] == {"mon": ["08:00-17:00"]}


def test_ranges_of_weekdays() -> None:
    """A key may name days, ranges of days, and ranges over the week's end."""
    spread = schedule_from_document(local(hours={"sat-mon": ["09:00-10:00"], "wed,thu": ["11:00-12:00"]}))
    assert list(schedule_to_document(spread)["hours"]) == ["mon", "wed", "thu", "sat", "sun"]


@pytest.mark.parametrize(
    ("document", "kind", "field"),
    [
        ([], DocumentInvalidError, None),
        ({}, DocumentInvalidError, "zone"),
        ({"zone": "UTC"}, DocumentInvalidError, "hours"),
        (local(zone="Mars/Base"), ZoneUnknownError, "zone"),
        (local(zone="../../etc/passwd"), ZoneUnknownError, "zone"),
        (local(zone=["UTC"]), ZoneUnknownError, "zone"),
        (local(colour="red"), DocumentInvalidError, "colour"),
        (local(hours={"mon": ["25:00-26:00"]}), DocumentInvalidError, "hours.mon[0]"),
        (local(hours={"mon": ["09:00-17:00", "24:00-02:00"]}), DocumentInvalidError, "hours.mon[1]"),
        (local(hours={"mon": ["09:00-24:01"]}), DocumentInvalidError, "hours.mon[0]"),
        (local(hours={"mon": ["9:00-17:00"]}), DocumentInvalidError, "hours.mon[0]"),
        (local(hours={"mon": [9]}), DocumentInvalidError, "hours.mon[0]"),
        (local(hours={"mon": "09:00-17:00"}), DocumentInvalidError, "hours.mon"),
        (local(hours={"noday": []}), DocumentInvalidError, "hours.noday"),
        (local(hours={1: []}), DocumentInvalidError, "hours.1"),
        (local(hours={"mon": [], "mon-fri": []}), DocumentInvalidError, "hours.mon-fri"),
        (local(seasons=[{"name": "s"}]), DocumentInvalidError, "seasons[0].from"),
        (
            local(seasons=[{"name": "s", "from": "13-01", "to": "02-01", "hours": {}}]),
            DocumentInvalidError,
            "seasons[0].from",
        ),
        (
            local(seasons=[{"name": "s", "from": "2026-02-01", "to": "2026-01-01", "hours": {}}]),
            DocumentInvalidError,
            "seasons[0].to",
        ),
        (
            local(seasons=[{"name": "s", "from": "2026-02-01", "to": "03-01", "hours": {}}]),
            DocumentInvalidError,
            "seasons[0].to",
        ),
        (local(holidays=[{"country": "XX"}]), RegionUnknownError, "holidays[0].country"),
        (local(holidays=[{"country": {}}]), RegionUnknownError, "holidays[0].country"),
        (
            local(holidays=[{"country": "BR", "subdivision": "XX"}]),
            RegionUnknownError,
            "holidays[0].subdivision",
        ),
        (
            local(holidays=[{"country": "BR", "subdivision": []}]),
            RegionUnknownError,
            "holidays[0].subdivision",
        ),
        (local(holidays=[{"country": "BR", "observed": 1}]), DocumentInvalidError, "holidays[0].observed"),
        (local(holidays=[{"country": "BR", "except": [1]}]), DocumentInvalidError, "holidays[0].except[0]"),
        (local(holidays=[{"date": "2026-02-30", "name": "x"}]), DocumentInvalidError, "holidays[0].date"),
        (local(holidays=[{"date": "2026-02-03"}]), DocumentInvalidError, "holidays[0].name"),
        (local(holidays=[{"date": "2026-02-03", "name": ""}]), DocumentInvalidError, "holidays[0].name"),
        (local(holidays=[{"date": "2026-02-03", "country": "BR"}]), DocumentInvalidError, "holidays[0]"),
        (
            local(holidays=[{"rule": "FREQ=SECONDLY", "from": "2026-01-01", "name": "x"}]),
            RuleInvalidError,
            "holidays[0].rule",
        ),
        (local(special={"2026-13-01": []}), DocumentInvalidError, "special.2026-13-01"),
        (local(special={"2026-12-01": ["x"]}), DocumentInvalidError, "special.2026-12-01[0]"),
        (local(special={"1600-01-01": []}), DocumentInvalidError, "special.1600-01-01"),
        ({"union": []}, DocumentInvalidError, "union"),
        (
            {"union": [local(), {"zone": "UTC", "hours": {"fri": ["x"]}}]},
            DocumentInvalidError,
            "union[1].hours.fri[0]",
        ),
        ({"union": [local()], "zone": "UTC"}, DocumentInvalidError, "zone"),
        ({"difference": [local()]}, DocumentInvalidError, "difference"),
        ({"shift": {"schedule": local(), "by": "2bd"}}, DocumentInvalidError, "shift.by"),
        ({"shift": {"schedule": local(), "by": "400000h"}}, DocumentInvalidError, "shift.by"),
        (
            {"splice": [{"schedule": local()}, {"from": "soon", "schedule": local()}]},
            DocumentInvalidError,
            "splice[1].from",
        ),
        (
            {"splice": [{"schedule": local()}, {"from": "2026-01-01T00:00:00", "schedule": local()}]},
            DocumentInvalidError,
            "splice[1].from",
        ),
        (
            {"splice": [{"from": "2026-01-01T00:00:00Z", "schedule": local()}]},
            DocumentInvalidError,
            "splice[0].from",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(
    document: Any, kind: type[BusinessTimeError], field: str | None
) -> None:
    """An error names the path of the value at fault, and says why."""
    with pytest.raises(kind) as caught:
        schedule_from_document(document)
    assert caught.value.field == field
    assert caught.value.kind == "invalid"
    assert str(caught.value).startswith(field or "a mapping")


def test_nesting_is_bounded() -> None:
    """A document nested without end is refused, not followed."""
    document: Any = local()
    for _ in range(5_000):
        document = {"complement": document}
    with pytest.raises(DocumentInvalidError, match="deep"):
        schedule_from_document(document)


def test_width_is_bounded() -> None:
    """Ten thousand parts are refused."""
    with pytest.raises(DocumentInvalidError, match="composed"):
        schedule_from_document({"union": [local()] * 5_000})
