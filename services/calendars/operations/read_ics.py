"""Read an uploaded iCalendar file into entries for the holidays of a document; nothing is written."""

from __future__ import annotations

import asyncio

from calendars.domain.ics_reading import IcsHolidays, ReadIcs, read_ics

__all__ = ["read"]


async def read(request: ReadIcs) -> IcsHolidays:
    """Read it beside the event loop. Raises IcsInvalidError, IcsTooLargeError."""
    return await asyncio.to_thread(read_ics, request.content)
