"""Create a Calendar: a key that the tenant has not used, and a first version that holds always."""

from __future__ import annotations

from datetime import datetime

from calendars.contract import CreateCalendar, SavedCalendar
from calendars.domain.calendar import Calendar, begin
from calendars.domain.definition import horizon_at
from calendars.domain.document import read_document, read_key
from calendars.domain.errors import CalendarExistsError
from calendars.operations.advise_on_document import advise_on
from calendars.operations.check_definition import check_definition
from calendars.operations.note_zone_rules import note_zone_rules
from calendars.operations.pin_imports import pin_latest
from calendars.operations.record_calendar import saved_record_of
from calendars.storage import calendars, messages
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["create", "save"]


async def create(
    context: RequestContext, request: CreateCalendar, *, database: Database, now: datetime
) -> SavedCalendar:
    """Save the Calendar and tell `calendar.created`. Raises CalendarExistsError and the domain's refusals."""
    calendar = begin(
        key=read_key(request.key),
        name=request.name,
        document=read_document(request.document),
        by=context.subject,
        now=now,
    )

    async def effect() -> SavedCalendar:
        created = await save(connection, context.tenant_id, calendar, now)
        document = created.versions[-1].document
        return saved_record_of(created, await advise_on(connection, context.tenant_id, document, now))

    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        return await once(
            connection,
            key=context.idempotency_key,
            operation="create_calendar",
            request=request,
            answer_type=SavedCalendar,
            effect=effect,
        )


async def save(connection: Connection, tenant_id: str, calendar: Calendar, now: datetime) -> Calendar:
    """Check and save a new Calendar; return it pinned. The book is locked. Raises the refusals."""
    if await calendars.read_calendar(connection, tenant_id, calendar.key) is not None:
        raise CalendarExistsError(f"key: there is a calendar {calendar.key!r} already", field="key")
    calendar = await pin_latest(connection, tenant_id, calendar)
    await check_definition(connection, tenant_id, calendar, horizon_at(now))
    await calendars.add_calendar(connection, tenant_id, calendar)
    await note_zone_rules(connection, tenant_id, calendar, now)
    await messages.tell_created(connection, calendar)
    return calendar
