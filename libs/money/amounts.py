"""Money: an integer number of minor units of one currency, exact in every sum.

Intermediate values of a computation are Fractions of minor units; they become Money once, by `rounded`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from money.currencies import Currency, currency
from money.errors import AmountInvalidError, CurrencyMismatchError
from money.rounding import Rounding, round_ratio

__all__ = ["MAX_AMOUNT_MINOR", "Money", "parse_money", "rounded"]

MAX_AMOUNT_MINOR = 2**63 - 1
"""The largest amount, in minor units: what a bigint holds."""

_AMOUNT = re.compile(r"(-?)(\d{1,19})(?:\.(\d{1,8}))?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """An amount of one currency.

    currency: what it is an amount of.
    minor: how many minor units, negative for an amount the other way.
    """

    currency: Currency
    minor: int

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise AmountInvalidError(f"minor units are an integer, not {self.minor!r}")
        if abs(self.minor) > MAX_AMOUNT_MINOR:
            raise AmountInvalidError(f"{self.minor} minor units are more than {MAX_AMOUNT_MINOR}")

    def __add__(self, other: Money) -> Money:
        return Money(currency=self._shared(other), minor=self.minor + other.minor)

    def __sub__(self, other: Money) -> Money:
        return Money(currency=self._shared(other), minor=self.minor - other.minor)

    def __neg__(self) -> Money:
        return Money(currency=self.currency, minor=-self.minor)

    def __str__(self) -> str:
        return f"{self.major_text} {self.currency.code}"

    @property
    def major_text(self) -> str:
        """The amount in whole units, with all decimals of the currency: `10000.00`, `-0.05`, `1500`."""
        major, minor = divmod(abs(self.minor), self.currency.minor_per_major)
        sign = "-" if self.minor < 0 else ""
        exponent = self.currency.exponent
        return f"{sign}{major}.{minor:0{exponent}d}" if exponent else f"{sign}{major}"

    def _shared(self, other: Money) -> Currency:
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self} and {other} are amounts of two currencies")
        return self.currency


def parse_money(text: object, code: str) -> Money:
    """Read the Money of an amount in whole units, as `"10000.00"`, and an ISO 4217 code.

    Raises CurrencyUnknownError, and AmountInvalidError for anything but a plain decimal string (a float has
    lost its exact value already), for more decimals than the currency has, and for more than a bigint holds.
    """
    money_of = currency(code)
    match = _AMOUNT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise AmountInvalidError(
            f'{str(text)[:40]!r} is not an exact amount (write a string such as "10000.00")'
        )
    sign, major, decimals = match[1], match[2], match[3] or ""
    if len(decimals) > money_of.exponent:
        raise AmountInvalidError(f"{text!r} has {len(decimals)} decimals, {code} has {money_of.exponent}")
    minor = int(major + decimals.ljust(money_of.exponent, "0"))
    return Money(currency=money_of, minor=-minor if sign else minor)


def rounded(exact_minor: Fraction, money_of: Currency, mode: Rounding) -> Money:
    """Round an exact number of minor units to Money: the one place where rounding is done."""
    return Money(currency=money_of, minor=round_ratio(exact_minor, mode))
