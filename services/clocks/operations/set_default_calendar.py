"""Set the tenant's default Calendar: a version more; Cycles that start from then on are counted on it."""

from __future__ import annotations

from datetime import datetime

from calendars.contract import Calendars, TimelineRecord
from clocks.contract import DefaultCalendarRecord, SetDefaultCalendar
from clocks.domain.refusals import CalendarUnknownError, EffectiveFromInvalidError, VersionConflictError
from clocks.operations.adopt_calendars import adopt
from clocks.operations.load_rulebook import is_unknown_calendar, read_timelines
from clocks.operations.read_default_calendar import read_default
from clocks.operations.read_values import read_instant
from clocks.storage.default_calendars import DefaultRow, insert_default, read_defaults
from clocks.storage.refolds import insert_refold
from clocks.storage.rulebooks import change_calendars, change_policies, ensure_rulebook
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["set_default"]


async def set_default(
    context: RequestContext,
    request: SetDefaultCalendar,
    *,
    database: Database,
    calendars: Calendars,
    now: datetime,
) -> DefaultCalendarRecord:
    """Set it.

    Raises CalendarUnknownError, VersionConflictError, EffectiveFromInvalidError, InstantNaiveError.
    """
    row = DefaultRow(
        request.expected_version + 1,
        request.calendar_key,
        _effective_from(request, now),
        now,
        context.subject,
    )
    timeline = await _find(context, calendars, request.calendar_key)
    async with database.transaction(context.tenant_id) as connection:

        async def effect() -> DefaultCalendarRecord:
            return await _write(connection, row, timeline)

        return await once(
            connection,
            key=context.idempotency_key,
            operation="set_default_calendar",
            request=request,
            answer_type=DefaultCalendarRecord,
            effect=effect,
        )


def _effective_from(request: SetDefaultCalendar, now: datetime) -> datetime | None:
    """Give the instant from which on it holds: the first always, so that no Cycle is without a Calendar."""
    given = request.effective_from
    if request.expected_version > 0:
        return now if given is None else read_instant(given, field="effective_from")
    if given is not None:
        raise EffectiveFromInvalidError(
            "effective_from: the first default calendar holds always", field="effective_from"
        )
    return None


async def _find(context: RequestContext, calendars: Calendars, key: str) -> TimelineRecord:
    try:
        (record,) = await read_timelines(calendars, context, [key])
    except Exception as error:
        if not is_unknown_calendar(error):
            raise
        message = f"calendar_key: there is no calendar {key!r}"
        raise CalendarUnknownError(message, field="calendar_key") from error
    return record


async def _write(connection: Connection, row: DefaultRow, timeline: TimelineRecord) -> DefaultCalendarRecord:
    await ensure_rulebook(connection)
    first = row.version == 1  # nothing can have been folded by another, so nothing is to be folded again
    await (change_calendars if first else change_policies)(connection)
    latest = len(await read_defaults(connection))
    if latest != row.version - 1:
        raise VersionConflictError(
            f"expected_version: the latest version is {latest}, not {row.version - 1}",
            field="expected_version",
        )
    await insert_default(connection, row)
    await adopt(connection, [timeline])
    if not first:
        await insert_refold(
            connection,
            cause=f"default calendar version {row.version}",
            calendar_key=None,
            since=row.effective_from,
        )
    return await read_default(connection)
