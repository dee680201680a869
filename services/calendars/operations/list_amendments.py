"""The audit: who amended which Calendar, when, from when on and why; newest first."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import msgspec

from calendars.contract import AmendmentPage, AmendmentRecord, ListAmendments
from calendars.domain.calendar import AmendedCalendar
from calendars.domain.document import read_key
from calendars.domain.errors import CursorInvalidError
from calendars.operations.list_calendars import check_page
from calendars.storage import calendars
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]

Place = tuple[datetime, str, int]
"""Where a page ends: created_at, key and version of its last line."""

_FIRST: Place = (datetime.max.replace(tzinfo=UTC), "", 0)


async def read(context: RequestContext, request: ListAmendments, *, database: Database) -> AmendmentPage:
    """Read a page. Raises PageTooLargeError, CalendarKeyInvalidError, CursorInvalidError."""
    check_page(request.first)
    key = None if request.key is None else read_key(request.key)
    before = _FIRST if request.after is None else _read_cursor(request.after)
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        lines = await calendars.list_amendments(
            connection, context.tenant_id, before=before, key=key, limit=request.first + 1
        )
    return AmendmentPage(
        amendments=tuple(_record(line) for line in lines[: request.first]),
        has_next=len(lines) > request.first,
    )


def _record(line: AmendedCalendar) -> AmendmentRecord:
    return AmendmentRecord(
        cursor=_cursor((line.created_at, line.key, line.version)),
        key=line.key,
        version=line.version,
        mode=line.mode.value,
        effective_from=line.effective_from,
        reason=line.reason,
        created_at=line.created_at,
        created_by=line.created_by,
        name=line.name,
    )


def _cursor(place: Place) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read_cursor(text: str) -> Place:
    try:
        place: Place = msgspec.json.decode(urlsafe_b64decode(text.encode()), type=Place)
    except ValueError as error:
        raise CursorInvalidError("after: is no cursor of a page of amendments", field="after") from error
    return place
