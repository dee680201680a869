"""Measure periods: a value for each as an exact ratio, whole and by part, with the hash of its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from businesstime import Interval, Timeline, from_us, to_us
from businesstime.periods import Period, period_at, periods_between, read_period, rolling_window
from calendars.contract import Calendars
from clocks.contract import MeasuredPart, MeasurementList, MeasurementRecord, MeasurePeriods
from clocks.domain.measures.document import Measure, parse_measure
from clocks.domain.measures.item import Item
from clocks.domain.measures.refusals import MeasureInvalidError, MeasureTooLargeError
from clocks.domain.measures.value import Value, write_integer
from clocks.domain.refusals import CalendarUnknownError, PeriodEmptyError, UnsettledError
from clocks.operations.gather_ground import Gathered, Ground
from clocks.operations.gather_items import calendar_of, gather, tells_cycles
from clocks.operations.load_rulebook import Rulebooks, read_timelines
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.measures import read_attributes_at
from clocks.storage.rulebooks import read_rulebook
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext
from serving.problems import describe

__all__ = ["MAX_PARTS", "measure"]

MAX_PARTS = 1_000
MAX_NAMES = 10
_ATTEMPTS = 5
_LABELS = frozenset({"policy", "metric", "target"})
_SUBJECT = "subject."
_ENCODER = msgspec.json.Encoder(order="deterministic")


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
    periods = _periods(request, now)
    names = _names(request)
    exclusions = _exclusions(request)
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
    if request.by in _LABELS and not tells_cycles(measured):
        raise MeasureInvalidError(f"{request.by} tells only Cycles apart", field="by")
    return measured


async def _measure(
    request: MeasurePeriods, measured: Measure, names: Sequence[str], period: Period, ground: Ground
) -> MeasurementRecord:
    gathered = await gather(measured, Interval(period.start_us, period.end_us), ground)
    tagged = await _tag(ground.connection, gathered.items, names)
    wanted = [(item, values) for item, values in tagged if request.where.items() <= values.items()]
    value = gathered.evaluate([item.content for item, _ in wanted])
    return MeasurementRecord(
        label=period.label,
        start=from_us(period.start_us),
        end=from_us(period.end_us),
        unusable=gathered.unusable,
        parts=() if request.by is None else _parts(request.by, wanted, gathered),
        evidence_hash=_hash(request, period, ground, gathered, wanted),
        measured_at=from_us(ground.now_us),
        **_figures(value),
    )


Tagged = Sequence[tuple[Item[Any], Mapping[str, str | None]]]


async def _tag(connection: Connection, items: Sequence[Item[Any]], names: Sequence[str]) -> Tagged:
    """Give each item the values of its Subject's attributes, as they stood at its instant."""
    if not names:
        return [(item, {}) for item in items]
    asked = [(item.subject_id, item.at_us) for item in items]
    values = await read_attributes_at(connection, asked, names)
    return [(item, dict(zip(names, one, strict=True))) for item, one in zip(items, values, strict=True)]


def _parts(by: str, tagged: Tagged, gathered: Gathered) -> tuple[MeasuredPart, ...]:
    """Evaluate the items by what tells them apart, in order of it; those without it come last."""
    groups: dict[str | None, list[Any]] = {}
    for item, values in tagged:
        name = item.labels.get(by) if by in _LABELS else values[by.removeprefix(_SUBJECT)]
        groups.setdefault(name, []).append(item.content)
    if len(groups) > MAX_PARTS:
        raise MeasureTooLargeError(f"by: tells more than {MAX_PARTS} parts apart", field="by")
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    return tuple(
        MeasuredPart(name=name, **_figures(gathered.evaluate(contents))) for name, contents in ordered
    )


def _figures(value: Value) -> dict[str, Any]:
    """Name the fields that a whole and a part have in common."""
    return {
        "status": value.status,
        "numerator": write_integer(value.numerator),
        "denominator": write_integer(value.denominator),
        "decimal": value.decimal,
        "samples": value.samples,
    }


def _hash(request: MeasurePeriods, period: Period, ground: Ground, gathered: Gathered, tagged: Tagged) -> str:
    """Hash what the value stands on: the question, and a line for each item that counted."""
    contents = sorted((key, timeline.content_key) for key, timeline in ground.timelines.items())
    question = (request.measure, period.start_us, period.end_us, request.by, request.where)
    evidence = hashlib.sha256(_ENCODER.encode((question, ground.exclusions, contents, gathered.basis)))
    for item, values in sorted(tagged, key=lambda pair: (pair[0].at_us, pair[0].subject_id)):
        evidence.update(
            b"\n" + _ENCODER.encode((item.subject_id, item.at_us, item.marks, item.labels, values))
        )
    return evidence.hexdigest()


def _periods(request: MeasurePeriods, now: datetime) -> Sequence[Period]:
    """Find the periods asked for: one by its label, a rolling window, the Interval itself, or its parts."""
    first_day = request.first_day
    if request.period is not None:
        return [read_period(request.period, request.zone, first_day=first_day)]
    end_us = to_us(now if request.end is None else read_instant(request.end, field="end"))
    if request.rolling_days is not None:
        return [rolling_window(request.rolling_days, end_us, request.zone)]
    if request.start is None:
        if request.unit is None:
            raise MeasureInvalidError("say which: a period, a start, a unit or rolling_days", field="period")
        return [period_at(request.unit, end_us, request.zone, first_day=first_day)]
    start_us = to_us(read_instant(request.start, field="start"))
    if end_us <= start_us:
        raise PeriodEmptyError("end: must be later than start", field="end")
    if request.unit is None:
        label = f"{from_us(start_us).isoformat()}/{from_us(end_us).isoformat()}".replace("+00:00", "Z")
        return [Period(label=label, start_us=start_us, end_us=end_us)]
    return periods_between(request.unit, start_us, end_us, request.zone, first_day=first_day)


def _names(request: MeasurePeriods) -> Sequence[str]:
    """Name the attributes of Subjects that are needed. Raises MeasureInvalidError."""
    names = set(request.where)
    if request.by is not None and request.by not in _LABELS:
        if not request.by.startswith(_SUBJECT) or request.by == _SUBJECT:
            raise MeasureInvalidError("is policy, metric, target or subject.<attribute>", field="by")
        names.add(request.by.removeprefix(_SUBJECT))
    if len(names) > MAX_NAMES:
        raise MeasureInvalidError(f"names more than {MAX_NAMES} attributes", field="where")
    for value in request.where.values():
        read_text(value, field="where")
    return sorted(read_text(name, field="where") for name in names)


def _exclusions(request: MeasurePeriods) -> list[Interval]:
    found = []
    for place, (starts, ends) in enumerate(request.exclusions):
        start = read_instant(starts, field=f"exclusions[{place}].start")
        end = read_instant(ends, field=f"exclusions[{place}].end")
        if end <= start:
            raise PeriodEmptyError(
                f"exclusions[{place}].end: must be later than start", field=f"exclusions[{place}].end"
            )
        found.append(Interval(to_us(start), to_us(end)))
    return sorted(found)


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
        raise CalendarUnknownError(f"{path}: there is no calendar {key!r}", field=path) from error
    return {key: Timeline.from_bytes(record.blob)}
