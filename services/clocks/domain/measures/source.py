"""Sources: where the amounts come from of which a mean, a percentile or a share within a bound is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from clocks.domain.measures.item import Fact, Item

__all__ = ["Amount", "CycleTimes", "Numbers", "Source", "Spans", "find_numbers", "find_spans", "number_of"]


class CycleTimes(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="cycles", forbid_unknown_fields=True
):
    """The time that Cycles took that stopped in the period, met or not; in microseconds.

    time: business: as the Cycle counts, without pauses and closed time; elapsed: on the wall, start to stop.
    """

    policy: str | None = None
    metric: str | None = None
    target: str | None = None
    time: Literal["business", "elapsed"] = "business"


class Spans(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="spans", forbid_unknown_fields=True
):
    """The time from one event of a Subject to the next of another type, where that lies in the period; in µs.

    abandoned: the type of an event that ends a span unfulfilled. calendar: what counts it; None: the wall.
    """

    since: str
    until: str
    abandoned: str | None = None
    calendar: str | None = None


class Numbers(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="numbers", forbid_unknown_fields=True
):
    """A number that events of the period hold in an attribute, in the unit that they say it in."""

    event: str
    attribute: str


Source: TypeAlias = CycleTimes | Spans | Numbers


class Amount(NamedTuple):
    """What one thing came to; abandoned: it was given up after that time."""

    amount: Fraction | int
    abandoned: bool = False


def find_spans(
    facts: Iterable[Fact], spans: Spans, elapsed_us: Callable[[int, int], int]
) -> list[Item[Amount]]:
    """Pair events, in order of (subject, time), to spans, in the order in which they end.

    The first `since` begins a span; a second one while it lasts changes nothing, nor does an end of none.
    """
    found: list[Item[Amount]] = []
    begun: Fact | None = None
    for fact in facts:
        if begun is not None and fact.subject_id != begun.subject_id:
            begun = None
        if begun is not None and fact.type in {spans.until, spans.abandoned}:
            amount = Amount(elapsed_us(begun.at_us, fact.at_us), fact.type == spans.abandoned)
            found.append(Item(fact.subject_id, fact.at_us, amount, (begun.mark, fact.mark)))
            begun = None
        if begun is None and fact.type == spans.since:
            begun = fact
    return found


def find_numbers(facts: Iterable[Fact], attribute: str) -> tuple[list[Item[Amount]], int]:
    """Read the numbers of events; the second answer is how many hold none."""
    found: list[Item[Amount]] = []
    unusable = 0
    for fact in facts:
        number = number_of(fact.attributes.get(attribute))
        if number is None:
            unusable += 1
        else:
            found.append(Item(fact.subject_id, fact.at_us, Amount(number), (fact.mark,)))
    return found, unusable


def number_of(value: object) -> Fraction | int | None:
    """Read a number as it was written: 4.2 is 42/10, not the nearest binary fraction; None: it is none."""
    if isinstance(value, float):
        return Fraction(str(value))
    return value if isinstance(value, int) and not isinstance(value, bool) else None
