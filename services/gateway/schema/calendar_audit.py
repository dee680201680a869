"""The audit of Calendars: who, when, what, from when on and why; nothing is ever taken out of it."""

from __future__ import annotations

from datetime import datetime

from calendars import contract
from gateway.schema.calendar import AmendMode
from gateway.schema.declare import object_type
from gateway.schema.info import Info
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect, read_cursor, write_cursor

__all__ = ["CalendarAmendment", "list_amendments"]


@object_type
class CalendarAmendment:
    """Who amended which Calendar; version 1 is its creation.

    key: the Calendar's.
    effective_from: from when on the version holds; null for the first: always.
    reason: why the past was put right.
    created_by: who said it: a key or a user.
    name: what the Calendar is called since; null: as before.
    """

    key: str
    version: int
    mode: AmendMode
    effective_from: datetime | None
    reason: str | None
    created_at: datetime
    created_by: str
    name: str | None


async def list_amendments(
    info: Info, key: str | None = None, first: int = DEFAULT_PAGE, after: str | None = None
) -> Connection[contract.AmendmentRecord]:
    """Amendments of all Calendars, or of one, newest first."""
    session = info.context
    place = read_cursor("CalendarAmendment", after, str)
    asked = contract.ListAmendments(key=key, first=check_first(first), after=place)
    page = await session.calendars.list_amendments(session.context, asked)
    cursors = [write_cursor("CalendarAmendment", it.cursor) for it in page.amendments]
    return connect(page.amendments, cursors, has_next=page.has_next, after=after)
