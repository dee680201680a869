"""Measurements as they cross the door: what is asked of periods, and the values answered."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec

from businesstime.periods import PeriodUnit
from clocks.domain.measures.value import Status, Value, read_integer

__all__ = [
    "MeasurePeriods",
    "MeasuredPart",
    "MeasuredValue",
    "MeasurementList",
    "MeasurementRecord",
]


class MeasurePeriods(msgspec.Struct, frozen=True, kw_only=True):
    """A measure document, and the periods to measure, named in one of these ways.

    period: a label, as 2026-03, 2026-Q1, 2026, 2026-W11, 2026-03-14. rolling_days: the days up to `end`.
    start with unit: those that overlap [start, end); start: that Interval; unit: the one that holds `end`.
    end: None: now. first_day: of the month, for billing cycles.
    by: policy, metric, target or subject.<attribute>: a part for each value. where: only these attributes.
    exclusions: agreed time [start, end) that does not count for availability, beside what events tell.
    """

    measure: dict[str, Any]
    period: str | None = None
    rolling_days: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    unit: PeriodUnit | None = None
    zone: str = "Etc/UTC"
    first_day: int = 1
    by: str | None = None
    where: dict[str, str] = {}
    exclusions: tuple[tuple[datetime, datetime], ...] = ()


class MeasuredValue(msgspec.Struct, frozen=True, kw_only=True):
    """numerator / denominator, whole numbers in decimal however long; times in microseconds.

    NO_DATA: the denominator is 0. decimal: nine places, cut off: to be shown, never to be compared.
    samples: how many things the value was made of.
    """

    status: Status
    numerator: str
    denominator: str
    decimal: str | None
    samples: int

    @property
    def ratio(self) -> Fraction | None:
        """The exact value, to be compared; None without data."""
        return Value(read_integer(self.numerator), read_integer(self.denominator), self.samples).ratio


class MeasuredPart(MeasuredValue, frozen=True, kw_only=True):
    """The value of what has one name in common; None: of what has none."""

    name: str | None


class MeasurementRecord(MeasuredValue, frozen=True, kw_only=True):
    """The value of one period; unusable: events that should have counted, and say nothing that can.

    evidence_hash: SHA-256 over the question and all that counted: the same facts, the same hash.
    """

    label: str
    start: datetime
    end: datetime
    unusable: int
    parts: tuple[MeasuredPart, ...]
    evidence_hash: str
    measured_at: datetime


class MeasurementList(msgspec.Struct, frozen=True, kw_only=True):
    """One for each period, in order."""

    measurements: tuple[MeasurementRecord, ...]
