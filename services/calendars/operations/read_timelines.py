"""Read compiled Timelines, for those who make many sums themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calendars.contract import ReadTimelines, TimelineRecord, TimelinesRecord
from calendars.domain.calendar import read_instant
from calendars.domain.document import CalendarKey, read_key
from calendars.domain.errors import BatchTooLargeError, KeysRepeatedError
from calendars.operations.obtain_timelines import obtain
from calendars.storage.timelines import TimelineShelf
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_KEYS", "read"]

MAX_KEYS = 200


async def read(
    context: RequestContext,
    request: ReadTimelines,
    *,
    database: Database,
    shelf: TimelineShelf,
    now: datetime,
) -> TimelinesRecord:
    """Read one Timeline for each key.

    Raises CalendarUnknownError, CalendarKeyInvalidError, KeysRepeatedError, BatchTooLargeError.
    """
    keys = _read_keys(request.keys)
    known = None if request.known_at is None else read_instant(request.known_at, field="known_at")
    obtained = await obtain(context, keys, database=database, shelf=shelf, now=now, known=known)
    return TimelinesRecord(
        timelines=tuple(
            TimelineRecord(
                key=key,
                version=obtained[key].version,
                content_key=obtained[key].compiled.timeline.content_key,
                blob=obtained[key].compiled.blob,
            )
            for key in keys
        )
    )


def _read_keys(keys: Sequence[str]) -> list[CalendarKey]:
    if len(keys) > MAX_KEYS:
        raise BatchTooLargeError(f"keys: holds {len(keys)}, {MAX_KEYS} at most", field="keys")
    read: list[CalendarKey] = []
    for index, text in enumerate(keys):
        key = read_key(text, field=f"keys[{index}]")
        if key in read:
            raise KeysRepeatedError(f"keys[{index}]: {key!r} is named twice", field=f"keys[{index}]")
        read.append(key)
    return read
