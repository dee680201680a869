"""Read an uploaded iCalendar file into entries for the holidays of a document; nothing is written."""

from __future__ import annotations

from calendars.domain.ics_reading import IcsHolidays, ReadIcs
from calendars.operations.isolate_ics import IcsReader
from serving.context import RequestContext

__all__ = ["read"]


async def read(context: RequestContext, request: ReadIcs, reader: IcsReader) -> IcsHolidays:
    """Read it. Raises IcsInvalidError, IcsTooLargeError, ReaderOverrunError."""
    return await reader.read(context.tenant_id, request.content.encode("utf-8", "surrogatepass"))
