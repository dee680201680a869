"""Advice: what a document says that is no fault, and most likely not what was meant.

A refusal would be wrong: a holiday that is opted out of may be gone from next year's data, and a Calendar
that was sound must not break by that. So it is saved, and the answer says what in it has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from typing import Any

import msgspec

from businesstime import RegionHolidays, unmatched_opt_outs
from businesstime.regions import region_year
from calendars.domain.definition import Horizon
from calendars.domain.document import Document
from calendars.domain.resolution import Book, inherited_holidays

__all__ = ["MAX_ADVICE", "Advice", "advise"]

MAX_ADVICE = 20
"""How many pieces of advice there are on one document; who heeds them hears of the rest."""

MAX_OPT_OUTS = 200
"""How many names of one list are looked at."""

MAX_NAMES = 500
"""Among how many names of holidays a near one is looked for."""

NEAR = 0.7
"""How much alike (difflib) a name is that may have been meant."""

MORE_YEARS = 10
"""How far past the horizon a holiday is looked for: by then each date has fallen on each weekday."""

_REGION = ("country", "subdivision")

Holidays = Sequence[Mapping[str, Any]]


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a document that has no effect.

    code: for programs; stable. field: its path. message: a sentence for people, which begins with the field.
    """

    code: str
    field: str
    message: str

    def within(self, place: str | None) -> Advice:
        """Put the path of a part, such as `amendments[0]`, before field and message; None: no part."""
        if place is None:
            return self
        return Advice(code=self.code, field=f"{place}.{self.field}", message=f"{place}.{self.message}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _OptOuts:
    """Names that opt out, and the holidays among which they should be. whose: those, in words."""

    field: str
    names: Sequence[str]
    holidays: Holidays
    whose: str


def advise(document: Document, book: Book, horizon: Horizon) -> tuple[Advice, ...]:
    """Advise on a document that was checked and pinned; what it inherits comes from the book."""
    years = range(horizon.start.year, horizon.end.year + MORE_YEARS)
    advice = chain.from_iterable(_unmatched(each, years) for each in _opt_outs(document, book))
    return tuple(islice(advice, MAX_ADVICE))


def _opt_outs(document: Document, book: Book) -> Iterator[_OptOuts]:
    content = document.content()
    imports = {each.place: each for each in document.imports}
    for place, entry in enumerate(content.get("holidays", ())):
        holidays, whose = [entry], "-".join(str(entry[name]) for name in _REGION if entry.get(name))
        if place in imports:
            holidays = list(document.entries.get(imports[place].digest or "", ()))
            whose = f"ICS source {imports[place].source}"
        yield _OptOuts(
            field=f"document.holidays[{place}].except",
            names=entry.get("except", ()),
            holidays=holidays,
            whose=whose,
        )
    if document.parent is not None:
        yield _OptOuts(
            field="document.opt_out",
            names=content.get("opt_out", ()),
            holidays=inherited_holidays(document, book),
            whose=f"calendar {document.parent}",
        )


def _unmatched(opt_outs: _OptOuts, years: range) -> Iterator[Advice]:
    """Say which names mean none of the holidays, and which were meant, perhaps."""
    names = opt_outs.names[:MAX_OPT_OUTS]
    left = _left(names, opt_outs.holidays, years)
    known = _names(opt_outs.holidays, years) if left else {}
    dated = not any("country" in each for each in opt_outs.holidays)
    when = "" if dated else f" from {years[0]} to {years[-1]}"
    for place, name in enumerate(names):
        if name not in left:
            continue
        near = [repr(known[each]) for each in get_close_matches(name.casefold(), known, cutoff=NEAR)]
        meant = f"; is {' or '.join(near)} meant?" if near else ""
        field = f"{opt_outs.field}[{place}]"
        yield Advice(
            code="opt_out_unmatched",
            field=field,
            message=f"{field}: leaves nothing out: {opt_outs.whose} has no holiday {name!r}{when}{meant}",
        )


def _left(names: Sequence[str], holidays: Holidays, years: range) -> set[str]:
    """Cross out each name that means a holiday."""
    said = {str(entry["name"]).casefold() for entry in holidays if "name" in entry}
    left = {name for name in names if name.casefold() not in said}
    for entry in holidays:
        if left and "country" in entry:
            left = set(unmatched_opt_outs(_region(entry, left), years[0], years[-1]))
    return left


def _names(holidays: Holidays, years: range) -> dict[str, str]:
    """Gather what holidays are called, in their own language and in English, by what is compared."""
    known: dict[str, str] = {}
    for name in chain.from_iterable(_called(entry, years) for entry in holidays):
        if len(known) >= MAX_NAMES:
            break
        known.setdefault(name.casefold(), name)
    return known


def _called(entry: Mapping[str, Any], years: range) -> Iterator[str]:
    if "name" in entry:
        yield str(entry["name"])
        return
    region = _region(entry)
    for year in years:
        for _, own, english in region_year(
            region.country, region.subdivision, year, observed=region.observed
        ):
            yield from (name.partition(" (")[0] for name in (*own, *english))  # its observed day goes with it


def _region(entry: Mapping[str, Any], opt_outs: Iterable[str] = ()) -> RegionHolidays:
    return RegionHolidays(
        country=entry["country"],
        subdivision=entry.get("subdivision"),
        opt_outs=tuple(opt_outs),
        observed=entry.get("observed", True),
    )
