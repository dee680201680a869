"""Zone rules that change: governments decide, a new tzdata says so, and due times would move.

What a tenant counted by is kept as **shifts**: pairs of an instant and the offset from then on, in seconds,
over the years in which due times lie. Two editions of tzdata mean the same for a zone if their shifts do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from businesstime.zones import ZoneRules
from calendars.domain.calendar import in_force
from calendars.domain.definition import closure_of, outline_of
from calendars.domain.document import CalendarKey
from calendars.domain.resolution import Book

__all__ = ["CountedRules", "Shifts", "ZoneChange", "change_between", "shifts_of", "zones_of"]

Shifts = tuple[tuple[int, int], ...]

BACK = timedelta(days=366)
AHEAD = timedelta(days=10 * 366)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedRules:
    """The rules of a zone by which a tenant counts: an edition of tzdata, and its shifts until an instant."""

    zone: str
    tzdata_version: str
    shifts: Shifts
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneChange:
    """A zone whose rules were changed by an edition of tzdata, from an instant on, and who counts by it."""

    zone: str
    from_version: str
    to_version: str
    differs_from: datetime
    calendars: tuple[str, ...]


def shifts_of(zone: str, rules: ZoneRules, *, version: str, now: datetime) -> CountedRules:
    """Return a zone's rules from a year ago until ten years ahead."""
    start_s, until = _seconds(now - BACK), now + AHEAD
    changes = [
        (int(at_s), int(offset_s)) for at_s, offset_s in zip(rules.instants_s, rules.offsets_s, strict=True)
    ]
    held = [offset_s for at_s, offset_s in changes if at_s <= start_s]
    later = [change for change in changes if start_s < change[0] < _seconds(until)]
    return CountedRules(zone=zone, tzdata_version=version, shifts=((start_s, held[-1]), *later), until=until)


def change_between(
    before: CountedRules, after: CountedRules, calendars: tuple[str, ...]
) -> ZoneChange | None:
    """Return what changed, where both speak of the same time; None where they mean the same."""
    differs_s = _first_difference(before, after)
    if differs_s is None:
        return None
    return ZoneChange(
        zone=before.zone,
        from_version=before.tzdata_version,
        to_version=after.tzdata_version,
        differs_from=EPOCH + timedelta(seconds=differs_s),
        calendars=calendars,
    )


def zones_of(book: Book) -> Mapping[str, tuple[str, ...]]:
    """Return by zone the Calendars that count by it: their own, their parents' and their operands' zones."""
    own = {key: _own_zones(key, book) for key in book}
    outlines = {key: outline_of(calendar) for key, calendar in book.items()}
    found: dict[str, set[str]] = {}
    for key in book:
        for part in closure_of(key, outlines):
            for zone in own[part]:
                found.setdefault(zone, set()).add(key)
    return {zone: tuple(sorted(keys)) for zone, keys in sorted(found.items())}


def _own_zones(key: CalendarKey, book: Book) -> set[str]:
    contents = (version.document.content() for version in in_force(book[key].versions))
    return {content["zone"] for content in contents if "zone" in content}


def _first_difference(before: CountedRules, after: CountedRules) -> int | None:
    start_s = max(before.shifts[0][0], after.shifts[0][0])
    end_s = min(_seconds(before.until), _seconds(after.until))
    edges = {start_s, *(at_s for at_s, _ in (*before.shifts, *after.shifts) if start_s < at_s < end_s)}
    return next(
        (at_s for at_s in sorted(edges) if _offset(before.shifts, at_s) != _offset(after.shifts, at_s)), None
    )


def _offset(shifts: Shifts, at_s: int) -> int:
    return [offset_s for since_s, offset_s in shifts if since_s <= at_s][-1]


def _seconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)
