"""Rounding, against the decimal module as the slow twin."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money import Rounding, RoundingUnknownError, round_ratio, rounding

TWINS = {
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    Rounding.HALF_UP: decimal.ROUND_HALF_UP,
    Rounding.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    Rounding.UP: decimal.ROUND_UP,
    Rounding.DOWN: decimal.ROUND_DOWN,
    Rounding.CEILING: decimal.ROUND_CEILING,
    Rounding.FLOOR: decimal.ROUND_FLOOR,
}
modes = st.sampled_from(list(Rounding))
tenths = st.integers(-100, 100).map(lambda tenth: Fraction(tenth, 10))


@given(value=st.decimals("-1e9", "1e9", places=4), mode=modes)
def test_equals_decimal(value: Decimal, mode: Rounding) -> None:
    """Every mode gives what decimal gives in the mode of that name."""
    assert round_ratio(Fraction(value), mode) == int(value.to_integral_value(rounding=TWINS[mode]))


@given(value=tenths, mode=modes)
def test_equals_decimal_near_ties(value: Fraction, mode: Rounding) -> None:
    """The same close to the ties and on them, on both sides of zero."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    assert round_ratio(value, mode) == int(exact.to_integral_value(rounding=TWINS[mode]))


@given(value=st.fractions(), mode=modes)
def test_is_a_neighbour(value: Fraction, mode: Rounding) -> None:
    """The result is less than one away, and an integer stays where it is."""
    result = round_ratio(value, mode)
    assert abs(result - value) < 1
    assert round_ratio(Fraction(result), mode) == result


@given(a=st.fractions(), b=st.fractions(), mode=modes)
def test_is_monotonic(a: Fraction, b: Fraction, mode: Rounding) -> None:
    """A larger value never rounds to a smaller one."""
    low, high = sorted((a, b))
    assert round_ratio(low, mode) <= round_ratio(high, mode)


@given(value=st.fractions(), mode=st.sampled_from([Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.UP]))
def test_is_odd(value: Fraction, mode: Rounding) -> None:
    """The modes that look at magnitude alone treat both sides of zero alike."""
    assert round_ratio(-value, mode) == -round_ratio(value, mode)


def test_names() -> None:
    """A mode is found by its name; another name is refused with those there are."""
    assert rounding("half_up") is Rounding.HALF_UP
    with pytest.raises(RoundingUnknownError, match="half_even"):
        rounding("bankers")
