"""Error rates against plain sums."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import Interval
from clocks.domain.measures.columns import Contents, column_of
from clocks.domain.measures.error_rate import (
    EmptyIntervals,
    IntervalRates,
    RequestRate,
    count_at_instants,
    count_requests,
)
from tests.services.clocks.measures.portions import summed, told


class Counts(NamedTuple):
    """How many requests were counted at an instant, and how many of them had failed."""

    at_us: int
    total: int
    failed: int


counts = st.builds(
    lambda at_us, total, failed: Counts(at_us, total, min(total, failed)),
    st.integers(100, 199),
    st.one_of(st.integers(0, 50), st.integers(0, 10**30)),
    st.one_of(st.integers(0, 50), st.integers(0, 10**30)),
)


def columns(counted: list[Counts]) -> Contents:
    """Make columns of counts."""
    return tuple(column_of([one[place] for one in counted]) for place in range(3))


@given(st.lists(counts, max_size=30))
def test_requests_weigh_the_same(counted: list[Counts]) -> None:
    """It is all that failed of all there were, however they were counted."""
    value = summed(RequestRate(), columns(counted)[1:])
    assert (value.numerator, value.denominator) == (
        sum(c.failed for c in counted),
        sum(c.total for c in counted),
    )


@given(st.lists(counts, max_size=30), st.integers(1, 120), st.sampled_from(("skip", "perfect", "failed")))
def test_intervals_weigh_the_same(counted: list[Counts], interval_us: int, empty: EmptyIntervals) -> None:
    """It is the mean of each interval's own rate, with the rule for those without requests."""
    rates = []
    for start in range(100, 200, interval_us):
        inside = [one for one in counted if start <= one.at_us < start + interval_us]
        total = sum(one.total for one in inside)
        if total:
            rates.append(Fraction(sum(one.failed for one in inside), total))
        elif empty != "skip":
            rates.append(Fraction(empty == "failed"))
    rating = IntervalRates(Interval(100, 200), interval_us=interval_us, empty=empty)
    value = summed(rating, columns(counted))
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
        {"requests": None, "errors": None},
        {"requests": [5], "errors": {}},
    ],
)
def test_what_is_no_count_is_told(attributes: dict[str, object]) -> None:
    """Events that say no counts are left out, and counted."""
    items = count_at_instants(told([attributes, {"requests": 2, "errors": 1}], "requests", "errors"))
    assert (items.subjects, items.unusable) == (["s"], 1)
    assert [column.tolist() for column in items.contents] == [[1], [2], [1]]


def test_counts_of_any_length_are_read() -> None:
    """A count that does not fit into 64 bits is counted as it is."""
    many = 10**20
    items = count_requests(told([{"requests": many, "errors": 1}], "requests", "errors"))
    assert summed(RequestRate(), items.contents) == (1, many, many)
    assert items.contents[0].dtype == np.object_
