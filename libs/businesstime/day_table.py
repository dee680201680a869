"""A dense table by UTC day, for questions about datetimes: a day's totals, and the pattern that it follows.

Days of one pattern share its parts, so that a day costs a place in a few lists and the numbers of its own.
What a question touches stays in the processor's caches, whether its instants are an hour or ten years apart.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from businesstime.horizon import Horizon
from businesstime.instants import DAY_US, EPOCH, MICROSECOND, REACH_LAST, SECOND_US, to_us
from businesstime.lookups import day_pieces, intervals_by_total

__all__ = ["SPAN_S", "DayTable", "Days", "Dues", "Part", "Span"]

# (opens_s, before_us, closes_s, next, before, closed): before second `closes_s` of a day its open time is
# `before_us`, as a timedelta `before`; from `opens_s` on that grows, and the day's closed time is `closed`.
# The last part of a day is empty and lies at its end.
Part: TypeAlias = tuple[int, int, int, "Part", timedelta, timedelta]

# (until, add, next): an Interval with the totals up to `until`; adding `add` to one gives its instant.
Span: TypeAlias = tuple[timedelta, datetime, "Span"]

# (first, parts, totals_us): from midnight `first` on, each day's parts and the total at its start.
# Plain tuples, here and below: Python takes them apart far faster than named ones.
Days: TypeAlias = tuple[datetime, list[Part], list[int]]

# (first, parts, totals, closed, rows): the same days, with the open and the closed time before each, counted
# from an origin that leaves no total negative; and the Spans of each 24 hours of open time, one a SPAN_S.
Dues: TypeAlias = tuple[datetime, list[Part], list[timedelta], list[timedelta], list[tuple[Span, ...]]]

SPAN_S: Final = 7_200
_SPANS_US: Final = range(0, DAY_US, SPAN_S * SECOND_US)
_MARGIN_DAYS: Final = 366
_NEVER: Final = datetime(REACH_LAST.year, 1, 1, tzinfo=UTC)

# What is not entered, and what follows a day's last part: to read it is an IndexError.
_NOTHING: Final[tuple[()]] = ()


class DayTable:
    """The days asked for from some midnight on. A Horizon only grows, and lists too: no entry goes stale."""

    __slots__ = ("_horizon", "_origin_us", "_patterns", "days", "dues")

    def __init__(self, horizon: Horizon, at: datetime = _NEVER) -> None:
        """Begin some time before a UTC instant, with no day yet."""
        first = EPOCH + timedelta(days=(at - EPOCH).days - _MARGIN_DAYS)
        parts: list[Part] = []
        self._horizon = horizon
        # The total is 0 at the anchor, and less by no more than the time before it.
        self._origin_us = min(to_us(first) - horizon.anchor_us, 0)
        self._patterns: dict[tuple[tuple[int, int, int], ...], Part] = {}
        self.days: Days = (first, parts, [])
        self.dues: Dues = (first, parts, [], [], [])

    def enter(self, at: datetime) -> None:
        """Enter the day of an instant, unless an edge in it lies between two seconds.

        Raises NeverOpensError, OutOfReachError.
        """
        day = (at - EPOCH).days
        pieces = day_pieces(self._horizon, day)
        start_us, total_us = day * DAY_US, pieces[0][2]
        if any(edge_us % SECOND_US for piece in pieces for edge_us in piece[:2]):
            return
        _, parts, totals_us = self.days
        _, _, totals, closed, _ = self.dues
        place = (at - self.days[0]).days
        for column in (closed, totals, totals_us, parts):
            _make_room(column, place)
        totals_us[place] = total_us
        totals[place] = MICROSECOND * (total_us - self._origin_us)
        closed[place] = timedelta(days=place) - totals[place]
        parts[place] = self._shared(
            tuple(
                (
                    (opens_us - start_us) // SECOND_US,
                    before_us - total_us,
                    (closes_us - start_us) // SECOND_US,
                )
                for opens_us, closes_us, before_us in pieces
            )
        )

    def enter_due(self, total_us: int) -> None:
        """Enter the row of a total that is reached in these days, if its 24 hours are compiled."""
        row = (total_us - self._origin_us) // DAY_US
        low_us = row * DAY_US + self._origin_us
        starts_us = [low_us + each for each in _SPANS_US]
        spans: list[Any] = []
        chain: object = _NOTHING
        for before_us, until_us, opens_us in intervals_by_total(self._horizon, low_us, low_us + DAY_US):
            add = EPOCH + MICROSECOND * (opens_us - before_us + self._origin_us)
            chain = (MICROSECOND * (until_us - self._origin_us), add, chain)
            while starts_us and before_us < starts_us[-1]:
                starts_us.pop()
                spans.append(chain)
        _make_room(self.dues[4], row)
        self.dues[4][row] = tuple(reversed(spans))

    def _shared(self, pattern: tuple[tuple[int, int, int], ...]) -> Part:
        """Answer the one chain of a pattern's parts."""
        chain: Any = self._patterns.get(pattern, _NOTHING)
        if chain is _NOTHING:
            for opens_s, before_us, closes_s in reversed(pattern):
                before = MICROSECOND * before_us
                chain = (opens_s, before_us, closes_s, chain, before, timedelta(seconds=opens_s) - before)
            self._patterns[pattern] = chain
        part: Part = chain
        return part


def _make_room(column: list[Any], place: int) -> None:
    """Make room in a list for a place, and for some after it."""
    if place >= len(column):
        column.extend([_NOTHING] * (place - len(column) + _MARGIN_DAYS))
