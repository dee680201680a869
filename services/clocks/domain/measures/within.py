"""Within: the share that stayed under a bound, as the service level of a call centre."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

import msgspec

from clocks.domain.measures.source import Amount, Source
from clocks.domain.measures.value import Value

__all__ = ["Abandoned", "Within", "within"]

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


def within(amounts: Iterable[Amount], bound: Fraction, abandoned: Abandoned) -> Value:
    """Compare exactly: an amount equal to the bound is within it; samples: what counts."""
    kept = counted = 0
    for one in amounts:
        inside = one.amount <= bound
        if one.abandoned and (abandoned == "ignored" or (abandoned == "late_missed" and inside)):
            continue
        counted += 1
        kept += inside and not (one.abandoned and abandoned == "missed")
    return Value(kept, counted, counted)
