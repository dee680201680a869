"""Seasons that claim the same dates, found when a Calendar is saved.

Where two hold, the first in the list is used. So a dated Season may stand before a yearly one, to take its
place once; any other overlap leaves a Season, or a part of it, without effect, which nobody means.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import combinations

from businesstime import LocalSchedule, Schedule, Season
from calendars.domain.errors import SeasonsOverlapError

__all__ = ["check_seasons"]

_LEAP_YEAR_FIRST = date(2028, 1, 1).toordinal()
_COMMON_YEAR_LAST = date(2029, 12, 31).toordinal()


def check_seasons(schedule: Schedule) -> None:
    """Raise SeasonsOverlapError, with the path of the later Season, where two claim the same dates."""
    for part in schedule.parts:
        check_seasons(part)
    if isinstance(schedule, LocalSchedule):
        _check(schedule.seasons)


def _check(seasons: Sequence[Season]) -> None:
    for (_, earlier), (place, later) in combinations(enumerate(seasons), 2):
        dated_first = isinstance(earlier.first, date) and not isinstance(later.first, date)
        if not dated_first and _overlap(earlier, later):
            field = f"document.seasons[{place}]"
            raise SeasonsOverlapError(
                f"{field}: {later.name!r} claims dates of {earlier.name!r}, which is used there",
                field=field,
            )


def _overlap(one: Season, other: Season) -> bool:
    """Say whether two Seasons share a date; two yearly ones show it in a leap year and a common one."""
    dated = [_dates(season) for season in (one, other) if isinstance(season.first, date)]
    low = max((first for first, _ in dated), default=_LEAP_YEAR_FIRST)
    high = min((last for _, last in dated), default=_COMMON_YEAR_LAST)
    return low <= high and any(
        first <= last_other and first_other <= last
        for first, last in one.spans(low, high)
        for first_other, last_other in other.spans(low, high)
    )


def _dates(season: Season) -> tuple[int, int]:
    """Return a dated Season's first and last date, as ordinals."""
    if isinstance(season.first, date) and isinstance(season.last, date):
        return season.first.toordinal(), season.last.toordinal()
    raise AssertionError("a Season has two dates or two days of the year")
