from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from businesstime import RegionHolidays, compile_schedule, schedule_from_document, unmatched_opt_outs
from businesstime.holiday import holiday_names


def names(region: RegionHolidays, year: int) -> dict[str, str]:
    """Answer a year's holidays by date."""
    found = holiday_names((region,), date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal())
    return {str(date.fromordinal(ordinal)): name for ordinal, name in sorted(found.items())}


def test_a_subdivision_has_days_of_its_own() -> None:
    """São Paulo's ninth of July is a holiday there and not in all of Brazil."""
    assert "2016-07-09" in names(RegionHolidays(country="BR", subdivision="SP"), 2016)
    assert "2016-07-09" not in names(RegionHolidays(country="BR"), 2016)


def test_easter_and_the_moon_are_followed() -> None:
    """Good Friday and the lunar new year are where they fall."""
    assert names(RegionHolidays(country="BR"), 2024)["2024-03-29"] == "Sexta-feira Santa"
    assert "2024-02-12" in names(RegionHolidays(country="KR"), 2024)


def test_observed_days() -> None:
    """A holiday at a weekend closes the weekday that stands in for it, unless that is not wanted."""
    assert names(RegionHolidays(country="US"), 2021)["2021-12-31"] == "New Year's Day (observed)"
    assert "2021-12-31" not in names(RegionHolidays(country="US", observed=False), 2021)


@pytest.mark.parametrize("name", ["Christmas Day", "christmas day"])
def test_an_opt_out_takes_its_observed_day_along(name: str) -> None:
    """Opting out of Christmas Day opens the Monday that would have been observed."""
    kept = names(RegionHolidays(country="US", opt_outs=(name,)), 2022)
    assert not {"2022-12-25", "2022-12-26"} & set(kept)
    assert "2022-11-24" in kept


@pytest.mark.parametrize("name", ["Natal", "Christmas Day"])
def test_an_opt_out_in_either_language(name: str) -> None:
    """A name in the region's language or in English opts out."""
    assert "2024-12-25" not in names(RegionHolidays(country="BR", opt_outs=(name,)), 2024)


def test_misspelt_opt_outs_are_found() -> None:
    """An opt-out that fits no holiday is named; others are not."""
    region = RegionHolidays(country="BR", opt_outs=("Natal", "Natale"))
    assert unmatched_opt_outs(region, 2024, 2026) == ("Natale",)


@pytest.mark.parametrize(
    ("country", "years"), [("US", (1777, 2100)), ("IN", (2001, 2035)), ("BR", (1890, 2100))]
)
def test_the_years_that_are_known(country: str, years: tuple[int, int]) -> None:
    """The years of which the package has all holidays are told, also where it has some of later ones."""
    assert RegionHolidays(country=country).known_years == years


def test_years_beyond_what_is_known() -> None:
    """Years that the package warns of neither raise nor warn: India keeps the days of fixed date."""
    assert "2036-08-15" in names(RegionHolidays(country="IN"), 2036)
    assert names(RegionHolidays(country="US"), 2101) == {}
    schedule = schedule_from_document(
        {"zone": "Asia/Kolkata", "hours": {"mon-fri": ["09:00-17:00"]}, "holidays": [{"country": "IN"}]}
    )
    timeline = compile_schedule(schedule, start=date(1990, 1, 1), end=date(2060, 1, 1))
    assert not timeline.is_open(datetime(2036, 8, 15, 6, tzinfo=UTC))


def test_countries_are_loaded_when_dates_are_asked_for() -> None:
    """A schedule read with a country's holidays does not yet import the package's 250 countries."""
    code = (
        "import sys; from businesstime import RegionHolidays; RegionHolidays(country='BR');"
        "print(any(name.startswith('holidays.countries') for name in sys.modules))"
    )
    told = subprocess.run(  # noqa: S603 - this interpreter, and a constant program
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert told.stdout.strip() == "False"


@pytest.mark.parametrize("language", ["C", "de_DE.UTF-8", "pt_BR.UTF-8"])
def test_names_do_not_depend_on_the_host(language: str) -> None:
    """Whatever the host's language, names are in the region's own."""
    code = (
        "from businesstime import RegionHolidays;"
        "print(next(RegionHolidays(country='BR').named(736323, 736330))[1])"  # Christmas 2016
    )
    environment = {**os.environ, "LANG": language, "LC_ALL": language, "LANGUAGE": language[:2]}
    environment["PYTHONIOENCODING"] = "utf-8"
    told = subprocess.run(  # noqa: S603 - this interpreter, and a constant program
        [sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert told.stdout.strip() == "Natal"
