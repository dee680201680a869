"""Stories: what a tenant says and what happens to Subjects, as plain values that can be printed as JSON.

Instants are minutes from the Monday on which a story is laid; days are counted from it, too.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

__all__ = [
    "WEEKLY",
    "CalendarSaying",
    "Fact",
    "Length",
    "PolicySaying",
    "Season",
    "Step",
    "Story",
    "TargetSaying",
    "Warn",
    "as_json",
    "in_order",
]

WEEKLY: dict[str, dict[str, list[str]]] = {
    "office": {"mon-fri": ["09:00-17:00"]},
    "lunch": {"mon-fri": ["08:30-12:00", "13:00-18:15"]},
    "always": {"mon-sun": ["00:00-24:00"]},
    "night": {"mon-sat": ["22:00-06:00"]},
    "late": {"mon-sun": ["15:00-23:00"]},
    "odd": {"tue": ["08:00-20:00"], "thu": ["08:00-20:00"], "sat": ["10:00-14:00", "12:00-16:30"]},
}
"""Opening hours by name, so that a story stays short."""


class Season(NamedTuple):
    """Other weekly hours from one day to another, both included."""

    first: int
    last: int
    weekly: str


@dataclass(frozen=True, kw_only=True)
class CalendarSaying:
    """A version of a Calendar: hours of its own, of a parent with changes, or composed of others.

    since: from when it holds; None: always. weekly: "" takes the parent's. special: windows by day.
    """

    key: str
    since: int | None = None
    zone: str = ""
    weekly: str = ""
    season: Season | None = None
    closed: tuple[int, ...] = ()
    special: tuple[tuple[int, tuple[str, ...]], ...] = ()
    parent: str = ""
    operator: str = ""
    operands: tuple[str, ...] = ()


class Length(NamedTuple):
    """How long a promise is: `minutes`, `days` of business, the n-th `day_end`, or what is `said` of it."""

    kind: str
    amount: int = 0


class Warn(NamedTuple):
    """A warning: a `share` in percent, `minutes` or business `days` before due."""

    kind: str
    amount: int


class TargetSaying(NamedTuple):
    """A Target for one priority; calendar: "" leaves the choice to the rules."""

    name: str
    priority: str
    length: Length
    calendar: str = ""
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PolicySaying:
    """What a version of the Policy says of one Metric.

    starts: event, opened, first. repeats: no, yes, chained.
    """

    since: int | None = None
    starts: str = "event"
    repeats: str = "no"
    reopen: str = "resume"
    retarget: str = "RECOUNT"
    targets: tuple[TargetSaying, ...]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """An event: says: attributes that change (None: removed; `opened` and `promised` are minutes).

    act: what is done by hand instead; to: the Target or the length promised then; span: what is excluded;
    revokes: the number of the fact that it takes back. about: the Metric that it is about; "": all.
    """

    number: int
    at: int
    kind: str = "updated"
    says: tuple[tuple[str, str | int | None], ...] = ()
    act: str = ""
    to: str | Length = ""
    span: tuple[int, int] = (0, 0)
    revokes: int = 0
    about: str = ""
    subject: str = "s"


class Step(NamedTuple):
    """What comes next in the order of arrival.

    kind: `events` (some at once, by number, maybe again), `amend` or `policy` (the next saying in order),
    `fire`, `settle` (follow the calendars and do the work that is left).
    """

    kind: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Story:
    """All that is said, and how it comes to be known.

    calendars, policies: in the order in which they are saved.
    second: what the same versions of the Policy say of its second Metric; empty: it has none.
    weeks: how many weeks before the present one the story is laid, where it is told at the real time.
    """

    calendars: tuple[CalendarSaying, ...]
    policies: tuple[PolicySaying, ...]
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...] = ()
    weeks: int = 0
    second: tuple[PolicySaying, ...] = ()

    def of(self, clock: tuple[str, str]) -> Story:
        """Leave what concerns one Clock: a Subject, and the Metric `m` or `n`."""
        subject, metric = clock
        facts = (fact for fact in self.facts if fact.subject == subject and fact.about in {"", metric})
        policies = self.policies if metric == "m" else self.second
        return replace(self, policies=policies, second=(), facts=tuple(facts))


def as_json(story: Story) -> str:
    """Print a story."""
    return json.dumps(without_blanks(asdict(story)), separators=(",", ":"))


def without_blanks(value: Any) -> Any:
    """Leave out what says nothing."""
    if isinstance(value, dict):
        return {name: without_blanks(each) for name, each in value.items() if each not in (None, "", (), [])}
    return [without_blanks(each) for each in value] if isinstance(value, (list, tuple)) else value


def in_order(facts: tuple[Fact, ...]) -> list[Fact]:
    """Put facts in the order of the log; of one instant, by number."""
    return sorted(facts, key=lambda fact: (fact.at, fact.number))
