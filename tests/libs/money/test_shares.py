"""Shares: exact percentages in and out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money import ShareInvalidError, exact_text, parse_share, percentage_text


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("95%", Fraction(19, 20)),
        ("99.95%", Fraction(1999, 2000)),
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        ("100 %", Fraction(1)),
        ("250%", Fraction(5, 2)),
    ],
)
def test_reads(text: str, share: Fraction) -> None:
    """Percentages, decimals and ratios are read exactly."""
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "95", "-5%", "5%%", "1/0", "1e-2", 0.95, None, "9" * 41])
def test_refuses(text: object) -> None:
    """What is not an exact share is refused, and so is a bare 95, which might be 95 % or 9,500 %."""
    with pytest.raises(ShareInvalidError):
        parse_share(text)


@given(value=st.fractions())
def test_exact_text_round_trip(value: Fraction) -> None:
    """Fraction(exact_text(v)) == v."""
    assert Fraction(exact_text(value)) == value


@given(value=st.fractions(min_value=0, max_value=2, max_denominator=10**6))
def test_percentage_round_trip(value: Fraction) -> None:
    """parse_share(percentage_text(s)) == s."""
    assert parse_share(percentage_text(value)) == value
