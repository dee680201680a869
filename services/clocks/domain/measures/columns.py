"""Columns: numbers of many facts at once, as exact as one by one.

A column holds int64 where all of its numbers are whole and fit, else Python's own integers and fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "MILLION",
    "Column",
    "Contents",
    "Flags",
    "Int64Array",
    "Number",
    "column_of",
    "exact_sum",
    "read_millionths",
    "read_whole",
]

Column: TypeAlias = npt.NDArray[Any]
Contents: TypeAlias = tuple[Column, ...]
Flags: TypeAlias = npt.NDArray[np.bool_]
Int64Array: TypeAlias = npt.NDArray[np.int64]
Number: TypeAlias = int | Fraction

MILLION: Final = 10**6
_HALF: Final = 32
_LOW: Final = 2**_HALF - 1
_EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def column_of(numbers: Sequence[Number]) -> Column:
    """Bring numbers into a column."""
    if set(map(type, numbers)) <= {int}:
        try:
            return np.array(numbers, dtype=np.int64)
        except OverflowError:
            pass
    column = np.empty(len(numbers), dtype=np.object_)
    column[:] = numbers
    return column


def exact_sum(column: Column) -> Number:
    """Add a column up: its halves apart, so that no sum of less than 2^31 numbers runs over."""
    if column.dtype == np.object_:
        total: Number = column.sum() if len(column) else 0
        return total
    return (int((column >> _HALF).sum()) << _HALF) + int((column & _LOW).sum())


def read_whole(text: str | None) -> int | None:
    """Read a JSON value that is a whole number, written as one: 3, and not 3.0; None: it is none."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def read_millionths(text: str | None) -> Number | None:
    """Read a JSON value that is a number, in millionths: 4.2 is 4,200,000; None: it is none.

    It is taken as it was written, and not as the nearest binary fraction.
    """
    if text is None:
        return None
    try:
        return int(text) * MILLION
    except ValueError:
        return _read_decimal(text)


def _read_decimal(text: str) -> Number | None:
    if not (text[:1].isdecimal() or text[:1] == "-"):
        return None
    try:
        scaled = _EXACT.scaleb(Decimal(text), 6)
    except InvalidOperation:
        return None
    number = Fraction(scaled)
    return number.numerator if number.denominator == 1 else number
