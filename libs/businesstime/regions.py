"""Public holidays by country and subdivision, from the `holidays` package, the same on every host."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from threading import Lock
from typing import Final, NamedTuple

import holidays
from holidays.registry import EntityLoader

from businesstime.errors import RegionUnknownError

__all__ = ["HOLIDAYS_VERSION", "check_region", "known_years", "region_year"]

HOLIDAYS_VERSION: Final = version("holidays")
_LONGEST_NAME: Final = 60

# A date's names in the region's own language, and the same in English where the package has them.
Names = tuple[str, ...]

# What is done with warnings holds for a whole process: one thread at a time does it.
_WARNINGS: Final = Lock()


class _Year(NamedTuple):
    """The names by ordinal of a year's holidays, and whether the package knows all of them."""

    names: dict[int, Names]
    complete: bool


@lru_cache(maxsize=1)
def _supported() -> frozenset[str]:
    # Its list of countries would import them all, which takes a third of a second; so does its first answer.
    return frozenset(EntityLoader.get_country_codes(include_aliases=True))


def check_region(country: object, subdivision: object, *, field: str | None = None) -> None:
    """Refuse a country or a subdivision that the package does not have. Raises RegionUnknownError."""
    path = f"{field}." if field else ""
    if not isinstance(country, str) or country not in _supported():
        raise RegionUnknownError(
            f"no holidays are known for {str(country)[:_LONGEST_NAME]!r}: write an ISO 3166 code such as BR",
            field=f"{path}country",
        )
    if subdivision is None:
        return
    if not (isinstance(subdivision, str) and subdivision in _subdivisions(country)):
        raise RegionUnknownError(
            f"{country} has no subdivision {str(subdivision)[:_LONGEST_NAME]!r}", field=f"{path}subdivision"
        )


@lru_cache(maxsize=16_384)
def region_year(
    country: str,
    subdivision: str | None,
    year: int,
    *,
    observed: bool,
) -> tuple[tuple[int, Names, Names], ...]:
    """Answer (ordinal, names, names in English) of a region's public holidays in a year, in order of date."""
    # The package translates by the host's locale unless a language is given.
    local = holidays.country_holidays(country, expand=False)
    languages = local.supported_languages
    own = local.default_language
    english = next((each for each in ("en_US", "en") if each in languages), own)
    found = [
        _year(country, subdivision, year, language, observed=observed).names for language in (own, english)
    ]
    return tuple((day, found[0][day], found[1].get(day, ())) for day in sorted(found[0]))


@lru_cache(maxsize=512)
def known_years(country: str, subdivision: str | None) -> tuple[int, int]:
    """Answer the first and the last year of which the package knows all of a region's holidays."""
    entity = holidays.country_holidays(country)
    years = range(entity.start_year, entity.end_year + 1)
    known = (
        next((year for year in way if _year(country, subdivision, year, None, observed=True).complete), year)
        for way, year in ((years, years[0]), (reversed(years), years[-1]))
    )
    first, last = known
    return first, last


def _year(
    country: str,
    subdivision: str | None,
    year: int,
    language: str | None,
    *,
    observed: bool,
) -> _Year:
    """Ask the package; it warns of what it does not know (India's movable days end in 2035)."""
    with _WARNINGS, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        days = holidays.country_holidays(
            country, subdiv=subdivision, years=year, expand=False, observed=observed, language=language
        )
        names = {day.toordinal(): tuple(days.get_list(day)) for day in days if day.year == year}
    return _Year(names, not any(each.category is UserWarning for each in told))


@lru_cache(maxsize=512)
def _subdivisions(country: str) -> frozenset[str]:
    entity = type(holidays.country_holidays(country))
    aliases: Iterable[str] = getattr(entity, "subdivisions_aliases", {})
    return frozenset([*entity.subdivisions, *aliases, *getattr(entity, "_deprecated_subdivisions", ())])
