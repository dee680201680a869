"""Durations: open time in microseconds, or business days, a unit of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from businesstime.errors import DurationInvalidError

__all__ = ["BusinessDays", "format_duration", "parse_duration"]

# Nothing is promised for longer than this, and sums stay far inside int64.
_LONGEST_US: Final = 100 * 366 * 86_400 * 1_000_000
_MOST_DAYS: Final = 36_600
_UNITS_US: Final = {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_PLAIN: Final = re.compile(r"([+-]?)((?:\d{1,15}(?:us|ms|h|m|s) ?)+)", re.ASCII)
_PART: Final = re.compile(r"(\d+)(us|ms|h|m|s)", re.ASCII)
_DAYS: Final = re.compile(r"([+-]?)(\d{1,6})bd", re.ASCII)
_ISO: Final = re.compile(
    r"([+-]?)PT(?=\d)(?:(\d{1,9})H)?(?:(\d{1,11})M)?(?:(\d{1,13})(?:[.,](\d{1,6}))?S)?", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class BusinessDays:
    """A count of dates that have open time: never 24 hours, never 8; it may be negative."""

    days: int

    def __neg__(self) -> BusinessDays:
        return BusinessDays(-self.days)

    def __str__(self) -> str:
        return f"{self.days}bd"


def parse_duration(text: str) -> int | BusinessDays:
    """Read `4h`, `90m`, `1h30m`, `45s`, `2bd` or ISO 8601 `PT4H30M`: open time in µs, or BusinessDays.

    ISO days are refused: a day of open time has no one length. Raises DurationInvalidError.
    """
    if not isinstance(text, str):
        raise DurationInvalidError(f"{text!r} is no duration: write text such as 4h, 90m, 2bd or PT4H")
    stripped = text.strip()
    if found := _DAYS.fullmatch(stripped):
        return _business_days(text, found)
    if found := _PLAIN.fullmatch(stripped):
        total_us = sum(int(count) * _UNITS_US[unit] for count, unit in _PART.findall(found[2]))
    elif found := _ISO.fullmatch(stripped.upper()):
        total_us = _iso_us(found)
    else:
        raise DurationInvalidError(f"{text[:60]!r} is no duration: write 4h, 90m, 1h30m, 2bd or PT4H")
    if total_us > _LONGEST_US:
        raise DurationInvalidError(f"{text[:60]!r} is longer than a hundred years")
    return -total_us if found[1] == "-" else total_us


def format_duration(duration: int | BusinessDays) -> str:
    """Write a duration so that parse_duration reads the same one."""
    if isinstance(duration, BusinessDays):
        return str(duration)
    rest, parts = abs(duration), ""
    for unit, size_us in _UNITS_US.items():
        count, rest = divmod(rest, size_us)
        parts += f"{count}{unit}" if count else ""
    return ("-" if duration < 0 else "") + (parts or "0s")


def _business_days(text: str, found: re.Match[str]) -> BusinessDays:
    days = int(found[2])
    if days > _MOST_DAYS:
        raise DurationInvalidError(f"{text[:60]!r} is more than {_MOST_DAYS} business days")
    return BusinessDays(-days if found[1] == "-" else days)


def _iso_us(found: re.Match[str]) -> int:
    hours, minutes, seconds, fraction = (found[group] or "0" for group in (2, 3, 4, 5))
    whole_s = int(hours) * 3_600 + int(minutes) * 60 + int(seconds)
    return whole_s * 1_000_000 + int(fraction.ljust(6, "0"))
