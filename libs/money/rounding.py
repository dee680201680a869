"""Rounding an exact ratio to an integer, in the modes that contracts name.

The modes are those of `decimal` and of IEEE 754; the sum is made in integers, so nothing is lost before it.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from money.errors import RoundingUnknownError

__all__ = ["Rounding", "round_ratio", "rounding"]


class Rounding(StrEnum):
    """Where a value between two integers goes; a value that is an integer goes nowhere."""

    HALF_EVEN = "half_even"
    """To the nearer; a tie to the even one (banker's rounding)."""
    HALF_UP = "half_up"
    """To the nearer; a tie away from zero (commercial rounding)."""
    HALF_DOWN = "half_down"
    """To the nearer; a tie towards zero."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    """Towards plus infinity."""
    FLOOR = "floor"
    """Towards minus infinity."""


_NEAREST = frozenset({Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.HALF_DOWN})


def rounding(name: str) -> Rounding:
    """Find the mode of that name; RoundingUnknownError lists those that exist."""
    try:
        return Rounding(name)
    except ValueError:
        raise RoundingUnknownError(
            f"{name[:40]!r} is not a rounding mode (one of {', '.join(Rounding)})"
        ) from None


def round_ratio(value: Fraction, mode: Rounding) -> int:
    """Round `value` in `mode`: to itself when it is an integer, else to one of its two neighbours."""
    floor, remainder = divmod(value.numerator, value.denominator)
    if remainder == 0:
        return floor
    return floor + 1 if _goes_up(floor, 2 * remainder - value.denominator, mode) else floor


def _goes_up(floor: int, past_half: int, mode: Rounding) -> bool:
    """Say whether a value strictly between `floor` and `floor + 1` becomes the larger one.

    past_half: negative below the middle, zero at it, positive above. A floor of -1 or less is a negative
    value, for which away from zero means down.
    """
    if past_half and mode in _NEAREST:
        return past_half > 0
    return _between(floor, mode)


def _between(floor: int, mode: Rounding) -> bool:
    """Decide as `_goes_up` where nearness does not: a directed mode, or a tie."""
    match mode:
        case Rounding.CEILING:
            return True
        case Rounding.FLOOR:
            return False
        case Rounding.UP | Rounding.HALF_UP:
            return floor >= 0
        case Rounding.DOWN | Rounding.HALF_DOWN:
            return floor < 0
        case Rounding.HALF_EVEN:
            return floor % 2 == 1
