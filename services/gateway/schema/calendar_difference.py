"""What two versions of a Calendar mean side by side, in days and hours."""

from __future__ import annotations

from datetime import date, datetime

from calendars import contract
from gateway.schema.declare import object_type
from gateway.schema.info import Info
from gateway.schema.scalars import Long

__all__ = ["CalendarDifference", "compare_versions"]


@object_type
class DayDifference:
    """A local date on which two versions differ.

    before_us, after_us: its open time, in microseconds.
    before, after: its windows, as `09:00-17:00`.
    """

    date: date
    before_us: Long
    after_us: Long
    before: list[str]
    after: list[str]


@object_type
class CalendarDifference:
    """Two versions of one Calendar compared in [start, end).

    zone: whose dates are counted: the later version's.
    before_us, after_us: all open time in the window, in microseconds.
    gained_us, lost_us: open time that only the later, only the earlier one has.
    days: the dates on which they differ.
    """

    key: str
    from_version: int
    to_version: int
    zone: str
    start: datetime
    end: datetime
    before_us: Long
    after_us: Long
    gained_us: Long
    lost_us: Long
    days: list[DayDifference]


async def compare_versions(
    info: Info,
    key: str,
    from_version: int,
    to_version: int,
    start: datetime | None = None,
    end: datetime | None = None,
) -> contract.CalendarDifference:
    """Compare a Calendar as it stood after one version and after another, in at most 1,100 days.

    start: null: when the later version begins to hold. end: null: a year after the start.
    """
    session = info.context
    asked = contract.CompareVersions(
        key=key, from_version=from_version, to_version=to_version, start=start, end=end
    )
    return await session.calendars.compare_versions(session.context, asked)
