"""Instants are int64 microseconds since 1970-01-01T00:00:00Z inside, aware datetimes at the edge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from businesstime.errors import InstantNaiveError, OutOfReachError

__all__ = [
    "DAY_S",
    "DAY_US",
    "EPOCH",
    "EPOCH_ORDINAL",
    "MICROSECOND",
    "REACH_END_US",
    "REACH_FIRST",
    "REACH_LAST",
    "REACH_START_US",
    "SECOND_US",
    "ZERO",
    "date_to_us",
    "from_us",
    "to_us",
]

SECOND_US: Final = 1_000_000
DAY_S: Final = 86_400
DAY_US: Final = DAY_S * SECOND_US
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Multiplying it is the fastest exact way from an integer to a timedelta.
MICROSECOND: Final = timedelta(microseconds=1)
ZERO: Final = timedelta()
EPOCH_ORDINAL: Final = EPOCH.toordinal()

# Sums are bounded: no instant makes a Timeline grow beyond six centuries.
REACH_FIRST: Final = date(1800, 1, 1)
REACH_LAST: Final = date(2400, 1, 1)


def date_to_us(day: date) -> int:
    """Say the instant of the date's midnight in UTC."""
    return (day.toordinal() - EPOCH_ORDINAL) * DAY_US


REACH_START_US: Final = date_to_us(REACH_FIRST)
REACH_END_US: Final = date_to_us(REACH_LAST)


def to_us(instant: datetime) -> int:
    """Turn an aware datetime into microseconds since the epoch. Raises InstantNaiveError."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise InstantNaiveError(f"{instant.isoformat()} has no zone: give an aware datetime")
    since = instant - EPOCH
    return (since.days * DAY_S + since.seconds) * SECOND_US + since.microseconds


def from_us(instant_us: int) -> datetime:
    """Turn microseconds since the epoch into a UTC datetime. Raises OutOfReachError beyond year 9999."""
    try:
        return EPOCH + MICROSECOND * instant_us
    except OverflowError:
        raise OutOfReachError(f"{instant_us} µs since 1970 is outside the years 1 to 9999") from None
