"""Holidays from an iCalendar file (RFC 5545): the part that says which dates are closed, and no more.

A recurring event becomes a rule, which `businesstime` takes in a bounded subset; one with exceptions, or over
several days, becomes its dates until 2099, which are counted before they are laid out (ics_recurrence). Every
step is linear in the text, and the text, its lines, its events and its nesting have limits: a hostile file
costs no more than an honest one. What is not taken (times of day, rules outside the subset) is listed with
its line and the reason, never dropped in silence; what is no iCalendar is refused whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from calendars.domain.errors import IcsInvalidError, IcsTooLargeError
from calendars.domain.ics_recurrence import MAX_SERIES, Series, UntakenError, read_dates, read_rule

__all__ = [
    "MAX_BYTES",
    "MAX_DAYS",
    "MAX_EVENTS",
    "MAX_HOLIDAYS",
    "IcsHolidays",
    "ReadIcs",
    "SkippedEvent",
    "read_ics",
]

MAX_BYTES = 1024 * 1024
MAX_LINE = 8_192
MAX_EVENTS = 5_000
MAX_HOLIDAYS = 5_000
MAX_DEPTH = 4
MAX_DAYS = 60
MAX_NAME = 200

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_DURATION = re.compile(r"P(?:(\d{1,3})W|(\d{1,4})D)", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}", re.ASCII)
_ESCAPE = re.compile(r"\\(.)")
_KEPT = frozenset(
    {
        "DTSTART",
        "DTEND",
        "DURATION",
        "SUMMARY",
        "RRULE",
        "STATUS",
        "EXDATE",
        "RDATE",
        "EXRULE",
        "RECURRENCE-ID",
        "UID",
    }
)
_LISTS = frozenset({"EXDATE", "RDATE"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadIcs:
    """An iCalendar file, as text, of at most 1 MiB."""

    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedEvent:
    """An event that was not taken: the line on which it begins, its name, and why."""

    line: int
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsHolidays:
    """Entries for the `holidays` of a document, in order of the file, each once; and what was not taken."""

    holidays: tuple[dict[str, Any], ...]
    skipped: tuple[SkippedEvent, ...]


@dataclass(kw_only=True, slots=True)
class _Event:
    """An event while it is read: the values of the properties that matter.

    properties: the first of each. lists: all of those that are lists, by name.
    """

    line: int
    properties: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)


def read_ics(content: str) -> IcsHolidays:
    """Read the whole-day events of a file. Raises IcsInvalidError, IcsTooLargeError."""
    if len(content.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise IcsTooLargeError(f"content: is larger than {MAX_BYTES} bytes", field="content")
    holidays: dict[tuple[str, ...], dict[str, Any]] = {}
    skipped: list[SkippedEvent] = []
    events = list(_events(content))
    replaced, laid_out = _replaced(events), 0
    for event in events:
        try:
            series = _series_of(event, replaced)
            laid_out += series.is_laid_out
            for entry in _entries(series, _name_of(event)):
                holidays.setdefault(tuple(map(str, entry.values())), entry)
        except UntakenError as reason:
            skipped.append(SkippedEvent(line=event.line, name=_name_of(event), reason=str(reason)))
        _check_size(len(holidays), laid_out)
    return IcsHolidays(holidays=tuple(holidays.values()), skipped=tuple(skipped))


def _events(content: str) -> Iterator[_Event]:
    """Yield the events, checking that components open and close in turn, the first being a VCALENDAR."""
    stack: list[str] = []
    event: _Event | None = None
    count, number = 0, 0
    for number, line in _unfolded(content):
        name, value = _property(line, number)
        if not stack and (name, value.upper()) != ("BEGIN", "VCALENDAR"):
            raise _invalid(number, "expected BEGIN:VCALENDAR")
        if name == "BEGIN":
            stack.append(value.upper())
            _check_depth(stack, number)
            if stack == ["VCALENDAR", "VEVENT"]:
                event, count = _Event(line=number), count + 1
                _check_count(count)
        elif name == "END":
            if stack.pop() != value.upper():
                raise _invalid(number, f"END:{value[:40]} closes what was not opened")
            if event is not None and len(stack) == 1:
                yield event
                event = None
        elif event is not None and len(stack) == 2 and name in _KEPT:  # noqa: PLR2004 - VCALENDAR and VEVENT
            _keep(event, name, value)
    if stack or not number:
        raise _invalid(number, "ends within " + (stack[-1] if stack else "nothing: it is empty"))


def _keep(event: _Event, name: str, value: str) -> None:
    if name in _LISTS:
        event.lists.setdefault(name, []).append(value)
    else:
        event.properties.setdefault(name, value)


def _check_size(holidays: int, laid_out: int) -> None:
    if holidays > MAX_HOLIDAYS:
        raise IcsTooLargeError(f"content: has more than {MAX_HOLIDAYS} holidays", field="content")
    if laid_out > MAX_SERIES:
        raise IcsTooLargeError(
            f"content: has more than {MAX_SERIES} recurring events with exceptions or over several days",
            field="content",
        )


def _check_depth(stack: list[str], number: int) -> None:
    if len(stack) > MAX_DEPTH:
        raise _invalid(number, f"nests more than {MAX_DEPTH} deep")
    if stack.count("VCALENDAR") > 1 or (stack[-1] == "VEVENT" and len(stack) != 2):  # noqa: PLR2004 - as above
        raise _invalid(number, f"{stack[-1]} has no place here")


def _check_count(count: int) -> None:
    if count > MAX_EVENTS:
        raise IcsTooLargeError(f"content: has more than {MAX_EVENTS} events", field="content")


def _unfolded(content: str) -> Iterator[tuple[int, str]]:
    """Yield logical lines with their numbers; a line that begins with a blank continues the one before."""
    pieces: list[str] = []
    length, begun = 0, 1
    for number, line in enumerate(re.split(r"\r\n|\n|\r", content.removeprefix("\ufeff")), start=1):
        if line[:1] in {" ", "\t"} and pieces:
            pieces.append(line[1:])
            length += len(line)
        else:
            if any(pieces):
                yield begun, "".join(pieces)
            pieces, length, begun = [line], len(line), number
        if length > MAX_LINE:
            raise _invalid(number, f"is longer than {MAX_LINE} characters")
    if any(pieces):
        yield begun, "".join(pieces)


def _property(line: str, number: int) -> tuple[str, str]:
    """Take name and value from `NAME;PARAMETERS:VALUE`; a colon within quotes belongs to a parameter."""
    quoted = False
    for place, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            name = line[:place].partition(";")[0]
            value = line[place + 1 :]
            if not _NAME.fullmatch(name) or any(ord(each) < 32 and each != "\t" for each in line):  # noqa: PLR2004
                break
            return name.upper(), value
    raise _invalid(number, "is no NAME:VALUE of plain text")


def _replaced(events: Sequence[_Event]) -> dict[str, frozenset[date]]:
    """Return by UID the dates of a series that events of their own stand in for."""
    found: dict[str, set[date]] = {}
    for event in events:
        uid, place = event.properties.get("UID"), event.properties.get("RECURRENCE-ID")
        if uid and place is not None:
            with suppress(UntakenError):  # then it stands in for nothing
                found.setdefault(uid, set()).update(read_dates([place], "RECURRENCE-ID"))
    return {uid: frozenset(dates) for uid, dates in found.items()}


def _series_of(event: _Event, replaced: Mapping[str, frozenset[date]]) -> Series:
    """Return when an event begins. Raises UntakenError."""
    given = event.properties
    if given.get("STATUS", "").strip().upper() == "CANCELLED":
        raise UntakenError("is cancelled")
    start, days = _date_of(event, "DTSTART"), _days_of(event)
    if "EXRULE" in given:
        raise UntakenError("recurs with an EXRULE, which is not taken")
    if "RECURRENCE-ID" in given:
        return Series(start=start, days=days)
    return Series(
        start=start,
        days=days,
        rule=read_rule(given["RRULE"]) if "RRULE" in given else None,
        added=read_dates(event.lists.get("RDATE", ()), "RDATE"),
        left_out=read_dates(event.lists.get("EXDATE", ()), "EXDATE")
        | replaced.get(given.get("UID", ""), frozenset()),
    )


def _entries(series: Series, name: str) -> Iterator[dict[str, Any]]:
    """Yield the holidays of a series. Raises UntakenError."""
    if series.rule is not None and not series.is_laid_out:
        yield {"rule": str(series.rule), "from": series.start.isoformat(), "name": name}
        return
    for begun in series.dates():
        for offset in range(series.days):
            yield {"date": (begun + timedelta(days=offset)).isoformat(), "name": name}


def _days_of(event: _Event) -> int:
    if "DTEND" in event.properties:
        days = (_date_of(event, "DTEND") - _date_of(event, "DTSTART")).days
    elif "DURATION" in event.properties:
        found = _DURATION.fullmatch(event.properties["DURATION"].strip())
        if found is None:
            raise UntakenError("lasts for a time that is no whole days")
        days = int(found[1] or 0) * 7 + int(found[2] or 0)
    else:
        days = 1
    if not 1 <= days <= MAX_DAYS:
        raise UntakenError(f"lasts {days} days; 1 to {MAX_DAYS} are taken")
    return days


def _date_of(event: _Event, name: str) -> date:
    if name not in event.properties:
        raise UntakenError(f"has no {name}")
    found = _DATE.fullmatch(event.properties[name].strip())
    if found is None:
        raise UntakenError(f"has a time of day in {name}: only whole days close a calendar")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise UntakenError(f"has no date in {name}") from error
    if not 1970 <= day.year < 2100:  # noqa: PLR2004 - the years that are counted
        raise UntakenError(f"lies outside of 1970 to 2099 in {name}")
    return day


def _name_of(event: _Event) -> str:
    text = _ESCAPE.sub(
        lambda found: " " if found[1] in "nN" else found[1], event.properties.get("SUMMARY", "")
    )
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[:MAX_NAME] or "Holiday"


def _invalid(number: int, reason: str) -> IcsInvalidError:
    return IcsInvalidError(f"content: line {number}: {reason}", field="content")
