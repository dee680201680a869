"""Percentages and ratios as exact fractions, from text and back.

A share is never read from a float: `0.1` in a document has lost its meaning before it gets here.
"""

from __future__ import annotations

import re
from fractions import Fraction

from money.errors import ShareInvalidError

__all__ = ["exact_text", "parse_share", "percentage_text"]

_MAX_CHARACTERS = 40
_PERCENTAGE = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)
_RATIO = re.compile(r"(\d+)\s*/\s*(\d+)|(0(?:\.\d+)?|1(?:\.0+)?)", re.ASCII)


def parse_share(text: object) -> Fraction:
    """Read an exact share from `"99.95%"`, `"0.9995"` or `"1999/2000"`; never negative.

    Raises ShareInvalidError for anything else: a float, a zero denominator, a bare "95" (95 or 9,500 %?).
    """
    if isinstance(text, str) and len(text) <= _MAX_CHARACTERS:
        if percentage := _PERCENTAGE.fullmatch(text.strip()):
            return Fraction(percentage[1]) / 100
        ratio = _RATIO.fullmatch(text.strip())
        if ratio and ratio[3]:
            return Fraction(ratio[3])
        if ratio and int(ratio[2]):
            return Fraction(int(ratio[1]), int(ratio[2]))
    raise ShareInvalidError(
        f'{str(text)[:_MAX_CHARACTERS]!r} is not an exact share (write a string such as "99.95%")'
    )


def percentage_text(share: Fraction) -> str:
    """Write the share as a percentage when it has a finite one (`95%`, `99.95%`), else as a ratio (`1/3`)."""
    text = exact_text(share * 100)
    return exact_text(share) if "/" in text else f"{text}%"


def exact_text(value: Fraction) -> str:
    """Write the value in full, as Fraction() reads it: an integer, a finite decimal, or `1/3`."""
    scale = _decimals(value.denominator)
    if scale is None:
        return f"{value.numerator}/{value.denominator}"
    digits = str(abs(value.numerator) * 10**scale // value.denominator).zfill(scale + 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else f"{sign}{digits}"


def _decimals(denominator: int) -> int | None:
    """Count the decimals a fraction in lowest terms needs; None when no number is enough."""
    powers = {2: 0, 5: 0}
    for prime in powers:
        while denominator % prime == 0:
            denominator //= prime
            powers[prime] += 1
    return max(powers.values()) if denominator == 1 else None
