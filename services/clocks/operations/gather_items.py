"""Gather what a measure looks at in a period: items, and the sum to make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import assert_never

from businesstime import Interval
from clocks.domain.measures.attainment import Attainment, attainment
from clocks.domain.measures.availability import Availability
from clocks.domain.measures.document import Measure, bound_of, percent_of
from clocks.domain.measures.error_rate import ErrorRate
from clocks.domain.measures.first_contact import FirstContact, first_contact
from clocks.domain.measures.item import Item
from clocks.domain.measures.mean import Mean, mean
from clocks.domain.measures.percentile import Percentile, percentile
from clocks.domain.measures.ratio import Ratio, ratio
from clocks.domain.measures.score import NetPromoter, TopBox
from clocks.domain.measures.source import Amount, CycleTimes, Numbers, Source, Spans
from clocks.domain.measures.value import Value
from clocks.domain.measures.within import Within, within
from clocks.operations.gather_cycles import gather_cycle_times, gather_promises
from clocks.operations.gather_events import (
    gather_numbers,
    gather_outages,
    gather_parts,
    gather_requests,
    gather_resolutions,
    gather_scores,
    gather_spans,
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
    measure: Measure, period: Interval, ground: Ground
) -> Gathered:
    """Gather a period's items. Raises PolicyUnknownError, MetricUnknownError, MeasureTooLargeError."""
    match measure:
        case Attainment():
            return Gathered(await gather_promises(measure, period, ground), attainment)
        case Availability():
            return await gather_outages(measure, period, ground)
        case ErrorRate():
            return await gather_requests(measure, period, ground)
        case FirstContact():
            return Gathered(await gather_resolutions(measure, period, ground), first_contact)
        case Ratio():
            parts, unusable = await gather_parts(measure, period, ground)
            return Gathered(parts, ratio, unusable)
        case TopBox() | NetPromoter():
            return await gather_scores(measure, period, ground)
        case Mean() | Percentile() | Within():
            items, unusable = await _amounts(measure.of, period, ground)
            return Gathered(items, _sum_of(measure), unusable)
        case _:
            assert_never(measure)


def _sum_of(measure: Mean | Percentile | Within) -> Callable[[Sequence[Amount]], Value]:
    match measure:
        case Mean():
            return mean
        case Percentile():
            return partial(percentile, percent=percent_of(measure))
        case Within():
            return partial(within, bound=bound_of(measure), abandoned=measure.abandoned)
        case _:
            assert_never(measure)


async def _amounts(source: Source, period: Interval, ground: Ground) -> tuple[list[Item[Amount]], int]:
    match source:
        case CycleTimes():
            return await gather_cycle_times(source, period, ground), 0
        case Spans():
            return await gather_spans(source, period, ground), 0
        case Numbers():
            return await gather_numbers(source, period, ground)
        case _:
            assert_never(source)
