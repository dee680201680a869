"""What a Schedule is held to when it is saved: it opens at some time, and is compiled with bounded effort."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice

from businesstime import (
    LocalSchedule,
    NeverOpensError,
    RegionHolidays,
    RuledHoliday,
    Schedule,
    compile_schedule,
)
from calendars.domain.calendar import EARLIEST, LATEST
from calendars.domain.definition import Horizon
from calendars.domain.errors import DocumentInvalidError, HolidaysTooManyError, ReferencesTooManyError

__all__ = ["MAX_LEAVES", "MAX_REGIONS", "MAX_RULE_DATES", "check_schedule"]

MAX_LEAVES = 256
"""How many documents one Calendar may be made of, each counted as often as it is named."""

MAX_REGIONS = 64
"""How many countries and subdivisions may give it holidays."""

MAX_RULE_DATES = 100_000
"""How many dates its rules may name, from their starts to the end of the horizon."""


def check_schedule(schedule: Schedule, horizon: Horizon) -> None:
    """Refuse a Schedule that is too large, or never open from 1970 to 2100.

    Raises ReferencesTooManyError, HolidaysTooManyError, DocumentInvalidError.
    """
    leaves = list(islice(_leaves(schedule), MAX_LEAVES + 1))
    if len(leaves) > MAX_LEAVES:
        raise ReferencesTooManyError(f"document: is made of more than {MAX_LEAVES} parts", field="document")
    _check_holidays(leaves, horizon.end)
    if not _opens(schedule, horizon.start, horizon.end) and not _opens(
        schedule, EARLIEST.date(), LATEST.date()
    ):
        raise DocumentInvalidError(
            f"document: never opens from {EARLIEST.year} to {LATEST.year}: "
            "a calendar without open time keeps no promise",
            field="document",
            code=NeverOpensError.code,
        )


def _leaves(schedule: Schedule) -> Iterator[LocalSchedule]:
    """Yield every Schedule inside that has no parts, as often as it stands there."""
    if isinstance(schedule, LocalSchedule):
        yield schedule
    for part in schedule.parts:
        yield from _leaves(part)


def _check_holidays(leaves: list[LocalSchedule], last: date) -> None:
    """Count what compiling would have to go through; stops counting at the limit, so a bomb costs no more."""
    holidays = {holiday for leaf in leaves for holiday in leaf.holidays}
    regions = sum(isinstance(holiday, RegionHolidays) for holiday in holidays)
    if regions > MAX_REGIONS:
        raise HolidaysTooManyError(
            f"document: takes holidays from {regions} regions, {MAX_REGIONS} at most",
            field="document.holidays",
        )
    dates = 0
    for holiday in holidays:
        if isinstance(holiday, RuledHoliday):
            dates += len(holiday.rule.ordinals(holiday.start, last))
        if dates > MAX_RULE_DATES:
            raise HolidaysTooManyError(
                f"document.holidays: rules name over {MAX_RULE_DATES} dates until {last}: give them ends",
                field="document.holidays",
            )


def _opens(schedule: Schedule, start: date, end: date) -> bool:
    coverage = compile_schedule(schedule, start=start, end=end).horizon.coverage
    return len(coverage.opens_us) > 0
