"""The percentile by nearest rank: always one of the amounts, never between two of them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil

import msgspec

from clocks.domain.measures.source import Amount, Source
from clocks.domain.measures.value import NOTHING, Value, whole

__all__ = ["Percentile", "percentile"]


class Percentile(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="percentile", forbid_unknown_fields=True
):
    """The nearest rank: the least amount that `percent` % of all amounts do not exceed.

    percent: above 0 and at most 100, as text for fractions: 99.9.
    """

    of: Source
    percent: int | str


def percentile(amounts: Iterable[Amount], percent: Fraction) -> Value:
    """Take the amount of rank ceil(percent x n / 100), counted from 1; samples: amounts."""
    finished = sorted(one.amount for one in amounts if not one.abandoned)
    if not finished:
        return NOTHING
    rank = ceil(percent * len(finished) / 100)
    return whole(Fraction(finished[rank - 1]), len(finished))
