"""Allocation by largest remainder: the laws, and the cases people argue about."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money import AllocationImpossibleError, allocate

totals = st.integers(-(10**12), 10**12)
weights = st.lists(st.fractions(min_value=0, max_value=1000), min_size=1, max_size=20).filter(any)


@given(total=totals, parts=weights)
def test_sums_to_total(total: int, parts: list[Fraction]) -> None:
    """No unit is lost or made, each part is within a unit of its exact share, and nothing goes to zero."""
    result = allocate(total, parts)
    assert sum(result) == total
    for part, weight in zip(result, parts, strict=True):
        assert abs(part - total * weight / sum(parts)) < 1
        assert part == 0 or weight > 0


@given(total=totals, parts=weights, factor=st.integers(1, 1000))
def test_only_proportions_matter(total: int, parts: list[Fraction], factor: int) -> None:
    """Weights times a factor give the same parts."""
    assert allocate(total, parts) == allocate(total, [weight * factor for weight in parts])


@given(total=totals, parts=weights)
def test_is_odd(total: int, parts: list[Fraction]) -> None:
    """A reversal splits as what it reverses."""
    assert allocate(-total, parts) == tuple(-part for part in allocate(total, parts))


@given(total=st.integers(0, 10**9), parts=weights)
def test_larger_weight_never_less(total: int, parts: list[Fraction]) -> None:
    """The part of a larger weight is never smaller."""
    pairs = list(zip(parts, allocate(total, parts), strict=True))
    assert all(low[1] <= high[1] for low in pairs for high in pairs if low[0] < high[0])


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [
        (100, [1, 1, 1], (34, 33, 33)),
        (-100, [1, 1, 1], (-34, -33, -33)),
        (1, [0, 1], (0, 1)),
        (0, [3, 4], (0, 0)),
        (10, [Fraction(1, 3), Fraction(2, 3)], (3, 7)),
    ],
)
def test_cases(total: int, parts: list[int | Fraction], expected: tuple[int, ...]) -> None:
    """Equal remainders are served in order of position."""
    assert allocate(total, parts) == expected


@pytest.mark.parametrize("parts", [[], [0, 0], [2, -1]])
def test_impossible(parts: list[int]) -> None:
    """Without a weight above zero, or with one below, there is nothing to split by."""
    with pytest.raises(AllocationImpossibleError):
        allocate(5, parts)
