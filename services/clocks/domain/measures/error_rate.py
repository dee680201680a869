"""Error rate: failed of counted requests, by request, or the mean of the rates of equal intervals."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Literal

import msgspec

from businesstime import Interval
from clocks.domain.measures.columns import Contents, exact_sum, read_whole
from clocks.domain.measures.item import Items, Told, read_items
from clocks.domain.measures.value import NOTHING, Value

__all__ = [
    "EmptyIntervals",
    "ErrorRate",
    "IntervalRates",
    "RequestRate",
    "count_at_instants",
    "count_requests",
]

EmptyIntervals = Literal["skip", "perfect", "failed"]


class ErrorRate(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="error_rate", forbid_unknown_fields=True
):
    """Failed / all requests, of events that count both since the last such event.

    event: their type. total, failed: the attributes that hold the two counts.
    weighting: requests: all requests count the same; intervals: all intervals do.
    interval: the length of one, from the period's start on; the last one may be shorter.
    empty: what an interval without requests does: skip: it does not count; perfect: its rate is 0; failed: 1.
    """

    event: str = "requests.counted"
    total: str = "requests"
    failed: str = "errors"
    weighting: Literal["requests", "intervals"] = "requests"
    interval: str = "5m"
    empty: EmptyIntervals = "skip"


def count_requests(told: Told) -> Items:
    """Read total and failed of events; counts that cannot be are unusable."""
    return read_items(told, read_whole, usable=lambda total, failed: (failed >= 0) & (failed <= total))


def count_at_instants(told: Told) -> Items:
    """Read the same, beside the instants of events that are told one by one."""
    items = count_requests(told)
    return items._replace(contents=(items.at_us, *items.contents))


class RequestRate:
    """Weighs by request; samples: requests."""

    def __init__(self) -> None:
        self._total = self._failed = 0

    def add(self, contents: Contents) -> None:
        """Add a portion up: counts of all, and of the failed."""
        total, failed = contents
        self._total += int(exact_sum(total))
        self._failed += int(exact_sum(failed))

    def value(self) -> Value:
        """Answer failed / all."""
        return Value(self._failed, self._total, self._total)


class IntervalRates:
    """The mean of the rates of intervals; samples: the intervals that count."""

    def __init__(self, period: Interval, *, interval_us: int, empty: EmptyIntervals) -> None:
        self._period, self._interval_us, self._empty = period, interval_us, empty
        self._counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])

    def add(self, contents: Contents) -> None:
        """Add a portion up, interval by interval: instants, counts of all, and of the failed."""
        at_us, total, failed = contents
        places = (at_us - self._period.start_us) // self._interval_us
        for place, more, worse in zip(places.tolist(), total.tolist(), failed.tolist(), strict=True):
            counts = self._counts[place]
            counts[0] += worse
            counts[1] += more

    def value(self) -> Value:
        """Answer the mean."""
        rates = [Fraction(failed, total) for failed, total in self._counts.values() if total]
        length_us = self._period.end_us - self._period.start_us
        lacking = -(-length_us // self._interval_us) - len(rates)
        samples = len(rates) if self._empty == "skip" else len(rates) + lacking
        if not samples:
            return NOTHING
        mean = (_sum(rates) + (lacking if self._empty == "failed" else 0)) / samples
        return Value(mean.numerator, mean.denominator, samples)


def _sum(rates: list[Fraction]) -> Fraction:
    """Add up in pairs, and pairs of pairs: thousands of denominators make the plain way slow."""
    while len(rates) > 1:
        paired = [one + other for one, other in zip(rates[::2], rates[1::2], strict=False)]
        rates = paired + rates[len(rates) & ~1 :]
    return rates[0] if rates else Fraction(0)
