"""From a Calendar and those that it is made of to one Schedule.

- Versions are spliced: each one in force holds until the next (calendar.in_force).
- A child inherits what its parent says **at each time**: where the parent has several versions in force,
  the child is split at the same instants. `zone`, `hours` and `seasons` replace the parent's; `holidays` add
  to the parent's, less those named in `opt_out`; `special` goes by date, the child's before the parent's.
- A composition joins whole Calendars, each spliced over its own versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from businesstime import (
    BusinessTimeError,
    Schedule,
    difference,
    intersection,
    schedule_from_document,
    splice,
    to_us,
    union,
)
from calendars.domain.calendar import Calendar, in_force
from calendars.domain.document import CalendarKey, Composition, Document
from calendars.domain.errors import DocumentInvalidError, ParentComposedError

__all__ = ["Book", "check_document", "inherited_holidays", "schedule_of"]

Book = Mapping[CalendarKey, Calendar]
"""Calendars by key: at least the one asked for and all that it is made of, directly or not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """What holds from an instant (None: always) until the next part: plain hours, or a composition."""

    effective_from: datetime | None
    content: Mapping[str, Any] | Composition


def schedule_of(key: CalendarKey, book: Book) -> Schedule:
    """Return the Schedule of a Calendar, spliced over all its versions in force.

    Raises DocumentInvalidError, ParentComposedError; not for what was checked when saved.
    """
    return _schedule_of(key, book, {})


def check_document(document: Document, book: Book) -> Schedule:
    """Return the Schedule that a document stands for; what it inherits or joins comes from the book.

    Raises DocumentInvalidError with the path in the document, ParentComposedError.
    """
    if document.imports:  # first as written, so that the paths in errors are the writer's
        _splice(_document_parts(document.without_imports(), book), book, {})
    return _splice(_document_parts(document, book), book, {})


def inherited_holidays(document: Document, book: Book) -> list[dict[str, Any]]:
    """List the entries for holidays that the parent of a document gives, at one time or another."""
    if document.parent is None:
        return []
    parts = _calendar_parts(book[document.parent], book)
    return [
        entry
        for part in parts
        if not isinstance(part.content, Composition)
        for entry in _as_list(part.content, "holidays")
    ]


def _schedule_of(key: CalendarKey, book: Book, made: dict[CalendarKey, Schedule]) -> Schedule:
    """Make each Calendar's Schedule once, however often it is an operand."""
    if key not in made:
        made[key] = _splice(_calendar_parts(book[key], book), book, made)
    return made[key]


def _splice(parts: tuple[_Part, ...], book: Book, made: dict[CalendarKey, Schedule]) -> Schedule:
    try:
        return splice(
            [(_instant_us(part.effective_from), _schedule_of_part(part, book, made)) for part in parts]
        )
    except BusinessTimeError as error:
        place = f"document.{error.field}" if error.field else "document"
        raise DocumentInvalidError(f"{place}: {error.reason}", field=place, code=error.code) from error


def _instant_us(instant: datetime | None) -> int | None:
    return None if instant is None else to_us(instant)


def _schedule_of_part(part: _Part, book: Book, made: dict[CalendarKey, Schedule]) -> Schedule:
    if isinstance(part.content, Composition):
        return _compose(part.content, book, made)
    return schedule_from_document(part.content)


def _compose(composition: Composition, book: Book, made: dict[CalendarKey, Schedule]) -> Schedule:
    first, *rest = (
        _compose(operand, book, made)
        if isinstance(operand, Composition)
        else _schedule_of(operand, book, made)
        for operand in composition.operands
    )
    match composition.operator:
        case "union":
            return union(first, *rest)
        case "intersection":
            return intersection(first, *rest)
        case "difference":
            return difference(first, union(*rest) if len(rest) > 1 else rest[0])


def _calendar_parts(calendar: Calendar, book: Book) -> tuple[_Part, ...]:
    """Return what holds when, in order of time, the first part dated None."""
    versions = in_force(calendar.versions)
    ends = [version.effective_from for version in versions[1:]]
    return tuple(
        chain.from_iterable(
            _within(_document_parts(version.document, book), version.effective_from, end)
            for version, end in zip(versions, [*ends, None], strict=True)
        )
    )


def _document_parts(document: Document, book: Book) -> tuple[_Part, ...]:
    if document.composition is not None:
        return (_Part(effective_from=None, content=document.composition),)
    if document.parent is None:
        return (_Part(effective_from=None, content=document.hours()),)
    return tuple(
        _Part(effective_from=part.effective_from, content=_inherit(part.content, document))
        for part in _calendar_parts(book[document.parent], book)
    )


def _within(parts: tuple[_Part, ...], start: datetime | None, end: datetime | None) -> Iterator[_Part]:
    """Cut parts to [start, end), None being the beginning and the end of time."""
    stops = [*(part.effective_from for part in parts[1:]), None]
    for part, stop in zip(parts, stops, strict=True):
        begins = _latest(start, part.effective_from)
        ends = end if stop is None or (end is not None and end < stop) else stop
        if begins is None or ends is None or begins < ends:
            yield _Part(effective_from=begins, content=part.content)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later instant, None being the beginning of time."""
    return max((instant for instant in (one, other) if instant is not None), default=None)


def _inherit(inherited: Mapping[str, Any] | Composition, document: Document) -> Mapping[str, Any]:
    """Lay a child's document over its parent's hours.

    The child's holidays come first, so that their paths in errors are its own.
    """
    if isinstance(inherited, Composition):
        raise ParentComposedError(
            f"document.parent: {document.parent!r} is composed and has no hours of its own to inherit; "
            "write an intersection or union with it instead",
            field="document.parent",
        )
    own = document.hours()
    del own["parent"]
    opted_out = _read_opt_out(own.pop("opt_out", []))
    added = {
        "holidays": [*_as_list(own, "holidays"), *_without(_as_list(inherited, "holidays"), opted_out)],
        "special": {**_as_mapping(inherited, "special"), **_as_mapping(own, "special")},
    }
    replaced = {name: value for name, value in {**inherited, **own}.items() if name not in added}
    return replaced | {name: value for name, value in added.items() if value}


def _read_opt_out(raw: object) -> frozenset[str]:
    if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
        raise DocumentInvalidError(
            "document.opt_out: is a list of names of inherited holidays", field="document.opt_out"
        )
    return frozenset(raw)


def _as_list(content: Mapping[str, Any], name: str) -> list[Any]:
    value = content.get(name, [])
    if not isinstance(value, list):
        raise DocumentInvalidError(f"document.{name}: is a list", field=f"document.{name}")
    return value


def _as_mapping(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name, {})
    if not isinstance(value, dict):
        raise DocumentInvalidError(f"document.{name}: is a mapping by date", field=f"document.{name}")
    return value


def _without(holidays: list[Any], opted_out: frozenset[str]) -> Iterator[Any]:
    """Leave out what a child opts out of: dated and ruled ones by their name, a country's by its `except`."""
    names = {name.casefold() for name in opted_out}
    for holiday in holidays:
        if "country" in holiday and opted_out:
            yield {**holiday, "except": sorted({*holiday.get("except", []), *opted_out})}
        elif str(holiday.get("name")).casefold() not in names:
            yield holiday
