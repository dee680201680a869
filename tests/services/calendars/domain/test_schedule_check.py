"""Hostile documents: each is answered in bounded time, refused or not."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from businesstime import Schedule, difference, intersection, schedule_from_document, union
from calendars.domain.definition import Horizon
from calendars.domain.errors import CalendarsError
from calendars.domain.schedule_check import check_schedule
from tests.services.calendars.documents import hours

HORIZON = Horizon(start=date(2025, 1, 1), end=date(2028, 1, 1))


def office(*holidays: dict[str, Any]) -> Schedule:
    """Make the Schedule of an office with holidays."""
    return schedule_from_document(
        hours("America/Sao_Paulo", "08:00-12:00", "13:00-18:00", holidays=list(holidays))
    )


def ruled(rule: str, start: str = "1990-01-01", name: str = "Day") -> dict[str, Any]:
    """Write a holiday by rule."""
    return {"rule": rule, "from": start, "name": name}


def countries(*names: str) -> list[Schedule]:
    """Make an office for each country."""
    return [office({"country": name}) for name in names]


EUROPE = ("BR", "US", "GB", "DE", "FR", "IT", "ES", "PT", "AT", "CH", "NL", "BE")

CASES: dict[str, tuple[Schedule, str | None]] = {
    "an office": (office({"country": "BR", "subdivision": "SP"}), None),
    "a yearly rule for each of 500 names": (
        office(*[ruled("FREQ=YEARLY", f"1990-{1 + n % 12:02}-{1 + n % 28:02}", str(n)) for n in range(500)]),
        None,
    ),
    "every day by 300 rules": (
        office(*[ruled("FREQ=DAILY", name=str(n)) for n in range(300)]),
        "holidays_too_many",
    ),
    "every day by rules in rules of months": (
        office(
            *[
                ruled(f"FREQ=YEARLY;BYMONTHDAY={','.join(map(str, range(1, 32)))}", name=str(n))
                for n in range(300)
            ]
        ),
        "holidays_too_many",
    ),
    "every day since 1800, twice": (
        office(ruled("FREQ=DAILY", "1800-01-01"), ruled("FREQ=DAILY", "1800-01-02")),
        "holidays_too_many",
    ),
    "every day from now on": (office(ruled("FREQ=DAILY", "2024-01-01")), None),
    "closed every day it could open": (
        office(ruled("FREQ=DAILY", "1960-01-01")),
        "never_opens",
    ),
    "itself less itself": (difference(office({"country": "BR"}), office({"country": "BR"})), "never_opens"),
    "all of twelve countries less any": (
        difference(intersection(*countries(*EUROPE)), union(*countries(*EUROPE))),
        "never_opens",
    ),
    "rules over many parts": (
        intersection(
            *[
                office(*[ruled(f"FREQ=DAILY;INTERVAL={1 + n}", name=f"{part}-{n}") for n in range(50)])
                for part in range(30)
            ]
        ),
        "holidays_too_many",
    ),
    "a region with every opt-out": (
        union(*[office({"country": "BR", "except": [str(n)]}) for n in range(65)]),
        "holidays_too_many",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_schedule_is_judged_soon(name: str) -> None:
    """Whether a document may be saved is known in bounded time, however much it asks for."""
    schedule, code = CASES[name]
    began_s = time.process_time()
    refused = None
    try:
        check_schedule(schedule, HORIZON)
    except CalendarsError as error:
        refused = error.code
    assert refused == code
    assert time.process_time() - began_s < 20
