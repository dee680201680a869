"""Error rates against plain sums."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import Interval
from clocks.domain.measures.error_rate import (
    Counts,
    EmptyIntervals,
    count_requests,
    error_rate_of_intervals,
    error_rate_of_requests,
)
from clocks.domain.measures.item import Fact

counts = st.builds(
    lambda at_us, total, failed: Counts(at_us, total, min(total, failed)),
    st.integers(100, 199),
    st.integers(0, 50),
    st.integers(0, 50),
)


@given(st.lists(counts, max_size=30))
def test_requests_weigh_the_same(told: list[Counts]) -> None:
    """It is all that failed of all there were, however they were counted."""
    value = error_rate_of_requests(told)
    assert (value.numerator, value.denominator) == (sum(c.failed for c in told), sum(c.total for c in told))


@given(st.lists(counts, max_size=30), st.integers(1, 120), st.sampled_from(("skip", "perfect", "failed")))
def test_intervals_weigh_the_same(told: list[Counts], interval_us: int, empty: EmptyIntervals) -> None:
    """It is the mean of each interval's own rate, with the rule for those without requests."""
    rates = []
    for start in range(100, 200, interval_us):
        inside = [one for one in told if start <= one.at_us < start + interval_us]
        total = sum(one.total for one in inside)
        if total:
            rates.append(Fraction(sum(one.failed for one in inside), total))
        elif empty != "skip":
            rates.append(Fraction(empty == "failed"))
    value = error_rate_of_intervals(told, Interval(100, 200), interval_us=interval_us, empty=empty)
    assert value.ratio == (sum(rates, Fraction(0)) / len(rates) if rates else None)
    assert value.samples == len(rates)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"requests": 5},
        {"requests": 5, "errors": 6},
        {"requests": 5, "errors": -1},
        {"requests": True, "errors": False},
        {"requests": "5", "errors": "1"},
        {"requests": 5.0, "errors": 1.0},
    ],
)
def test_what_is_no_count_is_told(attributes: dict[str, object]) -> None:
    """Events that say no counts are left out, and counted."""
    fact = Fact("api", 1, "requests.counted", attributes, "mark")
    assert count_requests([fact], total="requests", failed="errors") == ([], 1)
