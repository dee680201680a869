"""Holidays: dates that are closed, one by one, by rule, or as a region keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from businesstime.recurrence import RecurrenceRule
from businesstime.regions import check_region, known_years, region_year

__all__ = ["DatedHoliday", "Holiday", "RegionHolidays", "RuledHoliday", "holiday_names", "unmatched_opt_outs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedHoliday:
    """One closed date."""

    date: date
    name: str

    def named(self, first_ordinal: int, last_ordinal: int) -> Iterator[tuple[int, str]]:
        """Yield (ordinal, name) of the dates closed between two ordinals, both included."""
        if first_ordinal <= self.date.toordinal() <= last_ordinal:
            yield self.date.toordinal(), self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledHoliday:
    """Dates closed by a recurrence rule that begins on `start`."""

    rule: RecurrenceRule
    start: date
    name: str

    def named(self, first_ordinal: int, last_ordinal: int) -> Iterator[tuple[int, str]]:
        """Yield (ordinal, name) of the dates closed between two ordinals, both included."""
        for ordinal in _rule_ordinals(self.rule, self.start, last_ordinal):
            if ordinal >= first_ordinal:
                yield ordinal, self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionHolidays:
    """The public holidays of a country or a subdivision.

    opt_outs: names, in the region's language or in English, of those on which work goes on, and with each its
        observed day. A name keeps its effect when the package's data is renewed.
    observed: whether the weekday that stands in for a holiday at a weekend is closed too.
    """

    country: str
    subdivision: str | None = None
    opt_outs: tuple[str, ...] = ()
    observed: bool = True

    def __post_init__(self) -> None:
        check_region(self.country, self.subdivision)
        object.__setattr__(self, "opt_outs", tuple(sorted(set(self.opt_outs))))

    @property
    def known_years(self) -> tuple[int, int]:
        """The first and last year of which all holidays are known. Others have some of them, or none."""
        return known_years(self.country, self.subdivision)

    def named(self, first_ordinal: int, last_ordinal: int) -> Iterator[tuple[int, str]]:
        """Yield (ordinal, name) of the dates closed between two ordinals, both included."""
        for year in range(date.fromordinal(first_ordinal).year, date.fromordinal(last_ordinal).year + 1):
            for ordinal, name in _kept(self, year):
                if first_ordinal <= ordinal <= last_ordinal:
                    yield ordinal, name


Holiday = DatedHoliday | RuledHoliday | RegionHolidays


def holiday_names(holidays: Sequence[Holiday], first_ordinal: int, last_ordinal: int) -> dict[int, str]:
    """Answer the name of each closed date between two ordinals, both included; the first holiday names it."""
    names: dict[int, str] = {}
    for holiday in holidays:
        for ordinal, name in holiday.named(first_ordinal, last_ordinal):
            names.setdefault(ordinal, name)
    return names


def unmatched_opt_outs(region: RegionHolidays, first_year: int, last_year: int) -> tuple[str, ...]:
    """Answer the opt-outs that fit no holiday of those years: most likely misspelt."""
    left = set(region.opt_outs)
    for year in range(first_year, last_year + 1):
        for _, own, english in region_year(
            region.country, region.subdivision, year, observed=region.observed
        ):
            left = {each for each in left if not any(_means(each, name) for name in (*own, *english))}
    return tuple(sorted(left))


@lru_cache(maxsize=1_024)
def _rule_ordinals(rule: RecurrenceRule, start: date, last_ordinal: int) -> list[int]:
    return rule.ordinals(start, date.fromordinal(last_ordinal))


@lru_cache(maxsize=16_384)
def _kept(region: RegionHolidays, year: int) -> tuple[tuple[int, str], ...]:
    """Answer the closed dates of a year; a date with several names is open only if each is opted out."""
    kept = []
    for ordinal, own, english in region_year(
        region.country, region.subdivision, year, observed=region.observed
    ):
        doubles = english if len(english) == len(own) else own
        names = [
            name
            for name, double in zip(own, doubles, strict=True)
            if not any(_means(each, name) or _means(each, double) for each in region.opt_outs)
        ]
        if names:
            kept.append((ordinal, "; ".join(names)))
    return tuple(kept)


def _means(opt_out: str, name: str) -> bool:
    """Say whether an opt-out is about a holiday: `Christmas Day` is also about `Christmas Day (observed)`."""
    wanted, found = opt_out.casefold(), name.casefold()
    return found == wanted or found.startswith(f"{wanted} (")
