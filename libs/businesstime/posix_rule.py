"""The POSIX rule in a zone file's footer: what the clocks do after the file's last transition."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from businesstime.instants import DAY_S, EPOCH_ORDINAL

__all__ = ["PosixRule", "read_posix_rule"]

_NAME: Final = r"(?:<[^>]+>|[A-Za-z]{3,})"
_OFFSET: Final = r"([+-]?\d{1,3}(?::\d{2}){0,2})"
_RULE: Final = re.compile(rf"{_NAME}{_OFFSET}(?:{_NAME}{_OFFSET}?,([^,]+),([^,]+))?")
_FEBRUARY: Final = 59


@dataclass(frozen=True, slots=True)
class PosixRule:
    """Standard and summer offsets in seconds east of Greenwich, and the yearly changes between them."""

    standard_s: int
    summer_s: int | None
    starts: str
    ends: str

    def transitions(self, year: int) -> Iterator[tuple[int, int]]:
        """Yield (instant, offset from then on), in seconds, for the changes of a year, in order."""
        if self.summer_s is None:
            return
        forward = (_wall_s(self.starts, year) - self.standard_s, self.summer_s)
        back = (_wall_s(self.ends, year) - self.summer_s, self.standard_s)
        yield from sorted((forward, back))


def read_posix_rule(text: str) -> PosixRule:
    """Read `EST5EDT,M3.2.0,M11.1.0` and its like. Raises ValueError."""
    found = _RULE.fullmatch(text)
    if found is None:
        raise ValueError(f"no POSIX time-zone rule: {text!r}")
    standard_s = -_clock_s(found[1])
    if found[3] is None:
        return PosixRule(standard_s, None, "", "")
    summer_s = -_clock_s(found[2]) if found[2] else standard_s + 3_600
    return PosixRule(standard_s, summer_s, found[3], found[4])


def _clock_s(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = (*map(int, text.lstrip("+-").split(":")), 0, 0)[:3]
    return sign * (hours * 3_600 + minutes * 60 + seconds)


def _wall_s(rule: str, year: int) -> int:
    """Say the wall clock's seconds since 1970 at which `rule` strikes in `year`."""
    day_rule, _, clock = rule.partition("/")
    return (_ordinal(day_rule, year) - EPOCH_ORDINAL) * DAY_S + _clock_s(clock or "2")


def _ordinal(day_rule: str, year: int) -> int:
    first = date(year, 1, 1).toordinal()
    if day_rule.startswith("M"):
        return _month_week_day(year, *map(int, day_rule[1:].split(".")))
    if day_rule.startswith("J"):
        day = int(day_rule[1:])  # 1 to 365: 29 February is never counted
        return first + day - 1 + (isleap(year) and day > _FEBRUARY)
    return first + int(day_rule)


def _month_week_day(year: int, month: int, week: int, weekday: int) -> int:
    """Say the ordinal of the week-th weekday (0 = Sunday) of a month; week 5 is the last."""
    first = date(year, month, 1).toordinal()
    after = date(year + month // 12, month % 12 + 1, 1).toordinal()
    found = first + (weekday - first) % 7 + (week - 1) * 7
    return found if found < after else found - 7
