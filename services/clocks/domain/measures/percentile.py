"""The percentile by nearest rank: always one of the amounts, never between two of them."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import msgspec
import numpy as np

from clocks.domain.measures.columns import Contents, Number
from clocks.domain.measures.held import Held
from clocks.domain.measures.source import Source
from clocks.domain.measures.value import NOTHING, Value, whole

__all__ = ["Percentile", "Ranking"]


class Percentile(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="percentile", forbid_unknown_fields=True
):
    """The nearest rank: the least amount that `percent` % of all amounts do not exceed.

    percent: above 0 and at most 100, as text for fractions: 99.9.
    """

    of: Source
    percent: int | str


class Ranking:
    """The amount of rank ceil(percent x n / 100), counted from 1; samples: amounts, of which `unit` make one.

    All of them are held, in eight bytes each; those that do not fit into these, in Python's way.
    """

    def __init__(self, percent: Fraction, unit: int) -> None:
        self._percent, self._unit = percent, unit
        self._held = Held()
        self._others: list[Number] = []

    def add(self, contents: Contents) -> None:
        """Hold a portion: amounts, and whether they were abandoned. Raises MeasureTooLargeError."""
        amounts, abandoned = contents
        finished = amounts[~abandoned]
        if finished.dtype == np.object_:
            self._others.extend(finished.tolist())
        else:
            self._held.add(finished)

    def value(self) -> Value:
        """Find the amount."""
        amounts = self._held.column()
        counted = len(amounts) + len(self._others)
        if not counted:
            return NOTHING
        place = ceil(self._percent * counted / 100) - 1
        if self._others:
            found = sorted([*amounts.tolist(), *self._others])[place]
        else:
            found = int(np.partition(amounts, place)[place])
        return whole(Fraction(found) / self._unit, counted)
