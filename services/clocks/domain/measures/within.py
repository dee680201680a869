"""Within: the share that stayed under a bound, as the service level of a call centre."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Literal

import msgspec
import numpy as np

from clocks.domain.measures.columns import Contents
from clocks.domain.measures.reduction import Share
from clocks.domain.measures.source import Source

__all__ = ["Abandoned", "Within", "WithinTally"]

Abandoned = Literal["ignored", "missed", "late_missed", "early_kept"]


class Within(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="within", forbid_unknown_fields=True
):
    """Amounts of at most `bound` / all that count.

    bound: a duration such as 20s; for numbers a number.
    abandoned: what was given up: ignored: it does not count; missed: it counts as above the bound;
    late_missed: as above the bound if given up after it, else not at all; early_kept: as above the bound if
    given up after it, else as within.
    """

    of: Source
    bound: int | str
    abandoned: Abandoned = "ignored"


class WithinTally(Share):
    """Compares exactly: an amount equal to the bound is within it; samples: what counts."""

    def __init__(self, bound: Fraction, unit: int, rule: Abandoned) -> None:
        super().__init__()
        self._bound, self._rule = bound * unit, rule

    def add(self, contents: Contents) -> None:
        """Count a portion: amounts, and whether they were abandoned."""
        amounts, abandoned = contents
        whole = amounts.dtype != np.object_
        inside = (amounts <= (floor(self._bound) if whole else self._bound)).astype(np.bool_)
        if self._rule == "ignored":
            inside = inside[~abandoned]
        elif self._rule == "missed":
            inside &= ~abandoned
        elif self._rule == "late_missed":
            inside = inside[~(abandoned & inside)]
        super().add((inside,))
