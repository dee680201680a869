"""A walk over instants, written to be obviously right: every fast path of businesstime is held against it.

The law that it walks by: the wall clock, never turned back, is past a window's opening, not yet its closing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from businesstime import zone

Document = Mapping[str, Any]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def walk(key: str, start: datetime, steps: int, step: timedelta = timedelta(minutes=1)) -> list[datetime]:
    """Answer the latest wall time read so far at each of `steps` instants from `start` on.

    Transitions lie on whole steps. The walk begins two days before, to know of a clock turned back.
    """
    tzinfo = zone(key)
    before = timedelta(days=2) // step
    at = start - before * step
    latest, found = datetime.min, []  # noqa: DTZ901 - a wall time has no zone
    for _ in range(before + steps):
        latest = max(latest, at.astimezone(tzinfo).replace(tzinfo=None))
        found.append(latest)
        at += step
    return found[before:]


def open_instants(document: Document, walls: Sequence[datetime]) -> list[bool]:
    """Say for each wall time of a walk whether some window of the date, or of the date before, holds it."""
    windows: dict[date, list[tuple[datetime, datetime]]] = {}
    answers = []
    for wall in walls:
        today = wall.date()
        if today not in windows:
            windows[today] = spans_of(document, today - timedelta(days=1)) + spans_of(document, today)
        answers.append(any(opens <= wall < closes for opens, closes in windows[today]))
    return answers


def spans_of(document: Document, day: date) -> list[tuple[datetime, datetime]]:
    """Answer the wall times at which the windows of a date open and close."""
    midnight = datetime.combine(day, datetime.min.time())
    spans = []
    for text in windows_of(document, day):
        opens, closes = (midnight + clock(part) for part in text.split("-"))
        spans.append((opens, closes if closes > opens else closes + timedelta(days=1)))
    return spans


def windows_of(document: Document, day: date) -> list[str]:
    """Choose the windows of a date: special hours, else a holiday, else the first season, else the week's."""
    special: dict[str, list[str]] = document.get("special", {})
    if day.isoformat() in special:
        return special[day.isoformat()]
    if any(holiday["date"] == day.isoformat() for holiday in document.get("holidays", [])):
        return []
    for season in document.get("seasons", []):
        if in_season(season["from"], season["to"], day):
            return list(season["hours"].get(DAYS[day.weekday()], []))
    return list(document["hours"].get(DAYS[day.weekday()], []))


def in_season(first: str, last: str, day: date) -> bool:
    """Compare as text, which orders dates and days of the year alike."""
    today = day.isoformat()[-len(first) :]
    return first <= today <= last if first <= last else today >= first or today <= last


def clock(text: str) -> timedelta:
    """Read HH:MM."""
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def us(at: datetime) -> int:
    """Say microseconds since the epoch."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
