"""Take over versions of Calendars: from now on Cycles are counted on them, and open ones are due anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calendars.contract import TimelineRecord
from clocks.storage.refolds import Scope, insert_refold
from clocks.storage.rulebooks import CalendarCopy, change_calendars, save_calendar_copy
from pgstore.connection import Connection

__all__ = ["adopt"]

_SCOPES: tuple[Scope, ...] = ("plain", "rest")  # the many that are quick, then those that take longer


async def adopt(
    connection: Connection,
    records: Sequence[TimelineRecord],
    *,
    since: datetime | None = None,
    compiled_anew: bool = False,
) -> Sequence[str]:
    """Take over what is newer, leave the work that follows, and answer the keys taken over.

    compiled_anew: also what is another Timeline of the same version: a part of the Calendar was amended, or
    zone rules were taken over. Elsewhere such a Timeline comes of zone rules that nobody has taken over yet,
    and must not move a due time.
    since: Cycles that had ended before it are as they were; None: all are looked at. Waits for all that
    hold the tenant's rules, in the order rulebook, calendar copies by key.
    """
    await change_calendars(connection)
    taken = [
        record
        for record in sorted(records, key=lambda record: record.key)
        if await save_calendar_copy(
            connection,
            CalendarCopy(record.key, record.version, record.content_key),
            blob=record.blob,
            revision=record.revision,
            compiled_anew=compiled_anew,
        )
    ]
    for scope in _SCOPES:
        for record in taken:
            await insert_refold(
                connection,
                cause=f"calendar {record.key} version {record.version}",
                calendar_key=record.key,
                since=since,
                scope=scope,
            )
    return [record.key for record in taken]
