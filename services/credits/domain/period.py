"""A period: a civil month in an Agreement's zone, as the instants between which it lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from businesstime import from_us
from businesstime.periods import read_period
from credits.domain.errors import PeriodInvalidError

__all__ = ["Period", "check_label", "month_of"]

_MONTH = re.compile(r"(19[7-9]\d|20\d\d|21\d\d)-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The Interval [starts_at, ends_at) that `label` names, as UTC instants."""

    label: str
    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        """The length in whole minutes, which transitions change: 44,580 in New York's March 2026."""
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)


def month_of(label: str, zone: str) -> Period:
    """Find the civil month, as 2016-03, in a zone.

    It lies between the first instants at which the zone's wall clock reads the first of the month, and the
    first of the next, or later. Raises PeriodInvalidError, and ZoneUnknown for a zone that there is not.
    """
    month = read_period(check_label(label), zone)
    return Period(label=label, starts_at=from_us(month.start_us), ends_at=from_us(month.end_us))


def check_label(label: str) -> str:
    """Give the label back if it is written as a month; raises PeriodInvalidError."""
    if not _MONTH.fullmatch(label):
        raise PeriodInvalidError(label)
    return label
