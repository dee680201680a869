"""Availability: the share of agreed time in which the thing was up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from businesstime import Interval
from clocks.domain.measures.intervals import length_us, merge, overlap, subtract
from clocks.domain.measures.item import Fact, Item
from clocks.domain.measures.value import Value

__all__ = ["Availability", "PartialMinutes", "availability", "find_outages"]

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


def find_outages(facts: Iterable[Fact], *, started: str, until_us: int) -> list[Item[Interval]]:
    """Pair events, in order of (subject, time), to Intervals; what has not ended lasts until `until_us`.

    A second start of an outage that is under way changes nothing, nor does an end of none.
    """
    found: list[Item[Interval]] = []
    opened: Fact | None = None
    for fact in facts:
        if opened is not None and fact.subject_id != opened.subject_id:
            found.append(_outage(opened, until_us, ()))
            opened = None
        if fact.type == started:
            opened = opened or fact
        elif opened is not None:
            found.append(_outage(opened, fact.at_us, (fact.mark,)))
            opened = None
    if opened is not None:
        found.append(_outage(opened, until_us, ()))
    return found


def availability(
    outages: Iterable[Interval],
    exclusions: Iterable[Interval],
    service: Sequence[Interval],
    *,
    minimum_us: int = 0,
    partial_minutes: PartialMinutes = "exact",
) -> Value:
    """Sum up availability in microseconds; samples: the merged outages that touch agreed time.

    service: the merged Intervals of the period in which the thing was to be up.
    An outage's length is that of the whole merged one, as it was lived through: before exclusions, the
    period's ends and service hours cut pieces off. Minutes are rounded after exclusions, and before the rest.
    """
    excluded = merge(exclusions)
    agreed = subtract(service, excluded)
    lived = [one for one in merge(outages) if one.end_us - one.start_us >= minimum_us]
    down = overlap(_rounded(subtract(lived, excluded), partial_minutes), agreed)
    touched = sum(1 for one in lived if overlap([one], agreed))
    base_us = length_us(agreed)
    return Value(base_us - length_us(down), base_us, touched)


def _outage(opened: Fact, end_us: int, marks: tuple[str, ...]) -> Item[Interval]:
    content = Interval(opened.at_us, end_us)
    return Item(opened.subject_id, opened.at_us, content, (opened.mark, *marks))


def _rounded(intervals: Sequence[Interval], rule: PartialMinutes) -> list[Interval]:
    if rule == "exact":
        return list(intervals)
    before, after = (0, _MINUTE_US - 1) if rule == "up" else (_MINUTE_US - 1, 0)
    return merge(
        Interval(
            (one.start_us + before) // _MINUTE_US * _MINUTE_US,
            (one.end_us + after) // _MINUTE_US * _MINUTE_US,
        )
        for one in intervals
    )
