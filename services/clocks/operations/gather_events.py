"""Gather what raw events tell of a period: outages, requests, spans, numbers, scores, resolutions."""

from __future__ import annotations

from collections.abc import Sequence

from businesstime import Interval
from clocks.domain.measures.availability import Availability, availability, find_outages
from clocks.domain.measures.document import duration_us
from clocks.domain.measures.error_rate import (
    Counts,
    ErrorRate,
    count_requests,
    error_rate_of_intervals,
    error_rate_of_requests,
)
from clocks.domain.measures.first_contact import FirstContact, find_resolutions
from clocks.domain.measures.item import Fact, Item
from clocks.domain.measures.ratio import Part, Ratio, find_parts
from clocks.domain.measures.score import NetPromoter, TopBox, find_scores, net_promoter, top_box
from clocks.domain.measures.source import Amount, Numbers, Spans, find_numbers, find_spans
from clocks.domain.measures.value import Value
from clocks.operations.gather_ground import Gathered, Ground, collect
from clocks.storage.measures import facts_of_lasting, facts_of_subjects, facts_of_types

__all__ = [
    "gather_numbers",
    "gather_outages",
    "gather_parts",
    "gather_requests",
    "gather_resolutions",
    "gather_scores",
    "gather_spans",
]


async def gather_outages(measure: Availability, period: Interval, ground: Ground) -> Gathered:
    """List the outages that touch a period, which is cut at now: what comes is neither up nor down."""
    period = _until_now(period, ground)
    outages = await _lasting(measure.started, measure.ended, period, ground)
    excluded: list[Item[Interval]] = []
    if measure.exclusion_started is not None and measure.exclusion_ended is not None:
        excluded = await _lasting(measure.exclusion_started, measure.exclusion_ended, period, ground)
    exclusions = [*ground.exclusions, *(item.content for item in excluded)]
    service = [period] if period.start_us < period.end_us else []
    if measure.calendar is not None:
        service = ground.timelines[measure.calendar].open_intervals_us(*period)

    def evaluate(intervals: Sequence[Interval]) -> Value:
        return availability(
            intervals,
            exclusions,
            service,
            minimum_us=duration_us(measure.minimum_outage, field="minimum_outage"),
            partial_minutes=measure.partial_minutes,
        )

    marks = sorted(str(mark) for item in excluded for mark in item.marks)
    return Gathered(outages, evaluate, basis=(*period, *marks))


async def gather_requests(measure: ErrorRate, period: Interval, ground: Ground) -> Gathered:
    """List the counts of requests of a period; its intervals that have not ended yet do not lack any."""
    items, unusable = count_requests(
        await _events(measure.event, period, ground), total=measure.total, failed=measure.failed
    )
    if measure.weighting == "requests":
        return Gathered(items, error_rate_of_requests, unusable)
    interval_us = duration_us(measure.interval, field="interval")
    so_far = _until_now(period, ground)

    def evaluate(counts: Sequence[Counts]) -> Value:
        return error_rate_of_intervals(counts, so_far, interval_us=interval_us, empty=measure.empty)

    return Gathered(items, evaluate, unusable, tuple(so_far))


async def gather_scores(measure: TopBox | NetPromoter, period: Interval, ground: Ground) -> Gathered:
    """List the scores given in a period."""
    lowest = measure.lowest if isinstance(measure, TopBox) else 0
    items, unusable = find_scores(
        await _events(measure.event, period, ground), measure.score, lowest=lowest, highest=measure.highest
    )

    def evaluate(scores: Sequence[int]) -> Value:
        if isinstance(measure, TopBox):
            return top_box(scores, top=measure.top)
        return net_promoter(scores, promoters=measure.promoters, detractors=measure.detractors)

    return Gathered(items, evaluate, unusable)


async def gather_numbers(source: Numbers, period: Interval, ground: Ground) -> tuple[list[Item[Amount]], int]:
    """List the numbers that events of a period hold, and count the events that hold none."""
    return find_numbers(await _events(source.event, period, ground), source.attribute)


async def gather_parts(measure: Ratio, period: Interval, ground: Ground) -> tuple[list[Item[Part]], int]:
    """List both numbers of events of a period, and count the events that lack one."""
    facts = await _events(measure.event, period, ground)
    return find_parts(facts, numerator=measure.numerator, denominator=measure.denominator)


async def gather_spans(source: Spans, period: Interval, ground: Ground) -> list[Item[Amount]]:
    """List the spans that ended in a period, fulfilled or abandoned."""
    ends = [source.until] if source.abandoned is None else [source.until, source.abandoned]
    facts = await collect(
        facts_of_subjects(
            ground.connection,
            [source.since, *ends],
            having=ends,
            interval=period,
            until_us=period.end_us,
        )
    )
    timeline = None if source.calendar is None else ground.timelines[source.calendar]
    spans = find_spans(facts, source, _wall_us if timeline is None else timeline.elapsed_us)
    return [span for span in spans if span.at_us >= period.start_us]


async def gather_resolutions(measure: FirstContact, period: Interval, ground: Ground) -> list[Item[bool]]:
    """List the Subjects first resolved in a period, with whether it was at the first contact."""
    quiet_us = duration_us(measure.quiet, field="quiet")
    types = [measure.contact, measure.resolved, *filter(None, [measure.reopened])]
    facts = await collect(
        facts_of_subjects(
            ground.connection,
            types,
            having=[measure.resolved],
            interval=period,
            until_us=period.end_us + quiet_us,
        )
    )
    found = find_resolutions(facts, measure, quiet_us=quiet_us)
    return [item for item in found if period.start_us <= item.at_us < period.end_us]


async def _events(event_type: str, period: Interval, ground: Ground) -> list[Fact]:
    return await collect(facts_of_types(ground.connection, [event_type], period))


async def _lasting(started: str, ended: str, period: Interval, ground: Ground) -> list[Item[Interval]]:
    """Pair the events of outages that overlap the period, however long ago they began.

    One that ends after the period lasts, for this, until now: its whole length decides whether it counts.
    """
    facts = await collect(
        facts_of_lasting(ground.connection, started, ended, interval=period, until_us=ground.now_us)
    )
    found = find_outages(facts, started=started, until_us=ground.now_us)
    return [
        item
        for item in found
        if item.content.start_us < period.end_us and item.content.end_us > period.start_us
    ]


def _until_now(period: Interval, ground: Ground) -> Interval:
    return Interval(period.start_us, max(period.start_us, min(period.end_us, ground.now_us)))


def _wall_us(from_us: int, to_us: int) -> int:
    return to_us - from_us
