"""The arithmetic mean: MTTR, average speed of answer, average handling time."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from clocks.domain.measures.columns import Contents, Number, exact_sum
from clocks.domain.measures.source import Source
from clocks.domain.measures.value import Value

__all__ = ["Mean", "MeanTally"]


class Mean(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="mean", forbid_unknown_fields=True
):
    """The sum of amounts / how many there are. What was abandoned has no amount."""

    of: Source


class MeanTally:
    """A sum of amounts, of which `unit` make one; samples: amounts."""

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._total: Number = 0
        self._counted = 0

    def add(self, contents: Contents) -> None:
        """Add a portion up: amounts, and whether they were abandoned."""
        amounts, abandoned = contents
        finished = amounts[~abandoned]
        self._total += exact_sum(finished)
        self._counted += len(finished)

    def value(self) -> Value:
        """Answer the mean."""
        total = Fraction(self._total) / self._unit
        return Value(total.numerator, total.denominator * self._counted, self._counted)
