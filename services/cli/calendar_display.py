"""How answers about time are printed: lines in columns, wall times of a zone; or one JSON object a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from businesstime import BusinessDays, Timeline, format_duration, zone
from calendars.contract import DeadlineAnswer, ElapsedAnswer, StateAnswer, WindowAnswer
from calendars.domain.document import CalendarKey

__all__ = [
    "Format",
    "deadline_rows",
    "elapsed_rows",
    "interval_rows",
    "next_close_rows",
    "next_open_rows",
    "print_answers",
    "print_columns",
    "segment_rows",
    "state_rows",
]

AnswerT = TypeVar("AnswerT", bound=StateAnswer | ElapsedAnswer | DeadlineAnswer | WindowAnswer)
Rows = Iterable[Sequence[str]]


class Format(StrEnum):
    """How answers are printed."""

    TEXT = "text"
    JSON = "json"


def print_answers(
    answers: Mapping[CalendarKey, AnswerT],
    rows_of: Callable[[AnswerT, ZoneInfo], Rows],
    *,
    timelines: Mapping[CalendarKey, Timeline],
    output: Format,
    zone_name: str | None,
    leave_out: str | None = None,
) -> None:
    """Print answers by Calendar, wall times in each one's zone unless another is named.

    As JSON all of an answer is printed but one field, with instants in UTC; and no version: a file has none.
    """
    if output is Format.JSON:
        for answer in answers.values():
            said = {name: it for name, it in _fields(answer).items() if name not in {"version", leave_out}}
            sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
        sys.stdout.buffer.flush()
        return
    rows: list[Sequence[str]] = []
    for key, answer in answers.items():
        place = zone(zone_name or timelines[key].schedule.zone)
        rows.extend([key, *cells] for cells in rows_of(answer, place))
    print_columns(rows)


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Print cells below one another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def state_rows(answer: StateAnswer, place: ZoneInfo) -> Rows:
    """Show open or closed, until when, and why."""
    change = answer.next_close if answer.is_open else answer.next_open
    until = f"until {_wall(change, place)}" if change else "for ever"
    yield "open" if answer.is_open else "closed", until, _reason(answer.reason, answer.name)


def next_open_rows(answer: StateAnswer, place: ZoneInfo) -> Rows:
    """Show the next opening, which is the instant itself while open."""
    yield (_wall(answer.next_open, place),)


def next_close_rows(answer: StateAnswer, place: ZoneInfo) -> Rows:
    """Show the next closing."""
    yield (_wall(answer.next_close, place),)


def elapsed_rows(answer: ElapsedAnswer, _place: ZoneInfo) -> Rows:
    """Show open time and business days."""
    yield format_duration(answer.elapsed_us), str(BusinessDays(answer.business_days))


def deadline_rows(answer: DeadlineAnswer, place: ZoneInfo) -> Rows:
    """Show the instant."""
    yield (_wall(answer.deadline, place),)


def interval_rows(answer: WindowAnswer, place: ZoneInfo) -> Rows:
    """Show a line for each open Interval."""
    for it in answer.intervals:
        yield _wall(it.start, place), _wall(it.end, place)


def segment_rows(answer: WindowAnswer, place: ZoneInfo) -> Rows:
    """Show a line for each segment, with its reason."""
    for it in answer.segments:
        state = "open" if it.is_open else "closed"
        yield _wall(it.start, place), _wall(it.end, place), state, _reason(it.reason, it.name)


def _fields(answer: AnswerT) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(answer)
    return fields


def _wall(instant: datetime | None, place: ZoneInfo) -> str:
    return "never" if instant is None else instant.astimezone(place).isoformat()


def _reason(reason: str, name: str | None) -> str:
    words = reason.replace("_", " ")
    return f"{words}: {name}" if name else words
