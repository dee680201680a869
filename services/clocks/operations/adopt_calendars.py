"""Take over versions of Calendars: from now on Cycles are counted on them, and open ones are due anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from clocks.storage.refolds import Scope, insert_refold
from clocks.storage.rulebooks import CalendarCopy, change_calendars, save_calendar_copy
from pgstore.connection import Connection

__all__ = ["adopt"]

_SCOPES: tuple[Scope, ...] = ("plain", "rest")  # the many that are quick, then those that take longer


async def adopt(
    connection: Connection, copies: Sequence[CalendarCopy], *, since: datetime | None = None
) -> Sequence[str]:
    """Take over what is newer, leave the work that follows, and answer the keys taken over.

    since: Cycles that had ended before it are as they were; None: all are looked at. Waits for all that
    hold the tenant's rules, in the order rulebook, calendar copies by key.
    """
    await change_calendars(connection)
    taken = [copy for copy in sorted(copies) if await save_calendar_copy(connection, copy)]
    for scope in _SCOPES:
        for copy in taken:
            await insert_refold(
                connection,
                cause=f"calendar {copy.calendar_key} version {copy.version}",
                calendar_key=copy.calendar_key,
                since=since,
                scope=scope,
            )
    return [copy.calendar_key for copy in taken]
