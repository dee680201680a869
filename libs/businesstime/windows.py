"""Local opening windows: of a day, and of a week."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from businesstime.errors import DocumentInvalidError

__all__ = [
    "DAY_MINUTES",
    "WEEKDAYS",
    "WeeklyHours",
    "Window",
    "merge_windows",
    "parse_window",
    "spans_minutes",
]

DAY_MINUTES: Final = 1_440
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW: Final = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})", re.ASCII)
_HOUR: Final = 60
_LAST_HOUR: Final = 24


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A local opening window of a date; an end not after its start runs over midnight into the next day.

    start_minute: minutes of the wall clock after 00:00, 0 to 1439.
    end_minute: likewise, 0 to 1440 (24:00).
    """

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not (0 <= self.start_minute < DAY_MINUTES and 0 <= self.end_minute <= DAY_MINUTES):
            raise DocumentInvalidError(
                f"{self.start_minute} to {self.end_minute} minutes is no window of a day"
            )

    @property
    def length_minutes(self) -> int:
        """The window's length on the wall clock: 1 to 1440 minutes."""
        length = self.end_minute - self.start_minute
        return length if length > 0 else length + DAY_MINUTES

    def __str__(self) -> str:
        (start, start_m), (end, end_m) = divmod(self.start_minute, 60), divmod(self.end_minute, 60)
        return f"{start:02}:{start_m:02}-{end:02}:{end_m:02}"


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Local opening windows by weekday, Monday first: seven tuples, each sorted and merged."""

    days: tuple[tuple[Window, ...], ...] = ((),) * 7

    def __post_init__(self) -> None:
        if len(self.days) != len(WEEKDAYS):
            raise DocumentInvalidError(f"a week has seven days, not {len(self.days)}")
        object.__setattr__(self, "days", tuple(merge_windows(day) for day in self.days))


def parse_window(text: object, *, field: str | None = None) -> Window:
    """Read `HH:MM-HH:MM`, where 24:00 is the end of the day. Raises DocumentInvalidError."""
    found = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise DocumentInvalidError(f"{str(text)[:40]!r} is no window: write HH:MM-HH:MM", field=field)
    start_h, start_m, end_h, end_m = map(int, found.groups())
    for hour, minute, ends in ((start_h, start_m, False), (end_h, end_m, True)):
        last = _LAST_HOUR * 60 - (not ends)
        if minute >= _HOUR or hour * _HOUR + minute > last:
            raise DocumentInvalidError(f"{text!r}: {hour:02}:{minute:02} is no time of day", field=field)
    return Window(start_h * 60 + start_m, end_h * 60 + end_m)


def merge_windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Sort the windows of a date and merge those that touch or overlap.

    Two that only together run longer than 24 hours stay two: no single window could say that.
    """
    merged: list[Window] = []
    for window in sorted(windows, key=lambda each: (each.start_minute, -each.length_minutes)):
        joined = _join(merged[-1], window) if merged else None
        if joined is None:
            merged.append(window)
        else:
            merged[-1] = joined
    return tuple(merged)


def spans_minutes(windows: Sequence[Window]) -> list[tuple[int, int]]:
    """Answer (start, end) in minutes after the date's midnight; an end may lie beyond 1440."""
    return [(each.start_minute, each.start_minute + each.length_minutes) for each in windows]


def _join(first: Window, second: Window) -> Window | None:
    end = first.start_minute + first.length_minutes
    if second.start_minute > end:
        return None
    end = max(end, second.start_minute + second.length_minutes)
    if end - first.start_minute > DAY_MINUTES:
        return None
    return Window(first.start_minute, end if end <= DAY_MINUTES else end - DAY_MINUTES)
