"""A slow, independent computation of the incident policy, from the rules alone.

It shares no code with the project: zones come from `zoneinfo`, holidays from `holidays`, rows from `csv`. It
walks days and rows one by one, so that a reader can check it against the words of the policy:

P1 4 h, P2 8 h, P3 24 h, P4 40 h of business time (Monday to Friday 08:00-18:00, America/Sao_Paulo, Brazil's
public holidays); starts at `opened_at`; paused while the state begins with `Awaiting`; stopped at Resolved or
Closed; a reopened incident resumes its Cycle; recounted when the priority changes; rows in order of time,
then `sys_mod_count`.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import holidays

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CycleVerdict", "Incident", "business_windows", "judge", "read_incidents"]

ZONE = ZoneInfo("America/Sao_Paulo")
HOURS = {"1": 4, "2": 8, "3": 24, "4": 40}
DONE = ("Resolved", "Closed")
HOLIDAYS = holidays.country_holidays("BR", years=range(2015, 2020))


@dataclass(frozen=True, kw_only=True)
class Incident:
    """The rows of one incident, in the policy's order."""

    number: str
    opened_at: datetime
    rows: tuple[tuple[datetime, str, str], ...]

    def until(self, instant: datetime) -> Incident | None:
        """Return the incident as it stood at `instant`, or None if no row had been written yet."""
        rows = tuple(row for row in self.rows if row[0] <= instant)
        return Incident(number=self.number, opened_at=self.opened_at, rows=rows) if rows else None


@dataclass(frozen=True, kw_only=True)
class CycleVerdict:
    """What the policy says of one incident, in the fields that a backtest prints."""

    subject: str
    target: str
    phase: str
    outcome: str
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    elapsed: timedelta


def wall(text: str) -> datetime:
    """Read `D/M/YYYY HH:MM` as São Paulo's wall time; fold=0 is the earlier of two."""
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


def read_incidents(path: Path) -> Iterator[Incident]:
    """Read the export and yield each incident once, its rows sorted."""
    rows_of: dict[str, list[dict[str, str]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rows_of.setdefault(row["number"], []).append(row)
    for number, rows in rows_of.items():
        rows.sort(key=lambda row: (wall(row["sys_updated_at"]), int(row["sys_mod_count"])))
        steps = tuple((wall(row["sys_updated_at"]), row["incident_state"], row["priority"]) for row in rows)
        yield Incident(number=number, opened_at=wall(rows[0]["opened_at"]), rows=steps)


def business_windows(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open windows of every working day from the day of `first` to the day of `last`."""
    day: date = first.astimezone(ZONE).date()
    while day <= last.astimezone(ZONE).date():
        if day.weekday() < 5 and day not in HOLIDAYS:
            opens = datetime.combine(day, time(8), ZONE).astimezone(UTC)
            closes = datetime.combine(day, time(18), ZONE).astimezone(UTC)
            yield opens, closes
        day += timedelta(days=1)


def open_pieces(running: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Cut the running stretches down to the hours in which the team is at work."""
    for start, end in running:
        for opens, closes in business_windows(start, end):
            if max(start, opens) < min(end, closes):
                yield max(start, opens), min(end, closes)


def used_up_at(running: Iterable[tuple[datetime, datetime]], allowed: timedelta) -> datetime | None:
    """Tell the earliest instant at which `allowed` of open time has passed, or None if it never has."""
    left = allowed
    for start, end in open_pieces(running):
        if end - start >= left:
            return start + left
        left -= end - start
    return None


def judge(incident: Incident, as_of: datetime) -> CycleVerdict:
    """Walk the rows, note when the Clock ran, and compare with the Target that held last."""
    running: list[tuple[datetime, datetime]] = []
    phase, since, priority = "RUNNING", incident.opened_at, incident.rows[0][2]
    stopped_at: datetime | None = None
    for at, state, row_priority in incident.rows:
        if phase == "STOPPED" and state in DONE:
            continue
        if phase == "RUNNING" and since < at:
            running.append((since, at))
        priority, since = row_priority, max(at, incident.opened_at)
        if state in DONE:
            phase, stopped_at = "STOPPED", at
        else:
            phase, stopped_at = ("PAUSED" if state.startswith("Awaiting") else "RUNNING"), None
    if phase == "RUNNING" and since < as_of:
        running.append((since, as_of))
    elapsed = sum((end - start for start, end in open_pieces(running)), timedelta())
    allowed = timedelta(hours=HOURS[priority])
    due_at = used_up_at(running, allowed)
    if due_at is None and phase != "PAUSED":
        due_at = used_up_at([(since, since + timedelta(days=400))], allowed - elapsed_before(running, since))
    breached = due_at is not None and due_at < (stopped_at or as_of)
    return CycleVerdict(
        subject=incident.number,
        target=f"P{priority}",
        phase=phase,
        outcome="BREACHED" if breached else "MET" if phase == "STOPPED" else "PENDING",
        started_at=incident.opened_at,
        due_at=due_at,
        breached_at=due_at if breached else None,
        stopped_at=stopped_at,
        elapsed=elapsed,
    )


def elapsed_before(running: Iterable[tuple[datetime, datetime]], instant: datetime) -> timedelta:
    """Sum the open time of the running stretches that lie before `instant`."""
    clipped = [(start, min(end, instant)) for start, end in running if start < instant]
    return sum((end - start for start, end in open_pieces(clipped)), timedelta())
