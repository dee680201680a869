"""Amounts and currencies: what is read, what is refused, and that text comes back as it went in."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money import (
    MAX_AMOUNT_MINOR,
    AmountInvalidError,
    CurrencyMismatchError,
    CurrencyUnknownError,
    Money,
    Rounding,
    currencies,
    currency,
    parse_money,
    rounded,
)

minors = st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR)
codes = st.sampled_from(sorted(currencies()))


@pytest.mark.parametrize(
    ("code", "exponent"), [("BRL", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0), ("USD", 2)]
)
def test_exponents(code: str, exponent: int) -> None:
    """The table has the standard's exponents."""
    assert currency(code).exponent == exponent


@pytest.mark.parametrize("code", ["XAU", "XXX", "brl", "", "EURO"])
def test_unknown_currencies(code: str) -> None:
    """Metals, test codes, small letters and inventions are refused by name."""
    with pytest.raises(CurrencyUnknownError, match="ISO 4217"):
        currency(code)


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("10000.00", "BRL", 1_000_000),
        ("10000", "BRL", 1_000_000),
        ("0.5", "BRL", 50),
        ("-0.05", "EUR", -5),
        ("1500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("92233720368547758.07", "USD", MAX_AMOUNT_MINOR),
    ],
)
def test_reads_amounts(text: str, code: str, minor: int) -> None:
    """An amount is read to its minor units by the currency's exponent."""
    assert parse_money(text, code).minor == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.5", "JPY"),
        ("1.005", "BRL"),
        ("1,000.00", "BRL"),
        ("1e3", "BRL"),
        (" 1", "BRL"),
        ("", "BRL"),
        (".5", "BRL"),
        ("٣", "BRL"),
        (1.5, "BRL"),
        (10000, "BRL"),
        ("92233720368547758.08", "USD"),
    ],
)
def test_refuses_inexact_amounts(text: object, code: str) -> None:
    """Floats, numbers, too many decimals, grouping, exponents and overflow are errors, never a guess."""
    with pytest.raises(AmountInvalidError):
        parse_money(text, code)


@given(minor=minors, code=codes)
def test_text_round_trip(minor: int, code: str) -> None:
    """parse(major_text(m)) == m in every currency."""
    money = Money(currency=currency(code), minor=minor)
    assert parse_money(money.major_text, code) == money


@given(a=st.integers(-(10**15), 10**15), b=st.integers(-(10**15), 10**15), code=codes)
def test_sums(a: int, b: int, code: str) -> None:
    """Addition is that of integers, and subtraction undoes it."""
    one, other = (Money(currency=currency(code), minor=minor) for minor in (a, b))
    assert (one + other).minor == a + b
    assert (one + other) - other == one
    assert one + -one == Money(currency=currency(code), minor=0)


def test_currencies_do_not_mix() -> None:
    """A sum of two currencies is an error."""
    with pytest.raises(CurrencyMismatchError):
        parse_money("1", "JPY") + parse_money("1", "BRL")


def test_minor_units_are_integers() -> None:
    """A float or a bool is no number of minor units."""
    for minor in (1.0, True):
        with pytest.raises(AmountInvalidError):
            Money(currency=currency("EUR"), minor=minor)  # type: ignore[arg-type]


def test_rounded() -> None:
    """An exact value becomes Money once, in the mode named."""
    assert rounded(Fraction(5, 2), currency("EUR"), Rounding.HALF_EVEN).minor == 2
    assert str(rounded(Fraction(5, 2), currency("EUR"), Rounding.HALF_UP)) == "0.03 EUR"
