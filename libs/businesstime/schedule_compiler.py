"""From a Schedule to its Timeline, and the algebra of Timelines."""

from __future__ import annotations

from datetime import date
from typing import Final

from businesstime.compiling import check_size, cover
from businesstime.errors import OutOfReachError
from businesstime.instants import REACH_END_US, REACH_START_US, date_to_us
from businesstime.schedule import Schedule
from businesstime.timeline import Timeline
from businesstime.zones import PACKAGED, ZoneDatabase

__all__ = ["compile_schedule"]

# Twenty years around most questions; others make the horizon grow.
_FIRST: Final = date(2015, 1, 1)
_LAST: Final = date(2035, 1, 1)


def compile_schedule(
    schedule: Schedule,
    *,
    start: date | None = None,
    end: date | None = None,
    database: ZoneDatabase = PACKAGED,
) -> Timeline:
    """Compile a schedule for the dates from `start` up to `end`, in UTC; the horizon grows on demand anyway.

    database: the zone data; that of the tzdata package unless a test needs another edition.
    Raises OutOfReachError for years or a number of windows beyond what is computed.
    """
    start_us, end_us = date_to_us(start or _FIRST), date_to_us(end or _LAST)
    if not REACH_START_US <= start_us < end_us <= REACH_END_US:
        raise OutOfReachError("a horizon ends after it starts, in the years 1800 to 2399", field="end")
    check_size(schedule, start_us, end_us)
    return Timeline(cover(schedule, start_us, end_us, database), lambda: schedule, database)
