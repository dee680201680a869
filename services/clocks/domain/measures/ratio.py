"""Ratio: one number that events hold over another: changes that failed, of changes made."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import msgspec

from clocks.domain.measures.columns import MILLION, Contents, Number, exact_sum, read_millionths
from clocks.domain.measures.item import Items, Told, read_items
from clocks.domain.measures.value import Value

__all__ = ["Ratio", "RatioTally", "find_parts"]


class Ratio(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="ratio", forbid_unknown_fields=True
):
    """The sum of one attribute / the sum of another, over the events of a type; neither is below 0."""

    event: str
    numerator: str
    denominator: str


def find_parts(told: Told) -> Items:
    """Read numerator and denominator of events; those that lack one, or hold one below 0, are unusable."""
    return read_items(told, read_millionths, usable=lambda above, below: (above >= 0) & (below >= 0))


class RatioTally:
    """Both sums, scaled to whole numbers; samples: events."""

    def __init__(self) -> None:
        self._above: Number = 0
        self._below: Number = 0
        self._counted = 0

    def add(self, contents: Contents) -> None:
        """Add a portion up: numerators and denominators, in millionths."""
        above, below = contents
        self._above += exact_sum(above)
        self._below += exact_sum(below)
        self._counted += len(above)

    def value(self) -> Value:
        """Answer one sum over the other."""
        above, below = (Fraction(total) / MILLION for total in (self._above, self._below))
        scale = lcm(above.denominator, below.denominator)
        return Value(int(above * scale), int(below * scale), self._counted)
