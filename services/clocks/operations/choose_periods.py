"""Choose the periods that a request means, and the time in them that it excludes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from businesstime import Interval, from_us, to_us
from businesstime.periods import (
    Period,
    PeriodInvalidError,
    period_at,
    periods_between,
    read_period,
    rolling_window,
)
from clocks.contract import MeasurePeriods
from clocks.domain.measures.refusals import MeasureInvalidError
from clocks.domain.refusals import PeriodEmptyError
from clocks.operations.read_values import read_instant

__all__ = ["choose_exclusions", "choose_periods"]


def choose_periods(request: MeasurePeriods, now: datetime) -> Sequence[Period]:
    """Find the periods asked for: one by its label, a rolling window, the Interval itself, or its parts."""
    first_day = request.first_day
    _check_alone(request, "period", "rolling_days", "start", "end", "unit")
    _check_alone(request, "rolling_days", "start", "unit")
    if request.period is not None:
        return [read_period(request.period, request.zone, first_day=first_day)]
    end_us = to_us(now if request.end is None else read_instant(request.end, field="end"))
    if request.rolling_days is not None:
        return [_window(request.rolling_days, end_us, request.zone)]
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


def _window(days: int, end_us: int, zone: str) -> Period:
    try:
        return rolling_window(days, end_us, zone)
    except PeriodInvalidError as error:
        raise PeriodInvalidError(error.reason, field="rolling_days") from None


def _check_alone(request: MeasurePeriods, name: str, *others: str) -> None:
    """Refuse two answers to the question which periods are meant."""
    if getattr(request, name) is not None:
        for other in others:
            if getattr(request, other) is not None:
                raise MeasureInvalidError(
                    f"says other periods than {name}: leave one of them out", field=other
                )


def choose_exclusions(request: MeasurePeriods) -> list[Interval]:
    """List the Intervals that do not count, in order. Raises PeriodEmptyError."""
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
