"""A bounded subset of RFC 5545 recurrence rules, for dates.

Without BYSETPOS and times of day, whether a rule holds on a date is a question about that date alone: it is a
mask over the dates from its start to the end of the horizon: bounded by construction, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from businesstime.errors import RuleInvalidError
from businesstime.rule_mask import rule_mask

__all__ = ["RecurrenceRule", "parse_rule"]

FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T\d{6}Z?)?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,6}", re.ASCII)
_LONGEST_TEXT: Final = 500
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceRule:
    """A checked rule: its frequency and filters. Dates before its start never match.

    by_day: (ordinal or 0, weekday with 0 = Monday).
    """

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    week_start: int = 0

    def __str__(self) -> str:
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        for name, numbers in (("BYMONTH", self.by_month), ("BYMONTHDAY", self.by_month_day)):
            if numbers:
                parts.append(f"{name}={','.join(map(str, numbers))}")
        if self.by_day:
            parts.append("BYDAY=" + ",".join(f"{nth or ''}{_DAYS[day]}" for nth, day in self.by_day))
        if self.week_start:
            parts.append(f"WKST={_DAYS[self.week_start]}")
        return ";".join(parts)

    def ordinals(self, start: date, last: date) -> list[int]:
        """Answer the ordinals of the dates from `start` to `last`, both included, on which the rule holds."""
        end = min(last, self.until) if self.until else last
        if end < start:
            return []
        mask = rule_mask(self, start, (end - start).days + 1)
        found = np.flatnonzero(mask)[: self.count] + start.toordinal()
        return [int(each) for each in found]


def parse_rule(text: object, *, field: str | None = None) -> RecurrenceRule:
    """Read a rule such as `FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31`. Raises RuleInvalidError."""
    try:
        return _checked(_parts(text))
    except ValueError as error:
        raise RuleInvalidError(str(error), field=field) from None


def _parts(text: object) -> dict[str, str]:
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        raise ValueError(f"a rule is text of at most {_LONGEST_TEXT} characters")
    parts: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").strip().strip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise ValueError(f"{part[:40]!r} is no NAME=VALUE")
        if name in parts:
            raise ValueError(f"{name[:40]} is given twice")
        parts[name] = value
    return parts


def _checked(parts: dict[str, str]) -> RecurrenceRule:
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ is one of {', '.join(FREQUENCIES)}, not {parts.get('FREQ', 'missing')[:40]}")
    if unknown := sorted(set(parts) - {"FREQ", *_READERS}):
        raise ValueError(f"{unknown[0][:40]} is not taken here: only FREQ, {', '.join(_READERS)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude one another")
    values: dict[str, Any] = {
        _READERS[name][0]: _READERS[name][1](value) for name, value in parts.items() if name != "FREQ"
    }
    rule = RecurrenceRule(frequency=parts["FREQ"], **values)
    if rule.frequency in {"DAILY", "WEEKLY"} and any(nth for nth, _ in rule.by_day):
        raise ValueError(f"BYDAY takes no numbers when FREQ is {rule.frequency}")
    if rule.frequency == "WEEKLY" and rule.by_month_day:
        raise ValueError("BYMONTHDAY does not go with FREQ=WEEKLY")
    return rule


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high or int(text) == 0:
            raise ValueError(f"{text[:40]!r} is no whole number from {low} to {high}")
        return int(text)

    return read


def _list(read: Callable[[str], int]) -> Callable[[str], tuple[int, ...]]:
    return lambda text: tuple(sorted({read(each) for each in text.split(",")}))


def _by_day(text: str) -> tuple[tuple[int, int], ...]:
    found: set[tuple[int, int]] = set()
    for each in text.split(","):
        matched = _BY_DAY.fullmatch(each)
        if matched is None or not 1 <= abs(int(matched[1] or 1)) <= 53:  # noqa: PLR2004 - weeks of a year
            raise ValueError(f"BYDAY: {each[:40]!r} is no weekday such as MO or -1FR")
        found.add((int(matched[1] or 0), _DAYS.index(matched[2])))
    return tuple(sorted(found))


def _until(text: str) -> date:
    matched = _UNTIL.fullmatch(text)
    if matched is None:
        raise ValueError(f"UNTIL: {text[:40]!r} is no date such as 20301231")
    return date(*map(int, matched.groups()[:3]))


def _weekday(text: str) -> int:
    if text not in _DAYS:
        raise ValueError(f"WKST: {text[:40]!r} is no weekday such as MO")
    return _DAYS.index(text)


_READERS: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "INTERVAL": ("interval", _integer(1, _MOST)),
    "COUNT": ("count", _integer(1, _MOST)),
    "UNTIL": ("until", _until),
    "BYMONTH": ("by_month", _list(_integer(1, 12))),
    "BYMONTHDAY": ("by_month_day", _list(_integer(-31, 31))),
    "BYDAY": ("by_day", _by_day),
    "WKST": ("week_start", _weekday),
}
