"""Availability: the share of agreed time in which the thing was up."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from clocks.domain.measures.columns import Column, Contents
from clocks.domain.measures.held import Held
from clocks.domain.measures.intervals import Intervals, length_us, merge, overlap, subtract, touching
from clocks.domain.measures.item import NO_FACTS, Facts, Items
from clocks.domain.measures.pairing import Pairing
from clocks.domain.measures.value import Value

__all__ = ["Availability", "Downtime", "OutageFinder", "PartialMinutes"]

PartialMinutes = Literal["exact", "up", "down"]

_MINUTE_US = 60_000_000


class Availability(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="availability",
    forbid_unknown_fields=True,
):
    """1 - (outages - exclusions) / (period - exclusions), both within service hours.

    started, ended: the types of the events that begin and end an outage; each outage is a Subject.
    exclusion_started, exclusion_ended: those of agreed time that does not count; None: events tell none.
    calendar: the service hours; None: all hours.
    minimum_outage: shorter outages do not count.
    partial_minutes: exact: to the microsecond; up: a minute with any outage counts whole; down: only
    whole ones count.
    """

    started: str = "outage.started"
    ended: str = "outage.ended"
    exclusion_started: str | None = None
    exclusion_ended: str | None = None
    calendar: str | None = None
    minimum_outage: str = "0s"
    partial_minutes: PartialMinutes = "exact"


class OutageFinder:
    """Pairs events, in order of (subject, time) and portion by portion, to Intervals.

    What has not ended lasts until `until_us`. A second start of an outage that is under way changes nothing,
    nor does an end of none.
    """

    def __init__(self, *, started: str, ended: str, until_us: int) -> None:
        self._pairing = Pairing([started, ended], begins=started, ends=[ended] if ended != started else [])
        self._until_us = until_us

    def find(self, portion: Facts) -> Items:
        """List the outages that are told in a portion, in order of (subject, start)."""
        facts, pairs = self._pairing.pair(portion)
        begun = np.concatenate((pairs.begun, pairs.open))
        ended = np.concatenate((pairs.ended, np.full(len(pairs.open), -1)))
        order = np.argsort(begun)
        return self._items(facts, begun[order], ended[order])

    def finish(self) -> Items:
        """Answer the last one, if it has not ended."""
        left = self._pairing.lasting or NO_FACTS
        begun = np.arange(len(left.subjects))
        return self._items(left, begun, np.full(len(begun), -1))

    def _items(self, facts: Facts, begun: Column, ended: Column) -> Items:
        starts = facts.at_us[begun]
        # A place of -1 reads some other fact, of which nothing is taken.
        ends = np.where(ended < 0, self._until_us, facts.at_us[ended]) if len(ended) else starts
        both = zip(begun.tolist(), ended.tolist(), strict=True)
        return Items(
            subjects=[facts.subjects[place] for place in begun.tolist()],
            at_us=starts,
            contents=(starts, ends),
            evidence=[
                facts.evidence[start] + (facts.evidence[end] if end >= 0 else b"") for start, end in both
            ],
        )


class Downtime:
    """Outages, held in sixteen bytes each; samples: the merged ones that touch agreed time.

    service: the merged Intervals of the period in which the thing was to be up.
    An outage's length is that of the whole merged one, as it was lived through: before exclusions, the
    period's ends and service hours cut pieces off. Minutes are rounded after exclusions, and before the rest.
    """

    def __init__(
        self,
        exclusions: Intervals,
        service: Intervals,
        *,
        minimum_us: int = 0,
        partial_minutes: PartialMinutes = "exact",
    ) -> None:
        self._excluded = merge(exclusions)
        self._agreed = subtract(service, self._excluded)
        self._minimum_us, self._rule = minimum_us, partial_minutes
        self._starts, self._ends = Held(), Held()

    def add(self, contents: Contents) -> None:
        """Hold a portion: starts and ends. Raises MeasureTooLargeError."""
        starts, ends = contents
        self._starts.add(starts)
        self._ends.add(ends)

    def value(self) -> Value:
        """Sum up availability in microseconds."""
        lived = merge(Intervals(self._starts.column(), self._ends.column()))
        long = lived.ends - lived.starts >= self._minimum_us
        lived = Intervals(lived.starts[long], lived.ends[long])
        down = overlap(_rounded(subtract(lived, self._excluded), self._rule), self._agreed)
        base_us = length_us(self._agreed)
        touched = int(touching(lived, self._agreed).sum())
        return Value(base_us - length_us(down), base_us, touched)


def _rounded(intervals: Intervals, rule: PartialMinutes) -> Intervals:
    if rule == "exact":
        return intervals
    before, after = (0, _MINUTE_US - 1) if rule == "up" else (_MINUTE_US - 1, 0)
    starts = (intervals.starts + before) // _MINUTE_US * _MINUTE_US
    ends = (intervals.ends + after) // _MINUTE_US * _MINUTE_US
    return merge(Intervals(starts, ends))
