"""Revert a Calendar: a new version that says again what an earlier one said."""

from __future__ import annotations

from datetime import datetime

from calendars.contract import RevertCalendar, SavedCalendar
from calendars.domain.calendar import Amendment, AmendMode, amend, version_numbered
from calendars.domain.document import read_key
from calendars.operations.advise_on_document import advise_on
from calendars.operations.amend_calendar import save
from calendars.operations.read_calendar import load
from calendars.operations.record_calendar import saved_record_of
from calendars.storage import calendars
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["revert"]


async def revert(
    context: RequestContext, request: RevertCalendar, *, database: Database, now: datetime
) -> SavedCalendar:
    """Save the version and tell `calendar.amended`.

    Raises CalendarUnknownError, VersionUnknownError, VersionConflictError, and what an amendment refuses.
    """
    key = read_key(request.key)

    async def effect() -> SavedCalendar:
        calendar = await load(connection, context.tenant_id, key)
        earlier = version_numbered(calendar, request.to_version, field="to_version")
        mode = AmendMode(request.mode)
        said = request.reason or (
            f"Revert to version {earlier.version}" if mode is AmendMode.FORWARD else None
        )
        amendment = Amendment(
            expected_version=request.expected_version,
            document=earlier.document,
            mode=mode,
            effective_from=request.effective_from,
            reason=said,
        )
        amended = amend(calendar, amendment, by=context.subject, now=now)
        await save(connection, context.tenant_id, amended, now)
        advice = await advise_on(connection, context.tenant_id, earlier.document, now)
        return saved_record_of(amended, advice)

    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        return await once(
            connection,
            key=context.idempotency_key,
            operation="revert_calendar",
            request=request,
            answer_type=SavedCalendar,
            effect=effect,
        )
