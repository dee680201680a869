"""Measure periods: a value for each as an exact ratio, whole and by part, with the hash of its evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from businesstime import Interval, Timeline, to_us
from businesstime.periods import Period
from calendars.contract import Calendars, ListCalendars
from clocks.contract import MeasurementList, MeasurementRecord, MeasurePeriods
from clocks.domain.measures.document import Measure, parse_measure
from clocks.domain.measures.item import Items
from clocks.domain.measures.refusals import MeasureInvalidError, listed
from clocks.domain.refusals import CalendarUnknownError, UnsettledError
from clocks.operations.choose_periods import choose_exclusions, choose_periods
from clocks.operations.gather_ground import Ground
from clocks.operations.gather_items import calendar_of, gather, tells_cycles
from clocks.operations.load_rulebook import Rulebooks, read_timelines
from clocks.operations.read_values import read_text
from clocks.operations.sum_items import LABELS, SUBJECT, Summing, Values
from clocks.storage.measures import read_attributes_at
from clocks.storage.rulebooks import read_rulebook
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext
from serving.problems import describe

__all__ = ["measure"]

MAX_NAMES = 10
_ATTEMPTS = 5


async def measure(
    context: RequestContext,
    request: MeasurePeriods,
    *,
    database: Database,
    calendars: Calendars,
    rulebooks: Rulebooks,
    now: datetime,
) -> MeasurementList:
    """Measure each of the periods asked for.

    Raises MeasureInvalidError, MeasureTooLargeError, CalendarUnknownError, PolicyUnknownError,
    MetricUnknownError, PeriodEmptyError, InstantNaiveError, and BusinessTimeError for periods and zones.
    """
    measured = _read(request)
    periods = choose_periods(request, now)
    names = _names(request)
    exclusions = choose_exclusions(request)
    timelines = await _timelines(context, calendars, measured)
    for _ in range(_ATTEMPTS):
        rulebook = await rulebooks.current(context)
        async with database.transaction(
            context.tenant_id, isolation="repeatable read", read_only=True
        ) as connection:
            if await read_rulebook(connection) == rulebook.revisions:
                ground = Ground(
                    connection=connection,
                    rulebook=rulebook,
                    timelines=timelines,
                    exclusions=exclusions,
                    now_us=to_us(now),
                )
                done = [await _measure(request, measured, names, period, ground) for period in periods]
                return MeasurementList(measurements=tuple(done))
        await rulebooks.load(context)
    raise UnsettledError("policies or calendars change at this moment: try again")


def _read(request: MeasurePeriods) -> Measure:
    try:
        measured = parse_measure(request.measure)
    except MeasureInvalidError as error:
        raise error.within("measure") from None
    if request.by in LABELS and not tells_cycles(measured):
        raise MeasureInvalidError(
            f"{request.by} tells only Cycles apart, and this measure has none: write {SUBJECT}<attribute>",
            field="by",
        )
    return measured


async def _measure(
    request: MeasurePeriods, measured: Measure, names: Sequence[str], period: Period, ground: Ground
) -> MeasurementRecord:
    interval = Interval(period.start_us, period.end_us)
    gathered = await gather(measured, interval, ground, with_subjects=bool(names))
    summing = Summing(request, period, ground, gathered)
    async for items in gathered.portions:
        values = await _values(ground.connection, items, names)
        await asyncio.to_thread(summing.add, items, values)
    return await asyncio.to_thread(summing.record)


async def _values(connection: Connection, items: Items, names: Sequence[str]) -> Values:
    """Give the values of the Subjects' attributes, as they stood at the instant of each item."""
    if not names:
        return {}
    told = await read_attributes_at(connection, items.subjects, items.at_us, names)
    return {name: [values[place] for values in told] for place, name in enumerate(names)}


def _names(request: MeasurePeriods) -> Sequence[str]:
    """Name the attributes of Subjects that are needed. Raises MeasureInvalidError."""
    names = set(request.where)
    if request.by is not None and request.by not in LABELS:
        if not request.by.startswith(SUBJECT) or request.by == SUBJECT:
            raise MeasureInvalidError(
                f"{request.by!r} tells nothing apart: write policy, metric, target or {SUBJECT}<attribute>,"
                f" such as {SUBJECT}{request.by.removeprefix(SUBJECT) or 'team'}",
                field="by",
            )
        names.add(request.by.removeprefix(SUBJECT))
    if len(names) > MAX_NAMES:
        raise MeasureInvalidError(f"names more than {MAX_NAMES} attributes", field="where")
    for value in request.where.values():
        read_text(value, field="where")
    return sorted(read_text(name, field="where") for name in names)


async def _timelines(
    context: RequestContext, calendars: Calendars, measured: Measure
) -> Mapping[str, Timeline]:
    named = calendar_of(measured)
    if named is None:
        return {}
    key, path = named
    try:
        [record] = await read_timelines(calendars, context, [key])
    except Exception as error:
        problem = describe(error)
        if problem is None or problem.code not in {"calendar_unknown", "calendar_key_invalid"}:
            raise
        page = await calendars.list_calendars(context, ListCalendars())
        known = listed(each.key for each in page.calendars)
        raise CalendarUnknownError(f"{path}: there is no calendar {key!r}: {known}", field=path) from error
    return {key: Timeline.from_bytes(record.blob)}
