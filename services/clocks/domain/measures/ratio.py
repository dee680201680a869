"""Ratio: one number that events hold over another: changes that failed, of changes made."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import msgspec

from clocks.domain.measures.item import Fact, Item
from clocks.domain.measures.source import number_of
from clocks.domain.measures.value import Value

__all__ = ["Part", "Ratio", "find_parts", "ratio"]


class Ratio(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="ratio", forbid_unknown_fields=True
):
    """The sum of one attribute / the sum of another, over the events of a type; neither is below 0."""

    event: str
    numerator: str
    denominator: str


class Part(NamedTuple):
    """What one event adds to either sum."""

    numerator: Fraction | int
    denominator: Fraction | int


def find_parts(facts: Iterable[Fact], *, numerator: str, denominator: str) -> tuple[list[Item[Part]], int]:
    """Read both numbers of events; the second answer is how many lack one, or hold one below 0."""
    found: list[Item[Part]] = []
    unusable = 0
    for fact in facts:
        above, below = (number_of(fact.attributes.get(name)) for name in (numerator, denominator))
        if above is None or below is None or min(above, below) < 0:
            unusable += 1
        else:
            found.append(Item(fact.subject_id, fact.at_us, Part(above, below), (fact.mark,)))
    return found, unusable


def ratio(parts: Iterable[Part]) -> Value:
    """Sum both up, and scale them to whole numbers; samples: events."""
    told = list(parts)
    above = sum((part.numerator for part in told), Fraction(0))
    below = sum((part.denominator for part in told), Fraction(0))
    scale = lcm(above.denominator, below.denominator)
    return Value(int(above * scale), int(below * scale), len(told))
