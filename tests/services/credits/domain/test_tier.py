"""Tiers: each missed value has exactly one, or the agreement is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.errors import TiersInvalidError
from credits.domain.tier import SHARES, Comparison, Cut, Span, Tier, check_tiers, missed_span

shares = st.integers(0, 20).map(lambda twentieth: Fraction(twentieth, 20))
cuts = st.builds(Cut, shares, st.booleans())
spans = st.builds(lambda lower, upper: Span(lower=lower, upper=upper), cuts, cuts)
comparisons = st.sampled_from(Comparison)
HALVES = [Fraction(n, 40) for n in range(41)]
"""Every bound that a test can draw, and a value between each two."""


@given(parts=st.lists(spans, min_size=1, max_size=4), comparison=comparisons, objective=shares)
def test_accepted_tiers_give_one_answer(
    parts: list[Span], comparison: Comparison, objective: Fraction
) -> None:
    """Tiers are accepted exactly when each can be reached and each missed value lies in one."""
    missed = missed_span(comparison, objective)
    tiers = [Tier(span=span, share=Fraction(1, 10)) for span in parts]
    values = [value for value in HALVES if value in missed]
    once = all(sum(value in span for span in parts) == 1 for value in values)
    reached = all(any(value in span for value in values) for span in parts)
    try:
        check_tiers(tiers, missed, field="tiers")
        accepted = True
    except TiersInvalidError:
        accepted = False
    assert accepted == (once and reached)


@given(comparison=comparisons, objective=shares, value=shares)
def test_missed_is_the_opposite_of_met(comparison: Comparison, objective: Fraction, value: Fraction) -> None:
    """A value lies in the missed span if, and only if, the comparison with the objective fails."""
    met = {
        Comparison.AT_LEAST: value >= objective,
        Comparison.ABOVE: value > objective,
        Comparison.AT_MOST: value <= objective,
        Comparison.BELOW: value < objective,
    }[comparison]
    assert (value in missed_span(comparison, objective)) == (not met)


@pytest.mark.parametrize(
    ("lower", "upper", "inside", "outside"),
    [
        (Cut(Fraction(1, 2), after=False), Cut(Fraction(3, 4), after=False), "1/2", "3/4"),
        (Cut(Fraction(1, 2), after=True), Cut(Fraction(3, 4), after=True), "3/4", "1/2"),
    ],
)
def test_bounds_say_whether_they_include_their_end(lower: Cut, upper: Cut, inside: str, outside: str) -> None:
    """at_least and at_most include their end, above and below do not."""
    span = Span(lower=lower, upper=upper)
    assert Fraction(inside) in span
    assert Fraction(outside) not in span


def test_all_shares() -> None:
    """0 % and 100 % are values like any other."""
    assert Fraction(0) in SHARES
    assert Fraction(1) in SHARES
