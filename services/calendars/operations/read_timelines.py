"""Read compiled Timelines, for those who make many sums themselves."""

from __future__ import annotations

from collections.abc import Sequence

from calendars.contract import ReadTimelines, TimelineRecord, TimelinesRecord
from calendars.domain.calendar import read_instant
from calendars.domain.document import CalendarKey, read_key
from calendars.domain.errors import BatchTooLargeError, KeysRepeatedError
from calendars.operations.obtain_timelines import TimelineSource, obtain
from serving.context import RequestContext

__all__ = ["MAX_KEYS", "read"]

MAX_KEYS = 200


async def read(context: RequestContext, request: ReadTimelines, source: TimelineSource) -> TimelinesRecord:
    """Read one Timeline for each key.

    Raises CalendarUnknownError, CalendarKeyInvalidError, KeysRepeatedError, BatchTooLargeError.
    """
    asked = _read_keys(request.keys)
    known = None if request.known_at is None else read_instant(request.known_at, field="known_at")
    obtained = await obtain(context, asked, source, known=known)
    return TimelinesRecord(
        timelines=tuple(
            TimelineRecord(
                key=key,
                version=obtained[key].version,
                content_key=obtained[key].compiled.timeline.content_key,
                blob=obtained[key].compiled.blob,
                revision=obtained[key].revision,
            )
            for key in asked
        )
    )


def _read_keys(keys: Sequence[str]) -> dict[CalendarKey, str]:
    if len(keys) > MAX_KEYS:
        raise BatchTooLargeError(f"keys: holds {len(keys)}, {MAX_KEYS} at most", field="keys")
    read: dict[CalendarKey, str] = {}
    for index, text in enumerate(keys):
        key = read_key(text, field=f"keys[{index}]")
        if key in read:
            raise KeysRepeatedError(f"keys[{index}]: {key!r} is named twice", field=f"keys[{index}]")
        read[key] = f"keys[{index}]"
    return read
