"""Read the tenant's default Calendar with all its versions."""

from __future__ import annotations

from clocks.contract import DefaultCalendarRecord, DefaultCalendarVersionRecord
from clocks.domain.refusals import DefaultCalendarUnsetError
from clocks.storage.default_calendars import read_defaults
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read", "read_default"]


async def read(context: RequestContext, *, database: Database) -> DefaultCalendarRecord:
    """Read it. Raises DefaultCalendarUnsetError."""
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return await read_default(connection)


async def read_default(connection: Connection) -> DefaultCalendarRecord:
    """Read it in the caller's transaction. Raises DefaultCalendarUnsetError."""
    versions = [
        DefaultCalendarVersionRecord(
            version=row.version,
            calendar_key=row.calendar_key,
            effective_from=row.effective_from,
            created_at=row.created_at,
            created_by=row.created_by,
        )
        for row in await read_defaults(connection)
    ]
    if not versions:
        raise DefaultCalendarUnsetError("the tenant has no default calendar")
    latest = versions[-1]
    return DefaultCalendarRecord(
        calendar_key=latest.calendar_key, version=latest.version, versions=tuple(versions)
    )
