"""Means, percentiles and shares within a bound, and the spans that they are taken of."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.measures.item import Fact
from clocks.domain.measures.mean import mean
from clocks.domain.measures.percentile import percentile
from clocks.domain.measures.ratio import find_parts, ratio
from clocks.domain.measures.source import Amount, Spans, find_numbers, find_spans
from clocks.domain.measures.within import Abandoned, within

amounts = st.builds(
    Amount,
    st.fractions(min_value=-5, max_value=50, max_denominator=20),
    st.sampled_from((False, False, True)),
)
many = st.lists(amounts, max_size=25)
percents = st.one_of(
    st.integers(1, 100).map(Fraction), st.fractions(min_value="0.1", max_value=100, max_denominator=1000)
)


@given(many)
def test_mean(told: list[Amount]) -> None:
    """The mean times the count is the sum; what was abandoned is in neither."""
    finished = [one.amount for one in told if not one.abandoned]
    value = mean(told)
    assert value.samples == len(finished)
    if finished:
        assert value.ratio is not None
        assert value.ratio * len(finished) == sum(finished)
    else:
        assert value.status == "NO_DATA"


@given(many, percents)
def test_percentile_is_the_least_that_enough_do_not_exceed(told: list[Amount], percent: Fraction) -> None:
    """Nearest rank, by its definition: tried on each amount in turn."""
    finished = sorted(one.amount for one in told if not one.abandoned)
    enough = [
        amount
        for amount in finished
        if Fraction(sum(other <= amount for other in finished), len(finished)) >= percent / 100
    ]
    value = percentile(told, percent)
    assert value.ratio == (enough[0] if enough else None)


@given(many, percents, st.randoms(use_true_random=False))
def test_order_does_not_matter(told: list[Amount], percent: Fraction, chance: random.Random) -> None:
    """No measure depends on the order of its amounts."""
    shuffled = list(told)
    chance.shuffle(shuffled)
    assert mean(told).ratio == mean(shuffled).ratio
    assert percentile(told, percent) == percentile(shuffled, percent)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [("5", 15), ("30", 20), ("40", 20), ("40.1", 35), ("50", 35), ("100", 50), ("0.001", 15)],
)
def test_the_textbook_example(percent: str, expected: int) -> None:
    """15, 20, 35, 40, 50: the ranks as every textbook has them."""
    told = [Amount(Fraction(number)) for number in (15, 20, 35, 40, 50)]
    assert percentile(told, Fraction(percent)).ratio == expected


RULES: dict[Abandoned, tuple[int, int]] = {
    "ignored": (2, 3),
    "missed": (2, 5),
    "late_missed": (2, 4),
    "early_kept": (3, 5),
}


@pytest.mark.parametrize("rule", RULES)
def test_within(rule: Abandoned) -> None:
    """Three answered, at, before and after the bound, and one abandoned on either side of it."""
    told = [
        Amount(Fraction(number), abandoned)
        for number, abandoned in ((20, False), (5, False), (21, False), (20, True), (21, True))
    ]
    value = within(told, Fraction(20), rule)
    assert (value.numerator, value.denominator) == RULES[rule]


@given(many, st.fractions(min_value=-5, max_value=50, max_denominator=20))
def test_rules_for_the_abandoned_are_in_order(told: list[Amount], bound: Fraction) -> None:
    """Missed is the hardest on who answers; without abandoned ones all rules agree."""
    values = {rule: within(told, bound, rule) for rule in RULES}
    ratios = {rule: value.ratio for rule, value in values.items()}
    if ratios["missed"] is not None:
        assert all(ratio is None or ratios["missed"] <= ratio for ratio in ratios.values())
    if not any(one.abandoned for one in told):
        assert len(set(values.values())) == 1


def test_spans_are_paired_by_subject() -> None:
    """A transfer waits twice; a repeated start changes nothing; ends without a start are none."""
    told = [
        ("a", 1, "queued"),
        ("a", 4, "answered"),
        ("a", 5, "answered"),
        ("a", 6, "queued"),
        ("a", 7, "queued"),
        ("a", 9, "left"),
        ("b", 2, "queued"),
        ("c", 3, "left"),
    ]
    facts = [Fact(subject, at_us, kind, {}, f"{subject}{at_us}") for subject, at_us, kind in told]
    spans = Spans(since="queued", until="answered", abandoned="left")
    found = find_spans(facts, spans, lambda start, end: end - start)
    assert [(item.at_us, int(item.content.amount), item.content.abandoned, item.marks) for item in found] == [
        (4, 3, False, ("a1", "a4")),
        (9, 3, True, ("a6", "a9")),
    ]


def test_an_event_may_end_one_span_and_begin_the_next() -> None:
    """The time between contacts is a span from a type to itself."""
    facts = [Fact("a", at_us, "contact", {}, str(at_us)) for at_us in (1, 4, 9)]
    spans = Spans(since="contact", until="contact")
    found = find_spans(facts, spans, lambda start, end: end - start)
    assert [item.content.amount for item in found] == [3, 5]


@given(st.lists(st.tuples(st.decimals(0, 99, places=2), st.decimals(0, 99, places=1)), max_size=12))
def test_ratio(told: list[tuple[Decimal, Decimal]]) -> None:
    """One sum over another, to the last digit that was written."""
    facts = [
        Fact("a", place, "x", {"a": float(above), "b": float(below)}, str(place))
        for place, (above, below) in enumerate(told)
    ]
    found, unusable = find_parts(facts, numerator="a", denominator="b")
    value = ratio(item.content for item in found)
    total = sum(below for _, below in told)
    assert value.ratio == (Fraction(sum(above for above, _ in told)) / Fraction(total) if total else None)
    assert (value.samples, unusable) == (len(told), 0)


def test_a_ratio_needs_both_numbers() -> None:
    """Events that lack one, or hold one below 0, are left out, and counted."""
    told: list[dict[str, object]] = [{"a": 1}, {"a": 1, "b": -1}, {"a": "1", "b": 2}, {"a": 1, "b": 2}]
    facts = [Fact("s", place, "x", attributes, str(place)) for place, attributes in enumerate(told)]
    found, unusable = find_parts(facts, numerator="a", denominator="b")
    assert ratio(item.content for item in found) == (1, 2, 1)
    assert unusable == 3


def test_numbers_are_what_was_written() -> None:
    """4.2 is 42/10; text, booleans and nothing are no numbers, and are counted."""
    told: list[dict[str, object]] = [{"n": 4.2}, {"n": 7}, {"n": "7"}, {"n": True}, {}]
    facts = [Fact("a", place, "x", attributes, str(place)) for place, attributes in enumerate(told)]
    found, unusable = find_numbers(facts, "n")
    assert [item.content.amount for item in found] == [Fraction(21, 5), 7]
    assert unusable == 3
