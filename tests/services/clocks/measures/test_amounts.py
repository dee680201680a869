"""Means, percentiles and shares within a bound, and the numbers and spans that they are taken of."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.measures import held
from clocks.domain.measures.columns import (
    MILLION,
    Contents,
    Number,
    column_of,
    exact_sum,
    read_millionths,
    read_whole,
)
from clocks.domain.measures.mean import MeanTally
from clocks.domain.measures.percentile import Ranking
from clocks.domain.measures.ratio import RatioTally, find_parts
from clocks.domain.measures.refusals import MeasureTooLargeError
from clocks.domain.measures.source import SpanFinder, Spans, find_numbers
from clocks.domain.measures.within import Abandoned, WithinTally
from tests.services.clocks.measures.portions import cut, facts_of, summed, told


class Amount(NamedTuple):
    """What one thing came to; abandoned: it was given up after that time."""

    amount: Number
    abandoned: bool = False


numbers = st.one_of(
    st.integers(-9, 50),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(10**30), 10**30),
    st.fractions(min_value=-5, max_value=50, max_denominator=20),
)
amounts = st.builds(Amount, numbers, st.sampled_from((False, False, True)))
many = st.one_of(
    st.lists(amounts, max_size=25),
    st.lists(st.builds(Amount, st.integers(-9, 50), st.booleans()), max_size=25),
)
percents = st.one_of(
    st.integers(1, 100).map(Fraction), st.fractions(min_value="0.1", max_value=100, max_denominator=1000)
)


def columns(found: list[Amount]) -> Contents:
    """Make columns of amounts."""
    abandoned = np.array([one.abandoned for one in found], dtype=np.bool_)
    return column_of([one.amount for one in found]), abandoned


@given(many)
def test_mean(found: list[Amount]) -> None:
    """The mean times the count is the sum; what was abandoned is in neither."""
    finished = [one.amount for one in found if not one.abandoned]
    value = summed(MeanTally(1), columns(found))
    assert value.samples == len(finished)
    if finished:
        assert value.ratio is not None
        assert value.ratio * len(finished) == sum(finished)
    else:
        assert value.status == "NO_DATA"


@given(many, percents)
def test_percentile_is_the_least_that_enough_do_not_exceed(found: list[Amount], percent: Fraction) -> None:
    """Nearest rank, by its definition: tried on each amount in turn."""
    finished = sorted(one.amount for one in found if not one.abandoned)
    enough = [
        amount
        for amount in finished
        if Fraction(sum(other <= amount for other in finished), len(finished)) >= percent / 100
    ]
    value = summed(Ranking(percent, 1), columns(found))
    assert value.ratio == (enough[0] if enough else None)


@given(many, percents, st.randoms(use_true_random=False), st.integers(1, 9))
def test_order_and_portions_do_not_matter(
    found: list[Amount], percent: Fraction, chance: random.Random, rows: int
) -> None:
    """No measure depends on the order of its amounts, nor on how they are cut into portions."""
    shuffled = list(found)
    chance.shuffle(shuffled)
    for begin in (
        lambda: MeanTally(1),
        lambda: Ranking(percent, 1),
        lambda: WithinTally(Fraction(7), 1, "late_missed"),
    ):
        assert summed(begin(), columns(found)) == summed(begin(), columns(shuffled), rows=rows)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [("5", 15), ("30", 20), ("40", 20), ("40.1", 35), ("50", 35), ("100", 50), ("0.001", 15)],
)
def test_the_textbook_example(percent: str, expected: int) -> None:
    """15, 20, 35, 40, 50: the ranks as every textbook has them."""
    found = [Amount(number) for number in (15, 20, 35, 40, 50)]
    assert summed(Ranking(Fraction(percent), 1), columns(found)).ratio == expected


def test_a_percentile_holds_so_many_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than may be held is refused, and what was abandoned is not held."""
    monkeypatch.setattr(held, "MAX_HELD", 3)
    found = [Amount(1), Amount(2, abandoned=True), Amount(3), Amount(4)]
    assert summed(Ranking(Fraction(50), 1), columns(found)).ratio == 3
    with pytest.raises(MeasureTooLargeError, match="more than 3 facts"):
        summed(Ranking(Fraction(50), 1), columns([*found, Amount(5)]))


RULES: dict[Abandoned, tuple[int, int]] = {
    "ignored": (2, 3),
    "missed": (2, 5),
    "late_missed": (2, 4),
    "early_kept": (3, 5),
}


@pytest.mark.parametrize("rule", RULES)
def test_within(rule: Abandoned) -> None:
    """Three answered, at, before and after the bound, and one abandoned on either side of it."""
    found = [
        Amount(number, abandoned)
        for number, abandoned in ((20, False), (5, False), (21, False), (20, True), (21, True))
    ]
    value = summed(WithinTally(Fraction(20), 1, rule), columns(found))
    assert (value.numerator, value.denominator) == RULES[rule]


