"""Holidays that run out: a list that ends leaves a Calendar open on days on which nobody works.

A Calendar is watched if it has holidays. It runs out when the last of all of them is near or past; and an ICS
source that it names runs out by itself, whatever other holidays the Calendar has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from businesstime import Holiday, LocalSchedule, Schedule, schedule_from_document
from calendars.domain.calendar import in_force
from calendars.domain.document import CalendarKey, Document
from calendars.domain.resolution import Book, schedule_of

__all__ = ["HolidaysRunOut", "running_out"]

AHEAD = timedelta(days=3 * 366)
_ANYWHERE = {"zone": "UTC", "hours": {"mon": ["00:00-24:00"]}}


@dataclass(frozen=True, kw_only=True, slots=True)
class HolidaysRunOut:
    """A Calendar whose holidays end soon, or did. source: the ICS source that does, None: all together.

    last_on: the last holiday; None where there is none in the three years before and after.
    """

    key: str
    source: str | None
    last_on: date | None


def running_out(book: Book, now: datetime, within: timedelta) -> Iterator[HolidaysRunOut]:
    """Yield what runs out by `now + within`; the book holds all that its Calendars are made of."""
    today = now.date()
    for key in sorted(book):
        document = in_force(book[key].versions)[-1].document
        if document.composition is not None:
            continue  # what it is made of is looked at for itself
        whole = _holidays(_latest(schedule_of(key, book)))
        if whole and (last := _last(whole, today)) <= today + within:
            yield HolidaysRunOut(key=key, source=None, last_on=_shown(last))
        else:
            yield from _sources_running_out(key, document, today, within)


def _sources_running_out(
    key: CalendarKey, document: Document, today: date, within: timedelta
) -> Iterator[HolidaysRunOut]:
    for one in document.imports:
        entries = document.entries.get(one.digest or "", ())
        last = _last(_read(entries), today)
        if last <= today + within:
            yield HolidaysRunOut(key=key, source=one.source, last_on=_shown(last))


def _latest(schedule: Schedule) -> Schedule:
    """Return what holds last."""
    return _latest(schedule.parts[-1]) if schedule.parts else schedule


def _holidays(schedule: Schedule) -> Sequence[Holiday]:
    return schedule.holidays if isinstance(schedule, LocalSchedule) else ()


def _read(entries: Sequence[Mapping[str, Any]]) -> Sequence[Holiday]:
    return _holidays(schedule_from_document({**_ANYWHERE, "holidays": list(entries)}))


def _last(holidays: Sequence[Holiday], today: date) -> date:
    """Return the last holiday in the three years before and after; the first date there is, for none."""
    first, last = (today - AHEAD).toordinal(), (today + AHEAD).toordinal()
    ordinals = (ordinal for holiday in holidays for ordinal, _ in holiday.named(first, last))
    return date.fromordinal(max(ordinals, default=1))


def _shown(last: date) -> date | None:
    return None if last == date.min else last
