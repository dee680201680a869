"""Amend a Calendar: add a version, never edit one."""

from __future__ import annotations

from datetime import datetime

from calendars.contract import AmendCalendar, SavedCalendar
from calendars.domain.calendar import Calendar, amend
from calendars.domain.definition import horizon_at
from calendars.domain.document import read_key
from calendars.operations.advise_on_document import advise_on
from calendars.operations.check_definition import check_definition
from calendars.operations.note_zone_rules import note_zone_rules
from calendars.operations.pin_imports import pin_amendment
from calendars.operations.plan_amendment import amendment_of, hold_to_plan
from calendars.operations.read_calendar import load
from calendars.operations.record_calendar import saved_record_of
from calendars.storage import calendars, messages
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["add", "save"]


async def add(
    context: RequestContext, request: AmendCalendar, *, database: Database, now: datetime
) -> SavedCalendar:
    """Save the version and tell `calendar.amended`.

    Raises CalendarUnknownError, PlanStaleError, VersionConflictError, and what the domain refuses.
    """
    key, amendment = read_key(request.key), amendment_of(request)

    async def effect() -> SavedCalendar:
        calendar = await load(connection, context.tenant_id, key)
        pinned = await pin_amendment(connection, context.tenant_id, amendment)
        planned_at = await hold_to_plan(connection, context.tenant_id, request, pinned.document, now=now)
        amended = amend(calendar, pinned, by=context.subject, now=now, planned_at=planned_at)
        await save(connection, context.tenant_id, amended, now)
        advice = await advise_on(connection, context.tenant_id, pinned.document, now)
        return saved_record_of(amended, advice)

    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        return await once(
            connection,
            key=context.idempotency_key,
            operation="amend_calendar",
            request=request,
            answer_type=SavedCalendar,
            effect=effect,
        )


async def save(connection: Connection, tenant_id: str, amended: Calendar, now: datetime) -> None:
    """Check and save the latest version of a Calendar whose earlier ones are saved. The book is locked."""
    dependants = await check_definition(connection, tenant_id, amended, horizon_at(now))
    await calendars.add_version(connection, tenant_id, amended)
    await note_zone_rules(connection, tenant_id, amended, now)
    await messages.tell_amended(connection, amended, dependants=dependants)
