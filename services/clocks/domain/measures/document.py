"""Measure documents: read into the measures, with the path of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import msgspec

from businesstime import BusinessDays, DurationInvalidError, parse_duration
from clocks.domain.event import NAME_RULE, is_name
from clocks.domain.measures.attainment import Attainment
from clocks.domain.measures.availability import Availability
from clocks.domain.measures.document_refusal import kinds_of, read_refusal
from clocks.domain.measures.error_rate import ErrorRate
from clocks.domain.measures.first_contact import FirstContact
from clocks.domain.measures.mean import Mean
from clocks.domain.measures.percentile import Percentile
from clocks.domain.measures.ratio import Ratio
from clocks.domain.measures.refusals import MeasureInvalidError, listed
from clocks.domain.measures.score import NetPromoter, TopBox
from clocks.domain.measures.source import Numbers
from clocks.domain.measures.within import Within

__all__ = ["Measure", "bound_of", "duration_us", "parse_measure", "percent_of"]

Measure: TypeAlias = (
    Attainment
    | Availability
    | ErrorRate
    | FirstContact
    | Mean
    | NetPromoter
    | Percentile
    | Ratio
    | TopBox
    | Within
)

_SURROGATE = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?", re.ASCII)


def parse_measure(document: Mapping[str, Any]) -> Measure:
    """Read `{kind: availability, ...}`; see the measures for their fields. Raises MeasureInvalidError."""
    if "kind" not in document:
        raise MeasureInvalidError(f"says which measure: {listed(kinds_of(Measure))}", field="kind")
    try:
        measure: Measure = msgspec.convert(dict(document), type=Measure)
    except msgspec.ValidationError as error:
        raise read_refusal(str(error), document, Measure) from None
    _check_texts(document, "")
    _check(measure)
    return measure


def duration_us(text: int | str, *, field: str, least_us: int = 0) -> int:
    """Read a duration that is not counted in business days. Raises MeasureInvalidError."""
    try:
        duration = parse_duration(str(text))
    except DurationInvalidError as error:
        raise MeasureInvalidError(error.reason, field=field) from None
    if isinstance(duration, BusinessDays) or duration < least_us:
        raise MeasureInvalidError(
            "needs a duration such as 5m, not in business days, not too short", field=field
        )
    return duration


def percent_of(measure: Percentile) -> Fraction:
    """Answer which percentile is meant. Raises MeasureInvalidError."""
    percent = _number(measure.percent, field="percent")
    if not 0 < percent <= 100:  # noqa: PLR2004 - per cent
        raise MeasureInvalidError("lies above 0 and at most at 100", field="percent")
    return percent


def bound_of(measure: Within) -> Fraction:
    """Answer the bound: microseconds for times, a number for numbers. Raises MeasureInvalidError."""
    if isinstance(measure.of, Numbers):
        return _number(measure.bound, field="bound")
    return Fraction(duration_us(measure.bound, field="bound"))


def _number(text: int | str, *, field: str) -> Fraction:
    if not _DECIMAL.fullmatch(str(text)):
        raise MeasureInvalidError(f"{text!r} is no decimal number", field=field)
    return Fraction(str(text))


def _check(measure: Measure) -> None:
    match measure:
        case Availability():
            duration_us(measure.minimum_outage, field="minimum_outage")
            if (measure.exclusion_started is None) != (measure.exclusion_ended is None):
                raise MeasureInvalidError("goes with exclusion_started", field="exclusion_ended")
        case ErrorRate():
            duration_us(measure.interval, field="interval", least_us=60_000_000)
        case FirstContact():
            duration_us(measure.quiet, field="quiet")
        case Percentile():
            percent_of(measure)
        case TopBox() if not measure.lowest < measure.top <= measure.highest:
            raise MeasureInvalidError("lies above lowest, and at most at highest", field="top")
        case NetPromoter() if not 0 <= measure.detractors < measure.promoters <= measure.highest:
            raise MeasureInvalidError("lies above detractors, and at most at highest", field="promoters")
        case Within():
            bound_of(measure)
        case _:
            pass


def _check_texts(document: Mapping[str, Any], path: str) -> None:
    for name, value in document.items():
        if isinstance(value, Mapping):
            _check_texts(value, f"{path}{name}.")
        elif isinstance(value, str) and (not is_name(value) or _SURROGATE.search(value)):
            raise MeasureInvalidError(NAME_RULE, field=f"{path}{name}")
