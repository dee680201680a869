"""Which editions of zone and holiday data an answer stands on: part of every Timeline's key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from businesstime.holiday import RegionHolidays
from businesstime.regions import HOLIDAYS_VERSION
from businesstime.schedule import LocalSchedule, Schedule
from businesstime.zones import TZDATA_VERSION, ZoneDatabase

__all__ = ["CURRENT_EDITIONS", "data_editions", "timeline_key"]

# As data_editions writes them here: without holidays by region, and with.
CURRENT_EDITIONS: Final = (
    f"tzdata {TZDATA_VERSION}",
    f"tzdata {TZDATA_VERSION}, holidays {HOLIDAYS_VERSION}",
)


def data_editions(schedule: Schedule, database: ZoneDatabase) -> str:
    """Name the editions that a schedule's answers depend on, as `tzdata 2026a, holidays 0.109`."""
    regions = any(
        isinstance(holiday, RegionHolidays) for leaf in _leaves(schedule) for holiday in leaf.holidays
    )
    return f"tzdata {database.version}" + (f", holidays {HOLIDAYS_VERSION}" if regions else "")


def timeline_key(schedule: Schedule, database: ZoneDatabase) -> str:
    """Hash a schedule together with its editions: SHA-256 in hexadecimal."""
    return hashlib.sha256(f"{schedule.content_key} {data_editions(schedule, database)}".encode()).hexdigest()


def _leaves(schedule: Schedule) -> Iterator[LocalSchedule]:
    if isinstance(schedule, LocalSchedule):
        yield schedule
    for part in schedule.parts:
        yield from _leaves(part)
