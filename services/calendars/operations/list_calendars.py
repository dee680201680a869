"""Read a page of a tenant's Calendars in order of key."""

from __future__ import annotations

from calendars.contract import CalendarPage, ListCalendars
from calendars.domain.document import read_key
from calendars.domain.errors import PageTooLargeError
from calendars.operations.record_calendar import record_of
from calendars.storage import calendars
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_PAGE", "check_page", "read"]

MAX_PAGE = 200


async def read(context: RequestContext, request: ListCalendars, *, database: Database) -> CalendarPage:
    """Read a page. Raises PageTooLargeError, CalendarKeyInvalidError."""
    check_page(request.first)
    after = "" if request.after is None else read_key(request.after, field="after")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        keys = await calendars.list_keys(connection, context.tenant_id, after=after, limit=request.first + 1)
        book = await calendars.read_book(connection, context.tenant_id, keys[: request.first])
    return CalendarPage(
        calendars=tuple(record_of(book[key]) for key in keys[: request.first]),
        has_next=len(keys) > request.first,
    )


def check_page(first: int) -> None:
    """Raise PageTooLargeError unless a page asks for 1 to MAX_PAGE rows."""
    if not 1 <= first <= MAX_PAGE:
        raise PageTooLargeError(f"first: is 1 to {MAX_PAGE}, not {first}", field="first")
