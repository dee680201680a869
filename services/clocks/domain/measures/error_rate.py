"""Error rate: failed of counted requests, by request, or the mean of the rates of equal intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Literal, NamedTuple

import msgspec

from businesstime import Interval
from clocks.domain.measures.item import Fact, Item
from clocks.domain.measures.value import NOTHING, Value

__all__ = [
    "Counts",
    "EmptyIntervals",
    "ErrorRate",
    "count_requests",
    "error_rate_of_intervals",
    "error_rate_of_requests",
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


class Counts(NamedTuple):
    """How many requests were counted at an instant, and how many of them had failed."""

    at_us: int
    total: int
    failed: int


def count_requests(facts: Iterable[Fact], *, total: str, failed: str) -> tuple[list[Item[Counts]], int]:
    """Read events as counts; the second answer is how many say no counts that can be."""
    found: list[Item[Counts]] = []
    unusable = 0
    for fact in facts:
        counts = Counts(fact.at_us, *(_count(fact.attributes.get(name)) for name in (total, failed)))
        if 0 <= counts.failed <= counts.total:
            found.append(Item(fact.subject_id, fact.at_us, counts, (fact.mark,)))
        else:
            unusable += 1
    return found, unusable


def error_rate_of_requests(counts: Iterable[Counts]) -> Value:
    """Weigh by request; samples: requests."""
    total = failed = 0
    for one in counts:
        total += one.total
        failed += one.failed
    return Value(failed, total, total)


def error_rate_of_intervals(
    counts: Iterable[Counts], period: Interval, *, interval_us: int, empty: EmptyIntervals
) -> Value:
    """Take the mean of the rates of intervals; samples: the intervals that count."""
    totals: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for one in counts:
        place = totals[(one.at_us - period.start_us) // interval_us]
        place[0] += one.failed
        place[1] += one.total
    rates = [Fraction(failed, total) for failed, total in totals.values() if total]
    lacking = -(-(period.end_us - period.start_us) // interval_us) - len(rates)
    samples = len(rates) if empty == "skip" else len(rates) + lacking
    if not samples:
        return NOTHING
    mean = (_sum(rates) + (lacking if empty == "failed" else 0)) / samples
    return Value(mean.numerator, mean.denominator, samples)


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _sum(rates: list[Fraction]) -> Fraction:
    """Add up in pairs, and pairs of pairs: thousands of denominators make the plain way slow."""
    while len(rates) > 1:
        paired = [one + other for one, other in zip(rates[::2], rates[1::2], strict=False)]
        rates = paired + rates[len(rates) & ~1 :]
    return rates[0] if rates else Fraction(0)
