"""Refuse, before it is saved, a Calendar that would not compile, or with which another would not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from calendars.domain.calendar import Calendar
from calendars.domain.definition import Horizon, check_acyclic, outline_of
from calendars.domain.document import CalendarKey, Document
from calendars.domain.errors import (
    CalendarsError,
    DependantBrokenError,
    ReferencesTooManyError,
    ReferenceUnknownError,
)
from calendars.domain.resolution import Book, check_document, schedule_of
from calendars.domain.schedule_check import check_schedule
from calendars.domain.season_overlap import check_seasons
from calendars.storage import calendars
from pgstore.connection import Connection

__all__ = ["MAX_DEPENDANTS", "check_definition"]

MAX_DEPENDANTS = 200
"""How many Calendars may be made of one, directly or not: each is checked whenever it is amended."""


async def check_definition(
    connection: Connection, tenant_id: str, calendar: Calendar, horizon: Horizon
) -> tuple[CalendarKey, ...]:
    """Check a version before it is saved; return the keys of Calendars made of it. The book is locked.

    Raises ReferenceUnknownError, ReferenceCycleError, ReferencesTooManyError, ParentComposedError,
    DocumentInvalidError, DependantBrokenError.
    """
    document = calendar.versions[-1].document
    named = {reference.key for reference in document.references}
    dependants = await calendars.list_dependants(connection, tenant_id, [calendar.key])
    outline = outline_of(calendar)
    ever_named = {name for version in outline.versions for name in version.references}
    outlines = await calendars.read_outlines(connection, tenant_id, {*ever_named, *dependants})
    _check_known(document, {*outlines, calendar.key})
    outlines[calendar.key] = outline
    check_acyclic(calendar, outlines)
    await _check_fan(connection, tenant_id, named)
    book = await calendars.read_book(connection, tenant_id, outlines)
    book[calendar.key] = calendar
    await asyncio.to_thread(_check_hours, document, dependants, book, horizon)
    return dependants


def _check_known(document: Document, known: set[CalendarKey]) -> None:
    for reference in document.references:
        if reference.key not in known:
            raise ReferenceUnknownError(
                f"{reference.field}: there is no calendar {reference.key!r}", field=reference.field
            )


async def _check_fan(connection: Connection, tenant_id: str, named: Iterable[CalendarKey]) -> None:
    for key in sorted(named):
        if len(await calendars.list_dependants(connection, tenant_id, [key])) >= MAX_DEPENDANTS:
            raise ReferencesTooManyError(
                f"document: {MAX_DEPENDANTS} calendars are made of {key!r} already", field="document"
            )


def _check_hours(document: Document, dependants: Iterable[CalendarKey], book: Book, horizon: Horizon) -> None:
    schedule = check_document(document, book)
    if document.composition is None:
        check_seasons(schedule)
    check_schedule(schedule, horizon)
    for key in dependants:
        try:
            check_schedule(schedule_of(key, book), horizon)
        except CalendarsError as error:
            raise DependantBrokenError(
                f"document: calendar {key!r}, which is made of this one, would break: {error}",
                field="document",
            ) from error
