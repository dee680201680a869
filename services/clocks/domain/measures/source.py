"""Sources: where the amounts come from of which a mean, a percentile or a share within a bound is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from clocks.domain.measures.columns import MILLION, Column, Flags, Int64Array, read_millionths
from clocks.domain.measures.item import Facts, Items, Told, read_items
from clocks.domain.measures.pairing import Pairing

__all__ = ["CycleTimes", "Numbers", "Source", "SpanFinder", "Spans", "find_numbers", "unit_of"]

Elapsed: TypeAlias = Callable[[Int64Array, Int64Array], Int64Array]


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

    @property
    def ends(self) -> Sequence[str]:
        """The types of the events that end one."""
        return [self.until] if self.abandoned is None else [self.until, self.abandoned]


class Numbers(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="numbers", forbid_unknown_fields=True
):
    """A number that events of the period hold in an attribute, in the unit that they say it in."""

    event: str
    attribute: str


Source: TypeAlias = CycleTimes | Spans | Numbers
"""The contents of all of them are amounts, and whether each was abandoned: given up after that time."""


def unit_of(source: Source) -> int:
    """Tell how many of the amounts make one: numbers are counted in millionths."""
    return MILLION if isinstance(source, Numbers) else 1


def find_numbers(told: Told) -> Items:
    """Read the numbers of events; those that hold none are unusable."""
    items = read_items(told, read_millionths, usable=_any)
    return items._replace(contents=(*items.contents, np.zeros(len(items.contents[0]), dtype=np.bool_)))


class SpanFinder:
    """Pairs events, in order of (subject, time) and portion by portion, to spans.

    The first `since` begins a span; a second one while it lasts changes nothing, nor does an end of none.
    types: the events that it is to be given.
    """

    def __init__(self, spans: Spans, elapsed: Elapsed) -> None:
        self.types = [spans.since, *spans.ends]
        self._pairing = Pairing(self.types, begins=spans.since, ends=spans.ends)
        self._given_up = -1 if spans.abandoned is None else self.types.index(spans.abandoned)
        self._elapsed = elapsed

    def find(self, portion: Facts) -> Items:
        """List the spans that end in a portion."""
        facts, pairs = self._pairing.pair(portion)
        starts, ends = facts.at_us[pairs.begun], facts.at_us[pairs.ended]
        both = list(zip(pairs.begun.tolist(), pairs.ended.tolist(), strict=True))
        return Items(
            subjects=[facts.subjects[place] for _, place in both],
            at_us=ends,
            contents=(self._elapsed(starts, ends), facts.kinds[pairs.ended] == self._given_up),
            evidence=[facts.evidence[begun] + facts.evidence[ended] for begun, ended in both],
        )


def _any(numbers: Column) -> Flags:
    return np.ones(len(numbers), dtype=np.bool_)