@given(many, st.fractions(min_value=-5, max_value=50, max_denominator=20))
def test_rules_for_the_abandoned_are_in_order(found: list[Amount], bound: Fraction) -> None:
    """Missed is the hardest on who answers; without abandoned ones all agree, and with a count."""
    values = {rule: summed(WithinTally(bound, 1, rule), columns(found)) for rule in RULES}
    ratios = {rule: value.ratio for rule, value in values.items()}
    if ratios["missed"] is not None:
        assert all(ratio is None or ratios["missed"] <= ratio for ratio in ratios.values())
    if not any(one.abandoned for one in found):
        assert len(set(values.values())) == 1
        assert values["missed"].numerator == sum(one.amount <= bound for one in found)


@given(st.lists(numbers), st.integers(0, 3))
def test_columns_add_up_exactly(found: list[Number], times: int) -> None:
    """A column's sum is that of its numbers, past 64 bits and for fractions too."""
    found *= 2**times
    assert exact_sum(column_of(found)) == sum(found)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.integers(0, 2)),
        unique_by=lambda one: one[:2],
    ),
    st.sampled_from((("q", "a", None), ("q", "a", "l"), ("q", "q", None), ("q", "q", "l"), ("q", "a", "q"))),
    st.lists(st.integers(0, 30), max_size=3),
)
def test_spans_are_as_if_told_one_by_one(
    log: list[tuple[str, int, int]], types: tuple[str, str, str | None], cuts: list[int]
) -> None:
    """However the events are cut into portions, the spans are those that a walk over each Subject finds."""
    spans = Spans(since=types[0], until=types[1], abandoned=types[2])
    finder = SpanFinder(spans, lambda starts, ends: ends - starts)
    rows = sorted((subject, at_us, finder.types.index(types[kind] or "q")) for subject, at_us, kind in log)
    expected = []
    begun: tuple[str, int] | None = None
    for subject, at_us, kind in rows:
        name = finder.types[kind]
        begun = begun if begun is not None and begun[0] == subject else None
        if begun is not None and name in {spans.until, spans.abandoned}:
            given_up = name == spans.abandoned
            marks = f"{subject}{begun[1]} {subject}{at_us} ".encode()
            expected.append((subject, at_us, at_us - begun[1], given_up, marks))
            begun = None
        if begun is None and name == spans.since:
            begun = (subject, at_us)
    found: list[tuple[Any, ...]] = []
    for portion in cut(facts_of(rows), cuts):
        items = finder.find(portion)
        amounts, abandoned = (column.tolist() for column in items.contents)
        found += zip(items.subjects, items.at_us.tolist(), amounts, abandoned, items.evidence, strict=True)
    assert found == expected


def test_an_event_may_end_one_span_and_begin_the_next() -> None:
    """The time between contacts is a span from a type to itself."""
    finder = SpanFinder(Spans(since="contact", until="contact"), lambda starts, ends: ends - starts)
    items = finder.find(facts_of([("a", at_us, 0) for at_us in (1, 4, 9)]))
    assert items.contents[0].tolist() == [3, 5]


@given(st.lists(st.tuples(st.decimals(0, 99, places=2), st.decimals(0, 99, places=1)), max_size=12))
def test_ratio(found: list[tuple[Decimal, Decimal]]) -> None:
    """One sum over another, to the last digit that was written."""
    events = [{"a": float(above), "b": float(below)} for above, below in found]
    items = find_parts(told(events, "a", "b"))
    value = summed(RatioTally(), items.contents)
    total = sum(below for _, below in found)
    assert value.ratio == (Fraction(sum(above for above, _ in found)) / Fraction(total) if total else None)
    assert (value.samples, items.unusable) == (len(found), 0)


def test_a_ratio_needs_both_numbers() -> None:
    """Events that lack one, or hold one below 0, are left out, and counted."""
    events: list[dict[str, object]] = [{"a": 1}, {"a": 1, "b": -1}, {"a": "1", "b": 2}, {"a": 1, "b": 2}]
    items = find_parts(told(events, "a", "b"))
    assert summed(RatioTally(), items.contents) == (1, 2, 1)
    assert items.unusable == 3


def test_numbers_are_what_was_written() -> None:
    """4.2 is 42/10; text, booleans and nothing are no numbers, and are counted."""
    events: list[dict[str, object]] = [{"n": 4.2}, {"n": 7}, {"n": "7"}, {"n": True}, {"n": None}, {}]
    items = find_numbers(told(events, "n"))
    assert [Fraction(number, MILLION) for number in items.contents[0].tolist()] == [Fraction(21, 5), 7]
    assert items.unusable == 4
    assert items.evidence == [b"0", b"1"]


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_any_number_of_json_is_read(number: float) -> None:
    """Whatever a JSON number is, it is taken as its decimal digits say."""
    assert read_millionths(repr(number)) == Fraction(repr(number)) * MILLION
    assert read_whole(repr(number)) == (number if isinstance(number, int) else None)


@pytest.mark.parametrize("text", [None, "null", "true", '"7"', "[7]", '{"7":7}', '"\\u0037"', '""'])
def test_what_is_no_number_is_none(text: str | None) -> None:
    """JSON of other kinds is no number, whatever it holds."""
    assert (read_millionths(text), read_whole(text)) == (None, None)
