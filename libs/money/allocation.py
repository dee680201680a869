"""Splitting a total over weights so that the parts sum to the total: largest remainder (Hamilton's method).

Each part is first its exact share rounded towards zero; what is left over goes, one unit each, to the parts
with the largest remainders, the earlier part first where remainders are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from money.errors import AllocationImpossibleError

__all__ = ["allocate"]


def allocate(total_minor: int, weights: Sequence[int | Fraction]) -> tuple[int, ...]:
    """Split `total_minor` in proportion to the weights, in their order; the parts' sum is the total, always.

    No part is a whole unit or more away from its exact share, and a weight of zero gets zero. Raises
    AllocationImpossibleError when there is no weight, one is negative, or all are zero.
    """
    whole = sum(weights, start=Fraction(0))
    if any(weight < 0 for weight in weights):
        raise AllocationImpossibleError("a weight is negative")
    if whole == 0:
        raise AllocationImpossibleError("there is no weight above zero to carry the total")
    if total_minor < 0:
        return tuple(-part for part in allocate(-total_minor, weights))
    shares = [total_minor * Fraction(weight) / whole for weight in weights]
    parts = [int(share) for share in shares]
    for index in _largest_remainders(shares, total_minor - sum(parts)):
        parts[index] += 1
    return tuple(parts)


def _largest_remainders(shares: Sequence[Fraction], count: int) -> list[int]:
    return sorted(range(len(shares)), key=lambda index: (-(shares[index] % 1), index))[:count]
