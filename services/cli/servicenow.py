"""ServiceNow's audit of incidents as CSV: each row is one state of one incident after one update.

Times are wall times without a zone. A wall time is read as the first instant at which the clock shows it or
later: in a gap that is the transition, in a repeated hour the earlier of two. `?` and nothing mean unknown.
The columns in `FINAL_COLUMNS` hold the incident's last value on every row, so they are not known when the
row is: left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from businesstime import from_us
from businesstime.zones import PACKAGED
from cli.events import BadRow, EventRow, ExportError, open_export
from clocks.domain.errors import EventInvalidError
from clocks.domain.event import Event, check_event

__all__ = ["FINAL_COLUMNS", "REQUIRED_COLUMNS", "read_servicenow", "wall_reader"]

REQUIRED_COLUMNS = ("number", "incident_state", "priority", "opened_at", "sys_updated_at", "sys_mod_count")
FINAL_COLUMNS = frozenset({"caused_by", "closed_at", "closed_code", "resolved_at", "resolved_by"})
TIME_COLUMNS = frozenset({"opened_at", "sys_updated_at"})
UNKNOWN = ("?", "")
NOT_UTF8 = "\ufffd"
SECOND_US = 1_000_000
REMEMBERED_TIMES = 1 << 17

COUNT = re.compile(r"\d{1,18}", re.ASCII)
DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time has no zone


def read_servicenow(
    path: Path, *, zone: str, columns: Collection[str] | None = None
) -> Iterator[EventRow | BadRow]:
    """Read an export (`.csv`, also `.csv.gz`) row by row; bad rows are yielded with their line.

    zone: an IANA name; the wall times are read in it. columns: those that become attributes; None: all but
    the final ones. Raises ExportError when the file is no such export, and ZoneUnknownError.
    """
    instant_of = wall_reader(zone)
    with open_export(path) as opened:
        text = io.TextIOWrapper(opened, encoding="utf-8-sig", errors="replace", newline="")
        table = csv.reader(text)
        header = read_header(table, path)
        reader = RowReader(header, columns, instant_of)
        for row in rows_of(table):
            line = table.line_num
            if row:
                yield BadRow(line, row) if isinstance(row, str) else reader.read(line, row)


def read_header(table: Iterator[list[str]], path: Path) -> list[str]:
    """Take the names of the columns. Raises ExportError when the file is not the CSV it should be."""
    header = next(rows_of(table), [])
    names = [] if isinstance(header, str) else [name.strip() for name in header]
    missing = [name for name in REQUIRED_COLUMNS if name not in names]
    if missing:
        raise ExportError(f"{path}: not a ServiceNow export: its first line has no {', '.join(missing)}")
    return names


def rows_of(table: Iterator[list[str]]) -> Iterator[list[str] | str]:
    """Yield the rows, and in place of one that is no CSV what is wrong with it."""
    while True:
        try:
            yield from table
        except csv.Error as error:
            yield f"not CSV: {error}"
        else:
            return


class RowReader:
    """Turns rows under one header into events."""

    def __init__(
        self, header: Sequence[str], columns: Collection[str] | None, instant_of: Callable[[str], int]
    ) -> None:
        kept = [name for name in header if name not in FINAL_COLUMNS and (columns is None or name in columns)]
        self._width = len(header)
        self._plain = [(header.index(name), name) for name in kept if name not in TIME_COLUMNS]
        self._times = [(header.index(name), name) for name in kept if name in TIME_COLUMNS]
        self._number, self._updated_at, self._mod_count = (
            header.index(name) for name in ("number", "sys_updated_at", "sys_mod_count")
        )
        self._instant_of = instant_of

    def read(self, line: int, row: Sequence[str]) -> EventRow | BadRow:
        """Read one row, or say what is wrong with it."""
        if len(row) != self._width:
            return BadRow(line, f"has {len(row)} fields; the first line has {self._width}")
        if NOT_UTF8 in "".join(row):
            return BadRow(line, "holds characters that are not UTF-8; save the export in that encoding")
        try:
            event = self._event(row)
            check_event(event)
        except (ValueError, EventInvalidError) as error:
            return BadRow(line, str(error))
        return EventRow(line, event)

    def _event(self, row: Sequence[str]) -> Event:
        number, mod_count = row[self._number], row[self._mod_count]
        if number in UNKNOWN:
            raise ValueError("number: is unknown")
        if not COUNT.fullmatch(mod_count):
            raise ValueError(f"sys_mod_count: {mod_count[:60]!r} is no count")
        occurred_at_us = self._instant("sys_updated_at", row[self._updated_at])
        return Event(
            event_id=f"{number}/{mod_count}/{occurred_at_us // SECOND_US}",
            subject_id=number,
            type="updated",
            occurred_at_us=occurred_at_us,
            sequence=int(mod_count),
            attributes=self._attributes(row),
        )

    def _attributes(self, row: Sequence[str]) -> dict[str, Any]:
        """Take the columns; an unknown value is None, which removes what an earlier row said."""
        attributes: dict[str, Any] = {
            name: None if (value := row[index]) in UNKNOWN else value for index, name in self._plain
        }
        for index, name in self._times:
            value = row[index]
            attributes[name] = None if value in UNKNOWN else rfc3339(self._instant(name, value))
        return attributes

    def _instant(self, column: str, text: str) -> int:
        try:
            return self._instant_of(text)
        except ValueError as error:
            raise ValueError(f"{column}: {error}") from None


def wall_reader(zone: str) -> Callable[[str], int]:
    """Make the function that turns a wall time of a zone into UTC microseconds.

    It reads `D/M/YYYY HH:MM` and `YYYY-MM-DD HH:MM`, both also with seconds, and raises ValueError. Exports
    repeat
    their times: each text is read once. Raises ZoneUnknownError.
    """
    rules = PACKAGED.rules(zone)

    @lru_cache(maxsize=REMEMBERED_TIMES)
    def instant_of(text: str) -> int:
        return rules.edge_us(wall_s(text))

    return instant_of


def wall_s(text: str) -> int:
    """Read a wall time as seconds since 1970 on the wall. Raises ValueError."""
    if found := DAY_FIRST.fullmatch(text):
        day, month, year, hour, minute, second = found.groups(default="0")
    elif found := YEAR_FIRST.fullmatch(text):
        year, month, day, hour, minute, second = found.groups(default="0")
    else:
        raise ValueError(f"{text[:60]!r} is no time as D/M/YYYY HH:MM or YYYY-MM-DD HH:MM")
    try:
        wall = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: {error}") from None
    since = wall - WALL_EPOCH
    return since.days * 86_400 + since.seconds


@lru_cache(maxsize=REMEMBERED_TIMES)
def rfc3339(instant_us: int) -> str:
    """Write an instant as policies read it."""
    return from_us(instant_us).isoformat().replace("+00:00", "Z")
