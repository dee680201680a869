"""Public holidays by country and subdivision, from the `holidays` package, the same on every host."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from typing import Final

import holidays

from businesstime.errors import RegionUnknownError

__all__ = ["HOLIDAYS_VERSION", "check_region", "region_year"]

HOLIDAYS_VERSION: Final = version("holidays")
_LONGEST_NAME: Final = 60

# A date's names in the region's own language, and the same in English where the package has them.
Names = tuple[str, ...]


@lru_cache(maxsize=1)
def _supported() -> dict[str, list[str]]:
    return dict(holidays.list_supported_countries(include_aliases=True))


def check_region(country: object, subdivision: object, *, field: str | None = None) -> None:
    """Refuse a country or a subdivision that the package does not have. Raises RegionUnknownError."""
    path = f"{field}." if field else ""
    if not isinstance(country, str) or country not in _supported():
        raise RegionUnknownError(
            f"no holidays are known for {str(country)[:_LONGEST_NAME]!r}: write an ISO 3166 code such as BR",
            field=f"{path}country",
        )
    known = _subdivisions(country)
    if subdivision is not None and not (isinstance(subdivision, str) and subdivision in known):
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
    local = holidays.country_holidays(country, years=year, expand=False)
    languages = local.supported_languages
    own = local.default_language
    english = next((each for each in ("en_US", "en") if each in languages), own)
    found = [_names(country, subdivision, year, language, observed=observed) for language in (own, english)]
    return tuple((day, found[0][day], found[1].get(day, ())) for day in sorted(found[0]))


def _names(
    country: str,
    subdivision: str | None,
    year: int,
    language: str | None,
    *,
    observed: bool,
) -> dict[int, Names]:
    days = holidays.country_holidays(
        country, subdiv=subdivision, years=year, expand=False, observed=observed, language=language
    )
    return {day.toordinal(): tuple(days.get_list(day)) for day in days if day.year == year}


@lru_cache(maxsize=512)
def _subdivisions(country: str) -> frozenset[str]:
    entity = type(holidays.country_holidays(country))
    aliases: Iterable[str] = getattr(entity, "subdivisions_aliases", {})
    return frozenset([*entity.subdivisions, *aliases, *getattr(entity, "_deprecated_subdivisions", ())])
