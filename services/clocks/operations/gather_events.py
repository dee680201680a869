"""Gather what raw events tell of a period: outages, requests, spans, numbers, scores, resolutions."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence

from businesstime import Interval
from clocks.domain.measures.availability import Availability, Downtime, OutageFinder
from clocks.domain.measures.columns import Int64Array
from clocks.domain.measures.document import duration_us
from clocks.domain.measures.first_contact import FirstContact, ResolutionFinder
from clocks.domain.measures.held import Held
from clocks.domain.measures.intervals import Intervals, intervals_of
from clocks.domain.measures.item import Items, Told
from clocks.domain.measures.source import SpanFinder, Spans
from clocks.operations.gather_ground import Gathered, Ground
from clocks.storage.measures import facts_of_lasting, facts_of_subjects, tally_told, told_events

__all__ = ["gather_outages", "gather_resolutions", "gather_spans", "gather_told", "until_now"]


async def gather_outages(measure: Availability, period: Interval, ground: Ground) -> Gathered:
    """List the outages that touch a period, which is cut at now: what comes is neither up nor down."""
    period = until_now(period, ground)
    exclusions, digest = await _exclusions(measure, period, ground)
    service = [period] if period.start_us < period.end_us else []
    if measure.calendar is not None:
        service = ground.timelines[measure.calendar].open_intervals_us(*period)

    def begin() -> Downtime:
        return Downtime(
            exclusions,
            intervals_of(service),
            minimum_us=duration_us(measure.minimum_outage, field="minimum_outage"),
            partial_minutes=measure.partial_minutes,
        )

    portions = _lasting(measure.started, measure.ended, period, ground)
    return Gathered(portions, begin, basis=(*period, *digest))


async def gather_told(
    event_type: str,
    attributes: Sequence[str],
    find: Callable[[Told], Items],
    period: Interval,
    ground: Ground,
    *,
    each: bool,
) -> AsyncIterator[Items]:
    """List what is found in attributes of the events of a type.

    each: one by one, with their Subjects and instants; else as the database counts what they say.
    """
    read = told_events if each else tally_told
    async for told in read(ground.connection, event_type, attributes, period):
        yield find(told)


async def gather_spans(source: Spans, period: Interval, ground: Ground) -> AsyncIterator[Items]:
    """List the spans that ended in a period, fulfilled or abandoned."""
    timeline = None if source.calendar is None else ground.timelines[source.calendar]
    finder = SpanFinder(source, _wall_us if timeline is None else timeline.arrays.elapsed)
    async for facts in facts_of_subjects(
        ground.connection, finder.types, having=source.ends, interval=period, until_us=period.end_us
    ):
        items = finder.find(facts)
        yield items.chosen(items.at_us >= period.start_us)


async def gather_resolutions(measure: FirstContact, period: Interval, ground: Ground) -> AsyncIterator[Items]:
    """List the Subjects first resolved in a period, with whether it was at the first contact."""
    quiet_us = duration_us(measure.quiet, field="quiet")
    finder = ResolutionFinder(measure, quiet_us=quiet_us)

    def within(items: Items) -> Items:
        return items.chosen((items.at_us >= period.start_us) & (items.at_us < period.end_us))

    async for facts in facts_of_subjects(
        ground.connection,
        measure.types,
        having=[measure.resolved],
        interval=period,
        until_us=period.end_us + quiet_us,
    ):
        yield within(finder.find(facts))
    yield within(finder.finish())


def until_now(period: Interval, ground: Ground) -> Interval:
    """Cut a period at now."""
    return Interval(period.start_us, max(period.start_us, min(period.end_us, ground.now_us)))


async def _exclusions(
    measure: Availability, period: Interval, ground: Ground
) -> tuple[Intervals, Sequence[str]]:
    """List the time that does not count, told by the request and by events, with a digest of these."""
    starts, ends = Held(), Held()
    asked = intervals_of(ground.exclusions)
    starts.add(asked.starts)
    ends.add(asked.ends)
    digest = hashlib.sha256()
    if measure.exclusion_started is not None and measure.exclusion_ended is not None:
        async for items in _lasting(measure.exclusion_started, measure.exclusion_ended, period, ground):
            starts.add(items.contents[0])
            ends.add(items.contents[1])
            digest.update(b"".join(items.evidence))
    return Intervals(starts.column(), ends.column()), [digest.hexdigest()]


async def _lasting(started: str, ended: str, period: Interval, ground: Ground) -> AsyncIterator[Items]:
    """Pair the events of outages that overlap the period, however long ago they began.

    One that ends after the period lasts, for this, until now: its whole length decides whether it counts.
    """
    finder = OutageFinder(started=started, ended=ended, until_us=ground.now_us)

    def touching(items: Items) -> Items:
        starts, ends = items.contents
        return items.chosen((starts < period.end_us) & (ends > period.start_us))

    async for facts in facts_of_lasting(
        ground.connection, started, ended, interval=period, until_us=ground.now_us
    ):
        yield touching(finder.find(facts))
    yield touching(finder.finish())


def _wall_us(starts: Int64Array, ends: Int64Array) -> Int64Array:
    return ends - starts
