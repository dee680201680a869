"""Values: what a measure comes to, as an exact ratio with the size of its sample."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, NamedTuple

__all__ = ["NOTHING", "Status", "Value", "read_integer", "whole", "write_integer"]

Status = Literal["MEASURED", "NO_DATA"]

_PLACES = 10**9
_DIGITS = 4_000
_CHUNK = 10**_DIGITS


class Value(NamedTuple):
    """numerator / denominator, not reduced where both count something; samples: what was looked at.

    A denominator of 0 is no data: a status of its own, neither 0 nor 100 %.
    """

    numerator: int
    denominator: int
    samples: int

    @property
    def status(self) -> Status:
        """Whether there is a value."""
        return "MEASURED" if self.denominator else "NO_DATA"

    @property
    def ratio(self) -> Fraction | None:
        """The exact value, to compare with; None without data."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None

    @property
    def decimal(self) -> str | None:
        """The value with nine places, cut off: to be shown, never to be compared; None without data."""
        if not self.denominator:
            return None
        whole, rest = divmod(abs(self.numerator) * _PLACES // self.denominator, _PLACES)
        return f"{'-' if self.numerator < 0 else ''}{whole}.{rest:09}"


NOTHING = Value(0, 0, 0)


def whole(ratio: Fraction, samples: int) -> Value:
    """Make a value of a number that counts nothing by its parts."""
    return Value(ratio.numerator, ratio.denominator, samples)


def write_integer(number: int) -> str:
    """Write any integer in decimal: the denominator of a mean of rates has thousands of digits."""
    if abs(number) < _CHUNK:
        return str(number)
    parts: list[str] = []
    rest = abs(number)
    while rest:
        rest, part = divmod(rest, _CHUNK)
        parts.append(f"{part:0{_DIGITS}}")
    return ("-" if number < 0 else "") + "".join(reversed(parts)).lstrip("0")


def read_integer(text: str) -> int:
    """Read what `write_integer` wrote. Raises ValueError."""
    digits = text.removeprefix("-")
    first = len(digits) % _DIGITS
    number = int(digits[:first] or "0")
    for start in range(first, len(digits), _DIGITS):
        number = number * _CHUNK + int(digits[start : start + _DIGITS])
    return -number if text.startswith("-") else number
