"""Tables for deadlines of datetimes: they fill on demand, and never go stale, since a Horizon only grows.

A duration in µs is added to a total in µs. One that is a timedelta is added as such: making an integer of it
would cost more than all the rest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeAlias

from businesstime.horizon import Horizon
from businesstime.instants import EPOCH_ORDINAL, MICROSECOND, SECOND_US, from_us
from businesstime.lookups import END, TOTAL_SHIFT, day_pieces, intervals_by_total

__all__ = ["DueTable"]

# 2^14 s of open time is about as much as 2^TOTAL_SHIFT µs.
_SPAN_SHIFT: Final = 14
_ZERO: Final = timedelta()

# (until_us, before_us, opens, next): an Interval with the totals from `before_us` at `opens` to `until_us`.
Due: TypeAlias = tuple[int, int, datetime, "Due"]

# (closes, opens, total, next): before `closes` the total is `total`, growing from `opens` on.
Moment: TypeAlias = tuple[datetime, datetime, timedelta, "Moment"]

# (until, add, next): an Interval with the totals up to `until`; adding `add` to one gives its instant.
Span: TypeAlias = tuple[timedelta, datetime, "Span"]


class DueTable:
    """From a total to the instant that reaches it; for timedeltas also from an instant to its total."""

    __slots__ = ("_horizon", "_moments", "_spans", "by_total")

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self._moments: dict[int, Moment] = {}
        self._spans: dict[int, Span] = {}
        self.by_total: dict[int, Due] = {}

    def due(self, start: datetime, duration: timedelta) -> datetime | None:
        """Answer when a duration after a UTC instant ends; None if not positive, or not in the tables."""
        try:
            closes, opens, total, after = self._moments[start.toordinal()]
            while start >= closes:
                closes, opens, total, after = after
            if start > opens:
                total += start - opens
            total += duration
            until, add, later = self._spans[(total.days * 86_400 + total.seconds) >> _SPAN_SHIFT]
        except (KeyError, OverflowError):
            return None
        if duration <= _ZERO:
            return None
        while total > until:
            until, add, later = later
        return add + total

    def enter(self, total_us: int) -> None:
        """Enter what finds a total in µs."""
        bucket = total_us >> TOTAL_SHIFT
        chain: object = END
        for before_us, until_us, opens_us in intervals_by_total(
            self._horizon, bucket << TOTAL_SHIFT, (bucket + 1) << TOTAL_SHIFT
        ):
            chain = (until_us, before_us, from_us(opens_us), chain)
        if chain is not END:
            self.by_total[bucket] = chain  # type: ignore[assignment] # a chain's end is never read

    def enter_timedeltas(self, start: datetime, total_us: int) -> None:
        """Enter what finds a UTC instant's total as a timedelta, and such a total's instant."""
        chain: object = END
        for opens_us, closes_us, at_us in reversed(
            day_pieces(self._horizon, start.toordinal() - EPOCH_ORDINAL)
        ):
            opens = from_us(opens_us)
            closes = opens if closes_us == opens_us else from_us(closes_us)  # small tables stay in the caches
            chain = (closes, opens, MICROSECOND * at_us, chain)
        self._moments[start.toordinal()] = chain  # type: ignore[assignment] # as above
        bucket = (total_us // SECOND_US) >> _SPAN_SHIFT
        low_us, high_us = (each << _SPAN_SHIFT for each in (bucket, bucket + 1))
        chain = END
        for before_us, until_us, opens_us in intervals_by_total(
            self._horizon, low_us * SECOND_US, high_us * SECOND_US
        ):
            chain = (MICROSECOND * until_us, from_us(opens_us - before_us), chain)
        if chain is not END:
            self._spans[bucket] = chain  # type: ignore[assignment] # as above
