"""The slow books: what was written of each Cycle and said about it, one lesson after another, by the README.

A book is told what the service has learnt, and lives on from what it had said before. It shares no code with
the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from tests.scenarios.story import Story
from tests.scenarios.story_hours import Hours
from tests.scenarios.story_oracle import lived, owed
from tests.scenarios.story_run import Run

__all__ = ["Book", "Books", "CycleName", "Lesson", "Row", "Said"]

CycleName = tuple[str, str, int]
"""A Subject, a Metric and a number."""


class Row(NamedTuple):
    """The numbers of a Cycle as they are written; outcome: BREACHED only once that was said."""

    version: int
    target: str
    worth: int
    calendar: str
    chosen_by: str
    phase: str
    outcome: str
    started: int
    due: int | None
    breached: int | None
    stopped: int | None
    ended: int | None


class Said(NamedTuple):
    """A message about a threshold. at: its true time."""

    kind: str
    threshold: str
    at: int
    generation: int


class Entry(NamedTuple):
    """What would be written of a Cycle, in the light of what was said before."""

    row: Row
    fired: frozenset[str]
    awaited: Mapping[str, int]


class Lesson(NamedTuple):
    """What is known of one Clock at an instant.

    last: the place of the Subject's last fact. reach: from when on amended Calendars differ from before.
    """

    story: Story
    monday: date
    hours: Mapping[str, Hours]
    now: int
    last: tuple[int, int]
    reach: int | None = None


@dataclass(kw_only=True)
class Book:
    """A Cycle. row: None where it never was, as is known now. kept: the numbers of its Revisions, in order.

    aged: it had ended before a Calendar was amended, so that when it would have been due is left as written.
    """

    row: Row | None = None
    fired: frozenset[str] = frozenset()
    awaited: Mapping[str, int] = field(default_factory=dict)
    generation: int = 0
    said: list[Said] = field(default_factory=list)
    kept: list[Row] = field(default_factory=list)
    aged: bool = False

    def learn(self, after: Entry, then: Row | None) -> None:
        """Write what is known now, and say what follows. then: what had been written, had it been known."""
        before, was, now = self.row, self.row and self.row.breached, after.row.breached
        if before is not None and (then != before or (was is not None and was != now)):
            self.kept.append(before)
        if before is None or self.fired - after.fired or (was is not None and was != now):
            self.generation += 1
        self.row, self.fired, self.awaited = after
        if was != now:
            kind = "fired" if was is None else "revoked" if now is None else "restated"
            self.said.append(Said(f"breach.{kind}", "breach", now or was or 0, self.generation))

    def unlearn(self) -> None:
        """Keep the numbers of a Cycle that never was, and take its Breach back."""
        if self.row is not None:
            self.kept.append(self.row)
            if self.row.breached is not None:
                self.said.append(Said("breach.revoked", "breach", self.row.breached, self.generation))
        self.row, self.fired, self.awaited = None, frozenset(), {}

    def fire(self, now: int) -> None:
        """Say what has come by now."""
        for threshold, at in sorted(self.awaited.items(), key=lambda each: (each[1], each[0] == "breach")):
            if at < now and self.row is not None:
                kind = "breach.fired" if threshold == "breach" else "warning.fired"
                self.said.append(Said(kind, threshold, at, self.generation))
                self.fired |= {threshold}
                if threshold == "breach":
                    self.row = self.row._replace(outcome="BREACHED", breached=at)
        self.awaited = {threshold: at for threshold, at in self.awaited.items() if at >= now}


class Books:
    """The books of all Cycles of a story."""

    def __init__(self) -> None:
        self.of: dict[CycleName, Book] = {}
        self.last: dict[tuple[str, str], tuple[int, int]] = {}

    def learn(self, clock: tuple[str, str], lesson: Lesson) -> None:
        """Enter what is known now of a Clock."""
        if not lesson.story.facts:
            return
        runs = lived(lesson.story, lesson.monday, hours=lesson.hours)
        known = {}
        if clock in self.last:
            earlier = lived(lesson.story, lesson.monday, hours=lesson.hours, until=self.last[clock])
            known = {run.number: run for run in earlier}
        for run in runs:
            book = self.of.setdefault((*clock, run.number), Book())
            then = known.get(run.number)
            late = book.row is not None and run.ended is not None and lesson.reach is not None
            book.aged |= late and (run.ended or 0) < (lesson.reach or 0)
            book.learn(entered(book, run, lesson), None if then is None else entered(book, then, lesson).row)
        for name, book in self.of.items():
            if name[:2] == clock and name[2] > len(runs):
                book.unlearn()
        self.last[clock] = lesson.last

    def fire(self, now: int) -> None:
        """Say what has come by now."""
        for book in self.of.values():
            book.fire(now)


def entered(book: Book, run: Run, lesson: Lesson) -> Entry:
    """Find what is to be written: what was said and now comes later may be said again."""
    coming = {threshold: at for at, threshold in owed(run)}
    breach = coming.get("breach")
    breach = None if breach is None or breach >= lesson.now else breach
    over = run.ended is not None and run.ended <= lesson.now
    gone = {threshold for threshold, at in coming.items() if not over and at >= lesson.now}
    fired = book.fired - gone - ({"breach"} if breach is None else set())
    if over:
        fired, coming = fired | ({"breach"} if breach is not None else set()), {}
    told = breach if "breach" in fired else None
    return Entry(
        row_of(run, lesson.story, told),
        fired,
        {
            threshold: at
            for threshold, at in coming.items()
            if threshold not in fired
            and (threshold == "breach" or breach is None or threshold in book.awaited)
        },
    )


def row_of(run: Run, story: Story, told: int | None) -> Row:
    """Write the numbers of a Cycle; one that will be broken before its end is neither yet."""
    kept = run.stopped is not None and not any(threshold == "breach" for _, threshold in owed(run))
    return Row(
        version=story.policies.index(run.rule) + 1,
        target=run.promise.target,
        worth=run.worth(),
        calendar=run.promise.calendar,
        chosen_by=run.promise.chosen_by,
        phase=run.phase,
        outcome="BREACHED" if told is not None else "MET" if kept else "PENDING",
        started=run.started,
        due=run.due(0),
        breached=told,
        stopped=run.stopped,
        ended=run.ended,
    )
