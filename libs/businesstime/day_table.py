"""A dense table by UTC day, for questions about datetimes: a day's total, and the pattern that it follows.

Days of one pattern share its parts, so that a day costs two places in lists and one integer. What a question
touches stays in the processor's caches, whether its two instants are an hour or ten years apart.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from businesstime.horizon import Horizon
from businesstime.instants import DAY_US, EPOCH, SECOND_US
from businesstime.lookups import day_pieces

__all__ = ["DayTable", "Days", "Part"]

# (opens_s, before_us, closes_s, next): before second `closes_s` of a day its open time is `before_us`, and
# grows from `opens_s` on. The last part of a day is empty and lies at its end.
Part: TypeAlias = tuple[int, int, int, "Part"]

_MARGIN_DAYS: Final = 366

# A day that is not entered, and what follows a day's last part: to read it is an IndexError.
_NOTHING: Final[tuple[()]] = ()


class Days(NamedTuple):
    """Consecutive days from `first`, a midnight: of each its parts, and the total at its start in µs."""

    first: datetime
    parts: list[Part]
    totals_us: list[int]


class DayTable:
    """The days asked for so far, and those between them. A Horizon only grows: no entry goes stale."""

    __slots__ = ("_horizon", "_patterns", "days")

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self._patterns: dict[tuple[tuple[int, int, int], ...], Part] = {}
        self.days = Days(EPOCH, [], [])

    def enter(self, at: datetime) -> None:
        """Enter the day of an instant, unless an edge in it lies between two seconds.

        Raises NeverOpensError, OutOfReachError.
        """
        day = (at - EPOCH).days
        pieces = day_pieces(self._horizon, day)
        start_us, total_us = day * DAY_US, pieces[0][2]
        if any(edge_us % SECOND_US for piece in pieces for edge_us in piece[:2]):
            return
        pattern = tuple(
            ((opens_us - start_us) // SECOND_US, before_us - total_us, (closes_us - start_us) // SECOND_US)
            for opens_us, closes_us, before_us in pieces
        )
        days = self._reaching(EPOCH + timedelta(days=day))
        place = (at - days.first).days
        days.totals_us[place] = total_us
        days.parts[place] = self._shared(pattern)

    def _shared(self, pattern: tuple[tuple[int, int, int], ...]) -> Part:
        """Answer the one chain of a pattern's parts."""
        chain: object = self._patterns.get(pattern, _NOTHING)
        if chain is _NOTHING:
            for part in reversed(pattern):
                chain = (*part, chain)
            self._patterns[pattern] = chain  # type: ignore[assignment] # a chain's end is never read
        return chain  # type: ignore[return-value] # as above

    def _reaching(self, day: datetime) -> Days:
        """Answer days that hold one, with some before or after it when it is a new first or last."""
        days = self.days
        have = len(days.parts)
        place = (day - days.first).days
        if not have:
            self.days = days = _none(day, 1)
        elif place < 0:
            more = _none(day - timedelta(days=_MARGIN_DAYS), _MARGIN_DAYS - place)
            self.days = days = Days(more.first, more.parts + days.parts, more.totals_us + days.totals_us)
        elif place >= have:
            more = _none(day, place - have + _MARGIN_DAYS)
            self.days = days = Days(days.first, days.parts + more.parts, days.totals_us + more.totals_us)
        return days


def _none(first: datetime, count: int) -> Days:
    nothing: list[Part] = [_NOTHING] * count  # type: ignore[list-item] # an IndexError, whoever reads it
    return Days(first, nothing, [0] * count)
