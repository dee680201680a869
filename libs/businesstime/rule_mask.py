"""On which dates a recurrence rule holds: a mask over consecutive dates, one numpy expression a filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from businesstime.instants import EPOCH_ORDINAL

if TYPE_CHECKING:
    from businesstime.recurrence import RecurrenceRule

__all__ = ["rule_mask"]

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Days:
    """Consecutive dates taken apart; each array has shape (n,).

    months: since 1970-01. before, left: days of the month before the date and after it. Weekday 0: Monday.
    """

    ordinals: Ints
    years: Ints
    months: Ints
    weekdays: Ints
    before: Ints
    left: Ints
    year_before: Ints
    year_left: Ints


def rule_mask(rule: RecurrenceRule, start: date, days: int) -> Mask:
    """Say for each of `days` dates from `start` on whether the rule begun there holds; shape (days,)."""
    when = _take_apart(start.toordinal() + np.arange(days, dtype=np.int64))
    mask = _in_step(rule, start, when)
    if rule.by_month:
        mask &= np.isin(when.months % 12 + 1, rule.by_month)
    if rule.by_month_day:
        mask &= _on_month_day(rule.by_month_day, when)
    if rule.by_day:
        mask &= _on_weekday(rule, when)
    return mask & _as_start(rule, start, when)


def _take_apart(ordinals: Ints) -> _Days:
    since = ordinals - EPOCH_ORDINAL
    stamps = since.astype("datetime64[D]")
    month, year = stamps.astype("datetime64[M]"), stamps.astype("datetime64[Y]")
    month_first, month_next = _day_numbers(month), _day_numbers(_after(month))
    year_first, year_next = _day_numbers(year), _day_numbers(_after(year))
    return _Days(
        ordinals=ordinals,
        years=year.astype(np.int64) + 1970,
        months=month.astype(np.int64),
        weekdays=(ordinals + 6) % 7,
        before=since - month_first,
        left=month_next - since - 1,
        year_before=since - year_first,
        year_left=year_next - since - 1,
    )


def _after(stamps: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """Go on to the next month of months, or year of years."""
    return (stamps.astype(np.int64) + 1).astype(stamps.dtype)


def _day_numbers(stamps: npt.NDArray[np.datetime64]) -> Ints:
    return stamps.astype("datetime64[D]").astype(np.int64)


def _in_step(rule: RecurrenceRule, start: date, when: _Days) -> Mask:
    """Keep the periods that INTERVAL counts, from the one in which the rule starts."""
    if rule.frequency == "YEARLY":
        steps = when.years - start.year
    elif rule.frequency == "MONTHLY":
        steps = when.months - when.months[0]
    elif rule.frequency == "WEEKLY":
        into_week = (start.weekday() - rule.week_start) % 7
        steps = (when.ordinals - start.toordinal() + into_week) // 7
    else:
        steps = when.ordinals - start.toordinal()
    held: Mask = steps % rule.interval == 0
    return held


def _on_month_day(month_days: tuple[int, ...], when: _Days) -> Mask:
    return np.isin(when.before + 1, month_days) | np.isin(-when.left - 1, month_days)


def _on_weekday(rule: RecurrenceRule, when: _Days) -> Mask:
    """Match BYDAY; its numbers count in the month, or in the year when a yearly rule names no month."""
    in_year = rule.frequency == "YEARLY" and not rule.by_month
    before, left = (when.year_before, when.year_left) if in_year else (when.before, when.left)
    mask = np.zeros(len(when.ordinals), dtype=np.bool_)
    for nth, weekday in rule.by_day:
        hit = when.weekdays == weekday
        if nth:
            hit &= (before // 7 == nth - 1) if nth > 0 else (left // 7 == -nth - 1)
        mask |= hit
    return mask


def _as_start(rule: RecurrenceRule, start: date, when: _Days) -> Mask:
    """Take what the rule leaves open from the date on which it starts (RFC 5545, 3.3.10)."""
    mask: Mask = np.ones(len(when.ordinals), dtype=np.bool_)
    if rule.by_day or rule.by_month_day or rule.frequency == "DAILY":
        return mask
    if rule.frequency == "WEEKLY":
        mask &= when.weekdays == start.weekday()
        return mask
    mask &= when.before == start.day - 1
    if rule.frequency == "YEARLY" and not rule.by_month:
        mask &= when.months % 12 == start.month - 1
    return mask
