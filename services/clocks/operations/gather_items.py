"""Gather what a measure looks at in a period: items, and the value to make of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import assert_never

from businesstime import Interval
from clocks.domain.measures.attainment import Attainment
from clocks.domain.measures.availability import Availability
from clocks.domain.measures.document import Measure, bound_of, duration_us, percent_of
from clocks.domain.measures.error_rate import (
    ErrorRate,
    IntervalRates,
    RequestRate,
    count_at_instants,
    count_requests,
)
from clocks.domain.measures.first_contact import FirstContact
from clocks.domain.measures.item import Items
from clocks.domain.measures.mean import Mean, MeanTally
from clocks.domain.measures.percentile import Percentile, Ranking
from clocks.domain.measures.ratio import Ratio, RatioTally, find_parts
from clocks.domain.measures.reduction import Reduction, Share
from clocks.domain.measures.score import NetPromoter, NetTally, TopBox, TopBoxTally, find_scores
from clocks.domain.measures.source import CycleTimes, Numbers, Source, Spans, find_numbers, unit_of
from clocks.domain.measures.within import Within, WithinTally
from clocks.operations.gather_cycles import gather_cycle_times, gather_promises
from clocks.operations.gather_events import (
    gather_outages,
    gather_resolutions,
    gather_spans,
    gather_told,
    until_now,
)
from clocks.operations.gather_ground import Gathered, Ground

__all__ = ["calendar_of", "gather", "tells_cycles"]


def calendar_of(measure: Measure) -> tuple[str, str] | None:
    """Name the Calendar that a measure counts on beside those of the policies, and where it says so."""
    match measure:
        case Availability() if measure.calendar is not None:
            return measure.calendar, "measure.calendar"
        case Mean() | Percentile() | Within() if isinstance(measure.of, Spans) and measure.of.calendar:
            return measure.of.calendar, "measure.of.calendar"
        case _:
            return None


def tells_cycles(measure: Measure) -> bool:
    """Tell whether the items of a measure are Cycles, which policy, metric and target tell apart."""
    match measure:
        case Attainment():
            return True
        case Mean() | Percentile() | Within():
            return isinstance(measure.of, CycleTimes)
        case _:
            return False


async def gather(  # noqa: PLR0911 - one for each measure, and the type checker sees that none is missing
    measure: Measure, period: Interval, ground: Ground, *, with_subjects: bool
) -> Gathered:
    """Begin to gather a period's items. To read them raises PolicyUnknownError, MetricUnknownError.

    with_subjects: whose they are is needed; else the database sums up what it can.
    """
    match measure:
        case Attainment():
            return Gathered(gather_promises(measure, period, ground, each=with_subjects), Share)
        case Availability():
            return await gather_outages(measure, period, ground)
        case ErrorRate():
            return _requests(measure, period, ground, each=with_subjects)
        case FirstContact():
            return Gathered(gather_resolutions(measure, period, ground), Share)
        case Ratio():
            attributes = [measure.numerator, measure.denominator]
            portions = gather_told(measure.event, attributes, find_parts, period, ground, each=with_subjects)
            return Gathered(portions, RatioTally)
        case TopBox() | NetPromoter():
            return _scores(measure, period, ground, each=with_subjects)
        case Mean() | Percentile() | Within():
            return Gathered(_amounts(measure.of, period, ground, each=with_subjects), _value_of(measure))
        case _:
            assert_never(measure)


def _requests(measure: ErrorRate, period: Interval, ground: Ground, *, each: bool) -> Gathered:
    """List the counts of requests of a period; its intervals that have not ended yet do not lack any."""
    attributes = [measure.total, measure.failed]
    if measure.weighting == "requests":
        portions = gather_told(measure.event, attributes, count_requests, period, ground, each=each)
        return Gathered(portions, RequestRate)
    portions = gather_told(measure.event, attributes, count_at_instants, period, ground, each=True)
    so_far = until_now(period, ground)
    interval_us = duration_us(measure.interval, field="interval")
    begin = partial(IntervalRates, so_far, interval_us=interval_us, empty=measure.empty)
    return Gathered(portions, begin, tuple(so_far))


def _scores(measure: TopBox | NetPromoter, period: Interval, ground: Ground, *, each: bool) -> Gathered:
    """List the scores given in a period."""
    begin: Callable[[], Reduction]
    if isinstance(measure, TopBox):
        lowest, begin = measure.lowest, partial(TopBoxTally, measure.top)
    else:
        lowest = 0
        begin = partial(NetTally, promoters=measure.promoters, detractors=measure.detractors)
    find = partial(find_scores, lowest=lowest, highest=measure.highest)
    return Gathered(gather_told(measure.event, [measure.score], find, period, ground, each=each), begin)


def _value_of(measure: Mean | Percentile | Within) -> Callable[[], Reduction]:
    unit = unit_of(measure.of)
    match measure:
        case Mean():
            return partial(MeanTally, unit)
        case Percentile():
            return partial(Ranking, percent_of(measure), unit)
        case Within():
            return partial(WithinTally, bound_of(measure), unit, measure.abandoned)
        case _:
            assert_never(measure)


def _amounts(source: Source, period: Interval, ground: Ground, *, each: bool) -> AsyncIterator[Items]:
    match source:
        case CycleTimes():
            return gather_cycle_times(source, period, ground)
        case Spans():
            return gather_spans(source, period, ground)
        case Numbers():
            return gather_told(source.event, [source.attribute], find_numbers, period, ground, each=each)
        case _:
            assert_never(source)
