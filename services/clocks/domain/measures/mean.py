"""The arithmetic mean: MTTR, average speed of answer, average handling time."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from clocks.domain.measures.source import Amount, Source
from clocks.domain.measures.value import Value

__all__ = ["Mean", "mean"]


class Mean(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="mean", forbid_unknown_fields=True
):
    """The sum of amounts / how many there are. What was abandoned has no amount."""

    of: Source


def mean(amounts: Iterable[Amount]) -> Value:
    """Sum up; samples: amounts."""
    finished = [one.amount for one in amounts if not one.abandoned]
    total = Fraction(sum(finished))
    return Value(total.numerator, total.denominator * len(finished), len(finished))
