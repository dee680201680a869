"""Measurements: values of periods by a measure document, as exact ratios with their evidence."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from clocks import contract
from gateway.schema.cycle import value_of
from gateway.schema.declare import input_type, object_type
from gateway.schema.info import Info
from gateway.schema.scalars import JSONObject, Long

__all__ = ["MeasuredPeriod", "measure_periods"]


@strawberry.enum(description="Whether there is a value. No data is neither 0 nor 100 %.")
class MeasuredStatus(StrEnum):
    """Whether there is a value."""

    MEASURED = "MEASURED"
    NO_DATA = "NO_DATA"


@strawberry.enum(description="The civil periods of a zone. Weeks begin on Monday.")
class PeriodUnit(StrEnum):
    """The civil periods of a zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@input_type
class AttributeInput:
    """An attribute of Subjects, and the value that it must have, as text: `true`, `3`, `emea`."""

    name: str
    value: str


@input_type
class ExclusionInput:
    """Agreed time [start, end) that does not count for availability."""

    start: datetime
    end: datetime


@object_type
class MeasuredPart:
    """The value of what has one name in common.

    name: the policy, metric, target or attribute's value; null: of what has none.
    numerator, denominator: whole numbers in decimal digits, however many; times are in microseconds.
    decimal: nine places, cut off: to be shown, never to be compared.
    samples: how many things the value was made of.
    """

    name: str | None
    status: MeasuredStatus
    numerator: str
    denominator: str
    decimal: str | None
    samples: Long


@object_type
class MeasuredPeriod:
    """The value of one period: numerator / denominator, exact.

    label: such as 2026-03, 2026-Q1, 2026-W11, or the instants themselves.
    numerator, denominator: whole numbers in decimal digits, however many; times are in microseconds.
    decimal: nine places, cut off: to be shown, never to be compared.
    samples: how many things the value was made of.
    unusable: events that should have counted, and say nothing that can: a score off its scale.
    parts: the value of each part that `by` tells apart, in order of name.
    evidence_hash: SHA-256 over the question and all that counted: the same facts, the same hash.
    """

    label: str
    start: datetime
    end: datetime
    status: MeasuredStatus
    numerator: str
    denominator: str
    decimal: str | None
    samples: Long
    unusable: int
    parts: list[MeasuredPart]
    evidence_hash: str
    measured_at: datetime


async def measure_periods(
    info: Info,
    measure: JSONObject,
    period: str | None = None,
    rolling_days: int | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    unit: PeriodUnit | None = None,
    zone: str = "Etc/UTC",
    first_day: int = 1,
    by: str | None = None,
    where: list[AttributeInput] | None = None,
    exclusions: list[ExclusionInput] | None = None,
) -> tuple[contract.MeasurementRecord, ...]:
    """Measure periods by a measure document: `{"kind": "attainment", "policy": "resolution"}`.

    Which: `period`, by its label; else `rollingDays` up to `end`; else those of a `unit` that overlap
    [start, end), or [start, end) itself; else the one of a `unit` that holds `end`. No `end` is now.
    `firstDay` of the month begins a billing cycle. `by`: policy, metric, target or subject.<attribute>.
    """
    request = contract.MeasurePeriods(
        measure=measure,
        period=period,
        rolling_days=rolling_days,
        start=start,
        end=end,
        unit=value_of(unit),
        zone=zone,
        first_day=first_day,
        by=by,
        where={wanted.name: wanted.value for wanted in where or ()},
        exclusions=tuple((window.start, window.end) for window in exclusions or ()),
    )
    session = info.context
    return (await session.clocks.measure_periods(session.context, request)).measurements
