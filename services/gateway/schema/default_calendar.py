"""The tenant's default Calendar: what counts where neither Target, attribute nor Policy names another."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from calendars.contract import CalendarRecord
from clocks import contract
from gateway.schema.calendar import Calendar
from gateway.schema.declare import input_type, object_type, resolved
from gateway.schema.failures import UserError, find, settle
from gateway.schema.info import Info

__all__ = ["DefaultCalendar", "DefaultCalendarPayload", "read_default_calendar", "set_default_calendar"]


@object_type
class DefaultCalendarVersion:
    """Which Calendar was the default, and from when.

    effective_from: Cycles that start at or after it are counted on this one; null: always.
    created_by: who set it: a key or a user.
    """

    version: int
    calendar_key: str
    effective_from: datetime | None
    created_at: datetime
    created_by: str


async def latest_calendar(root: contract.DefaultCalendarRecord, info: Info) -> CalendarRecord:
    """Read the Calendar of the latest version."""
    return await info.context.calendar_by_key.get(root.calendar_key)


@object_type
class DefaultCalendar:
    """What counts where neither Target, attribute nor Policy names a Calendar; each setting adds a version.

    calendar_key: of the latest version.
    version: the latest one's number.
    versions: all of them, oldest first.
    """

    calendar_key: str
    calendar: Calendar | None = resolved(latest_calendar)
    version: int
    versions: list[DefaultCalendarVersion]


@input_type
class SetDefaultCalendarInput:
    """The default Calendar, or another one.

    expected_version: the latest version that this one was made on, 0 for none; another one is a conflict.
    effective_from: null: now. Cycles stay on the one that held when they started. The first holds always.
    """

    calendar_key: str
    expected_version: int = 0
    effective_from: datetime | None = None


@object_type
class DefaultCalendarPayload:
    """The default Calendar as it now stands, or why it was refused."""

    default_calendar: DefaultCalendar | None
    errors: list[UserError]


async def read_default_calendar(info: Info) -> contract.DefaultCalendarRecord | None:
    """Read the tenant's default Calendar; null where there is none."""
    asked = contract.ReadDefaultCalendar()
    return await find(info.context.clocks.read_default_calendar(info.context.context, asked))


async def set_default_calendar(
    info: Info,
    request: Annotated[SetDefaultCalendarInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> DefaultCalendarPayload:
    """Set the tenant's default Calendar. Scope: policies."""
    asked = contract.SetDefaultCalendar(
        calendar_key=request.calendar_key,
        expected_version=request.expected_version,
        effective_from=request.effective_from,
    )
    record, errors = await settle(
        info.context.clocks.set_default_calendar, info.context.keyed(idempotency_key), asked
    )
    return DefaultCalendarPayload(default_calendar=record, errors=errors)
