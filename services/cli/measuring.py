"""Measures of what a server has recorded: the question put to the gateway, and the values that it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cli.graphql import GatewayClient

__all__ = ["Measured", "MeasuredPeriod", "PeriodQuestion", "measure"]

_VALUE = "status numerator denominator decimal samples"
_MEASURE = f"""query (
  $measure: JSONObject!, $period: String, $rollingDays: Int, $start: DateTime, $end: DateTime,
  $unit: PeriodUnit, $zone: String!, $firstDay: Int!, $by: String, $where: [AttributeInput!]
) {{
  measurements(measure: $measure, period: $period, rollingDays: $rollingDays, start: $start, end: $end,
               unit: $unit, zone: $zone, firstDay: $firstDay, by: $by, where: $where) {{
    label start end unusable evidenceHash {_VALUE} parts {{ name {_VALUE} }}
  }}
}}"""


class PeriodQuestion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which periods of which measure document, and by what they are told apart; None: it is not said."""

    measure: Mapping[str, Any]
    period: str | None = None
    rolling_days: int | None = None
    start: str | None = None
    end: str | None = None
    unit: str | None = None
    zone: str = "Etc/UTC"
    first_day: int = 1
    by: str | None = None
    where: Sequence[Mapping[str, str]] = ()


class Measured(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """numerator / denominator, exact; decimal: nine places, cut off; None: no data."""

    status: str
    numerator: str
    denominator: str
    decimal: str | None
    samples: int


class MeasuredPart(Measured, frozen=True, kw_only=True, rename="camel"):
    """The value of what has one name in common; None: of what has none."""

    name: str | None


class MeasuredPeriod(Measured, frozen=True, kw_only=True, rename="camel"):
    """The value of a period, its parts, and the hash of its evidence."""

    label: str
    start: str
    end: str
    unusable: int
    evidence_hash: str
    parts: tuple[MeasuredPart, ...]


async def measure(client: GatewayClient, question: PeriodQuestion) -> tuple[MeasuredPeriod, ...]:
    """Ask for the values of periods. Raises what the gateway refuses."""
    answer = await client.ask(_MEASURE, msgspec.to_builtins(question), patient=True)
    return msgspec.convert(answer["measurements"], tuple[MeasuredPeriod, ...])
