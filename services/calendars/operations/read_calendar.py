"""Read one Calendar with all its versions."""

from __future__ import annotations

from calendars.contract import CalendarRecord, ReadCalendar
from calendars.domain.calendar import Calendar
from calendars.domain.document import CalendarKey, read_key
from calendars.domain.errors import CalendarUnknownError
from calendars.operations.record_calendar import record_of
from calendars.storage import calendars
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["load", "read"]


async def read(context: RequestContext, request: ReadCalendar, *, database: Database) -> CalendarRecord:
    """Read one Calendar. Raises CalendarKeyInvalidError, CalendarUnknownError."""
    key = read_key(request.key)
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return record_of(await load(connection, context.tenant_id, key))


async def load(connection: Connection, tenant_id: str, key: CalendarKey) -> Calendar:
    """Load one Calendar. Raises CalendarUnknownError."""
    calendar = await calendars.read_calendar(connection, tenant_id, key)
    if calendar is None:
        raise CalendarUnknownError(f"key: there is no calendar {key!r}", field="key")
    return calendar
