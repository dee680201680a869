"""Composed schedules: union, intersection, difference, complement, shift, splice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from businesstime.errors import DocumentInvalidError
from businesstime.instants import REACH_END_US, REACH_START_US
from businesstime.schedule import Schedule

__all__ = [
    "Complement",
    "Composed",
    "Difference",
    "Intersection",
    "Shift",
    "Splice",
    "Union",
    "complement",
    "difference",
    "intersection",
    "shift",
    "splice",
    "union",
]

# Deeper or wider than any company; a hostile document ends here.
DEEPEST: Final = 32
MOST_PARTS: Final = 1_000
_FARTHEST_SHIFT_US: Final = 366 * 86_400 * 1_000_000


@dataclass(frozen=True)
class Composed(Schedule):
    """What the composed kinds share: their zone is that of their first part."""

    parts: tuple[Schedule, ...]
    zone: str = field(init=False, compare=False, repr=False)
    depth: int = field(init=False, compare=False, repr=False)
    size: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.parts) <= MOST_PARTS:
            raise DocumentInvalidError(
                f"a composed schedule has 1 to {MOST_PARTS} parts, not {len(self.parts)}"
            )
        object.__setattr__(self, "zone", self.parts[0].zone)
        object.__setattr__(self, "depth", 1 + max(part.depth for part in self.parts))
        object.__setattr__(self, "size", sum(part.size for part in self.parts))
        if self.depth > DEEPEST or self.size > MOST_PARTS:
            raise DocumentInvalidError(f"at most {MOST_PARTS} schedules are composed, and {DEEPEST} deep")


@dataclass(frozen=True)
class Union(Composed):
    """Open while any part is open: follow the sun."""


@dataclass(frozen=True)
class Intersection(Composed):
    """Open while all parts are open."""


@dataclass(frozen=True)
class Difference(Composed):
    """Open while the first part is open and the second is not."""


@dataclass(frozen=True)
class Complement(Composed):
    """Open while its only part is closed."""


@dataclass(frozen=True)
class Shift(Composed):
    """Its only part, `by_us` microseconds later; earlier when negative."""

    by_us: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.by_us) > _FARTHEST_SHIFT_US:
            raise DocumentInvalidError("a schedule is shifted by at most 366 days", field="shift.by")


@dataclass(frozen=True)
class Splice(Composed):
    """One part after another: the first until the first of `from_us`, each later one from its instant on.

    Its zone is that of the last part: the one in force.
    """

    from_us: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "zone", self.parts[-1].zone)
        if len(self.from_us) != len(self.parts) - 1:
            raise DocumentInvalidError(
                "each part of a splice but the first has an instant from which it holds"
            )
        bounds = (REACH_START_US, *self.from_us, REACH_END_US)
        if any(later <= earlier for earlier, later in pairwise(bounds)):
            raise DocumentInvalidError("the instants of a splice ascend, and lie in the years 1800 to 2400")


def union(*parts: Schedule) -> Union:
    """Open while any of the parts is."""
    return Union(parts)


def intersection(*parts: Schedule) -> Intersection:
    """Open while all of the parts are."""
    return Intersection(parts)


def difference(first: Schedule, second: Schedule) -> Difference:
    """Open while `first` is and `second` is not."""
    return Difference((first, second))


def complement(part: Schedule) -> Complement:
    """Open while the part is closed."""
    return Complement((part,))


def shift(part: Schedule, by_us: int) -> Shift:
    """Move a schedule by so many microseconds, later when positive."""
    return Shift((part,), by_us)


def splice(parts: Sequence[tuple[int | None, Schedule]]) -> Schedule:
    """Join versions of a schedule: the first from None (always), each later one from its instant in µs.

    A splice of one is that one. Raises DocumentInvalidError when the instants do not ascend.
    """
    if not parts or parts[0][0] is not None:
        raise DocumentInvalidError("the first part of a splice holds always: its instant is None")
    if len(parts) == 1:
        return parts[0][1]
    starts = tuple(start for start, _ in parts[1:] if start is not None)
    return Splice(tuple(part for _, part in parts), starts)
