"""Reads the values inside a schedule document: dates, windows, hours, seasons, holidays, special hours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar

from businesstime.errors import DocumentInvalidError
from businesstime.holiday import DatedHoliday, Holiday, RegionHolidays, RuledHoliday
from businesstime.instants import REACH_FIRST, REACH_LAST
from businesstime.recurrence import parse_rule
from businesstime.schedule import SpecialHours
from businesstime.seasons import MonthDay, Season
from businesstime.windows import WEEKDAYS, WeeklyHours, Window, parse_window

__all__ = ["as_list", "as_mapping", "read_holiday", "read_hours", "read_list", "read_season", "read_special"]

MOST_ENTRIES: Final = 10_000
_LONGEST_NAME: Final = 200
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH_DAY: Final = re.compile(r"(\d{2})-(\d{2})", re.ASCII)

Value = TypeVar("Value")


def as_mapping(
    value: object, path: str, allowed: Sequence[str] = (), needed: Sequence[str] = ()
) -> Mapping[Any, Any]:
    """Answer `value` if it is a mapping with the fields that are needed and none that are not known."""
    if not isinstance(value, Mapping):
        raise DocumentInvalidError(f"a mapping is expected, not {_shown(value)}", field=path or None)
    for name in needed:
        if name not in value:
            raise DocumentInvalidError("is missing", field=_join(path, name))
    for name in value if allowed else ():
        if name not in allowed:
            raise DocumentInvalidError(
                f"is not known here; the fields are {', '.join(allowed)}", field=_join(path, name)
            )
    return value


def as_list(value: object, path: str) -> list[Any]:
    """Answer `value` if it is a list of bounded length."""
    if not isinstance(value, list | tuple):
        raise DocumentInvalidError(f"a list is expected, not {_shown(value)}", field=path)
    if len(value) > MOST_ENTRIES:
        raise DocumentInvalidError(f"has {len(value)} entries; at most {MOST_ENTRIES} are taken", field=path)
    return list(value)


def read_list(value: object, path: str, read: Callable[[Any, str], Value]) -> tuple[Value, ...]:
    """Read each entry of a list with its own path, `path[index]`."""
    return tuple(read(entry, f"{path}[{index}]") for index, entry in enumerate(as_list(value, path)))


def read_hours(value: object, path: str) -> WeeklyHours:
    """Read hours by weekday; a key is `mon`, `mon-fri`, `sat-mon` or `mon,wed`, and names each day once."""
    days: list[tuple[Window, ...] | None] = [None] * len(WEEKDAYS)
    for key, windows in as_mapping(value, path).items():
        here = _join(path, key)
        read = read_list(windows, here, _window)
        for day in _weekdays(key, here):
            if days[day] is not None:
                raise DocumentInvalidError(f"{WEEKDAYS[day]} is given twice", field=here)
            days[day] = read
    return WeeklyHours(tuple(day or () for day in days))


def read_season(value: object, path: str) -> Season:
    """Read a season: name, from, to (two dates, or two days of the year), hours."""
    document = as_mapping(value, path, ("name", "from", "to", "hours"), ("name", "from", "to", "hours"))
    name = _name(document["name"], f"{path}.name")
    first, last = (_date_or_day(document[end], f"{path}.{end}") for end in ("from", "to"))
    hours = read_hours(document["hours"], f"{path}.hours")
    try:
        return Season(name=name, first=first, last=last, hours=hours)
    except DocumentInvalidError as error:
        raise DocumentInvalidError(error.reason, field=f"{path}.to") from None


def read_holiday(value: object, path: str) -> Holiday:
    """Read a holiday: a date with a name, a rule with a start and a name, or a region."""
    document = as_mapping(value, path)
    kinds = [kind for kind in ("country", "date", "rule") if kind in document]
    if len(kinds) != 1:
        raise DocumentInvalidError("a holiday has one of country, date or rule", field=path)
    return _HOLIDAYS[kinds[0]](document, path)


def read_special(value: object, path: str) -> tuple[SpecialHours, ...]:
    """Read the windows of single dates, by date."""
    document = as_mapping(value, path)
    if len(document) > MOST_ENTRIES:
        raise DocumentInvalidError(
            f"has {len(document)} entries; at most {MOST_ENTRIES} are taken", field=path
        )
    found: dict[date, SpecialHours] = {}
    for key, windows in document.items():
        here = _join(path, key)
        day = _date(key, here)
        if day in found:
            raise DocumentInvalidError("the date is given twice", field=here)
        found[day] = SpecialHours(date=day, windows=read_list(windows, here, _window))
    return tuple(found.values())


def _dated(document: Mapping[Any, Any], path: str) -> Holiday:
    as_mapping(document, path, ("date", "name"), ("date", "name"))
    return DatedHoliday(
        date=_date(document["date"], f"{path}.date"), name=_name(document["name"], f"{path}.name")
    )


def _ruled(document: Mapping[Any, Any], path: str) -> Holiday:
    as_mapping(document, path, ("rule", "from", "name"), ("rule", "from", "name"))
    return RuledHoliday(
        rule=parse_rule(document["rule"], field=f"{path}.rule"),
        start=_date(document["from"], f"{path}.from"),
        name=_name(document["name"], f"{path}.name"),
    )


def _region(document: Mapping[Any, Any], path: str) -> Holiday:
    as_mapping(document, path, ("country", "subdivision", "except", "observed"))
    observed = document.get("observed", True)
    if not isinstance(observed, bool):
        raise DocumentInvalidError(
            f"true or false is expected, not {_shown(observed)}", field=f"{path}.observed"
        )
    try:
        return RegionHolidays(
            country=document["country"],
            subdivision=document.get("subdivision"),
            opt_outs=read_list(document.get("except", []), f"{path}.except", _name),
            observed=observed,
        )
    except DocumentInvalidError as error:
        if error.field in {"country", "subdivision"}:
            raise type(error)(error.reason, field=f"{path}.{error.field}") from None
        raise


_HOLIDAYS: Final = {"country": _region, "date": _dated, "rule": _ruled}


def _weekdays(key: object, path: str) -> Iterator[int]:
    for part in key.lower().split(",") if isinstance(key, str) else ("",):
        first, dash, last = part.strip().partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise DocumentInvalidError(
                f"a weekday is one of {', '.join(WEEKDAYS)}, or as in mon-fri", field=path
            )
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - start) % 7 if dash else 0
        yield from ((start + step) % 7 for step in range(length + 1))


def _window(value: object, path: str) -> Window:
    return parse_window(value, field=path)


def _name(value: object, path: str) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST_NAME:
        raise DocumentInvalidError(f"a text of 1 to {_LONGEST_NAME} characters is expected", field=path)
    return value.strip()


def _date(value: object, path: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        found = value
    elif isinstance(value, str) and _DATE.fullmatch(value):
        try:
            found = date.fromisoformat(value)
        except ValueError:
            raise DocumentInvalidError(f"{value} is no date", field=path) from None
    else:
        raise DocumentInvalidError(f"{_shown(value)} is no date: write YYYY-MM-DD", field=path)
    if not REACH_FIRST <= found < REACH_LAST:
        raise DocumentInvalidError(f"{found} is outside the years 1800 to 2399", field=path)
    return found


def _date_or_day(value: object, path: str) -> date | MonthDay:
    matched = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
    if matched is None:
        return _date(value, path)
    try:
        return MonthDay(int(matched[1]), int(matched[2]))
    except DocumentInvalidError as error:
        raise DocumentInvalidError(error.reason, field=path) from None


def _join(path: str, name: object) -> str:
    shown = str(name)[:40]
    return f"{path}.{shown}" if path else shown


def _shown(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"
