"""The slow oracle of stories: what a Subject's Cycles are and what they owe, by the README of the service.

It lives through the log fact by fact, and counts every Cycle from its start each time it is asked. No code is
shared with the project: neither the fold, nor Timelines, nor CEL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypedDict

from tests.scenarios.story import Fact, Length, PolicySaying, Story, TargetSaying, Warn, in_order
from tests.scenarios.story_hours import MINUTE_US, Hours, hours_of_all, monday_us
from tests.scenarios.story_run import Promise, Run
from tests.scenarios.story_warnings import warned

__all__ = ["REGIONS", "Seen", "lived", "owed", "place_of", "see"]

REGIONS = {"east": "other", "north": "child", "south": "mix"}
DEFAULT = "base"
Says = dict[str, str | int | None]


class Seen(NamedTuple):
    """What is compared of a Cycle at an instant."""

    number: int
    version: int
    phase: str
    outcome: str
    started: int
    due: int | None
    stopped: int | None
    used: int
    left: int
    target: str
    worth: int
    calendar: str
    chosen_by: str
    ticking: bool


@dataclass(kw_only=True)
class Telling:
    """A story on its way."""

    monday: int
    policies: Sequence[PolicySaying]
    hours: Mapping[str, Hours]
    excluded: Sequence[tuple[int, int]]
    created: int
    runs: list[Run]
    says: Says

    def us(self, minute: int) -> int:
        """Say the instant of a minute."""
        return self.monday + minute * MINUTE_US

    def in_force(self, at: int) -> PolicySaying | None:
        """Find the version of the Policy that took effect last."""
        found = [
            (saying.since is not None, saying.since or 0, number)
            for number, saying in enumerate(self.policies)
            if saying.since is None or saying.since <= at
        ]
        return self.policies[max(found)[2]] if found else None

    def promise(self, rule: PolicySaying, name: str = "") -> Promise | None:
        """Choose the Target by priority, or by name; None where there is none, or it has no end."""
        for target in rule.targets:
            if target.name == name or (not name and target.priority == self.says.get("priority")):
                length = self.length_of(target)
                return (
                    None
                    if length is None
                    else Promise(target.name, length, warnings=target.warnings, **self.calendar_of(target))
                )
        return None

    def length_of(self, target: TargetSaying) -> Length | None:
        """Read what is said of a Target's end."""
        if target.length.kind != "said":
            return target.length
        said = self.says.get("promised")
        if isinstance(said, str):
            return Length("date", int(said.removeprefix("day ")))
        return None if said is None else Length("instant", self.us(said))

    def calendar_of(self, target: TargetSaying) -> Chosen:
        """Choose by Target, region, default."""
        if target.calendar:
            return {"calendar": target.calendar, "chosen_by": "target"}
        region = str(self.says.get("region"))
        if region in REGIONS:
            return {"calendar": REGIONS[region], "chosen_by": "attribute"}
        return {"calendar": DEFAULT, "chosen_by": "default"}


class Chosen(TypedDict):
    """A Calendar, and the rule by which it was chosen."""

    calendar: str
    chosen_by: str


def lived(
    story: Story,
    monday: date,
    *,
    hours: Mapping[str, Hours] | None = None,
    until: tuple[int, int] | None = None,
) -> list[Run]:
    """Live through the story of one Clock; give its Cycles.

    hours: the Calendars, where they are not those of the story. until: the place of the last fact to be lived
    through (minute, number); what is taken back later never was, nevertheless.
    """
    log = [fact for fact in standing(in_order(story.facts)) if until is None or place_of(fact) <= until]
    start = monday_us(monday)
    telling = Telling(
        monday=start,
        policies=story.policies,
        hours=hours_of_all(story.calendars, monday) if hours is None else hours,
        excluded=[
            (start + fact.span[0] * MINUTE_US, start + fact.span[1] * MINUTE_US)
            for fact in log
            if fact.act == "exclude"
        ],
        created=next((fact.at for fact in log if not fact.act), 0),
        runs=[],
        says={},
    )
    for fact in log:
        if fact.act:
            do(telling, fact)
        else:
            telling.says = {**telling.says, **dict(fact.says)}
            act(telling, fact)
    return telling.runs


def standing(log: Sequence[Fact]) -> list[Fact]:
    """Leave out what is taken back; the last word first, so that a revocation may be revoked."""
    left = list(log)
    for fact in reversed(log):
        if fact.act == "revoke" and fact in left:
            before = log[: log.index(fact)]
            left = [
                each for each in left if not (each.act and each in before and each.number == fact.revokes)
            ]
    return left


def place_of(fact: Fact) -> tuple[int, int]:
    """Say where a fact stands in the log."""
    return fact.at, fact.number


def do(telling: Telling, fact: Fact) -> None:
    """Let a manual action act on the last Cycle."""
    if not telling.runs or telling.runs[-1].phase == "CANCELLED":
        return
    run, at = telling.runs[-1], telling.us(fact.at)
    if fact.act == "pause" and run.open and run.hand != "held":
        run.waits = run.phase == "PAUSED" or run.hand == "released"
        run.hand = "held"
        run.turn(at, "PAUSED")
    elif fact.act == "resume" and run.phase == "STOPPED" and (fact.about or run.hand == "ended"):
        run.turn(at, "RUNNING")
        run.stopped, run.hand = None, ""
    elif fact.act == "resume" and run.phase == "PAUSED":
        run.hand = "released" if run.waits or run.hand != "held" else ""
        run.waits = False
        run.turn(at, "RUNNING")
    elif fact.act == "stop" and run.open:
        run.turn(at, "STOPPED")
        run.stopped, run.hand, run.waits = at, "ended", False
    elif fact.act == "cancel":
        run.turn(at, "CANCELLED")
        run.cancelled, run.hand, run.waits = at, "ended", False
    elif fact.act == "override":
        override(telling, run, fact)


def override(telling: Telling, run: Run, fact: Fact) -> None:
    """Promise something else, by the name of a Target or as a length; what cannot be changes nothing."""
    promise = telling.promise(run.rule, fact.to) if isinstance(fact.to, str) else None
    if isinstance(fact.to, Length):
        target = next(target for target in run.rule.targets if target.name == run.promise.target)
        promise = Promise(
            target.name, fact.to, warnings=fitting(target, fact.to), **telling.calendar_of(target)
        )
    if promise is not None:
        run.overridden = True
        recount = run.rule.retarget == "RECOUNT" or not run.open
        run.retarget(telling.us(fact.at), promise, recount=recount)


def fitting(target: TargetSaying, length: Length) -> tuple[Warn, ...]:
    """Keep the warnings that lie inside another length."""
    kept = [warn for warn in target.warnings if warn.kind != "days"]
    if length.kind == "minutes":
        kept = [warn for warn in kept if warn.kind == "share" or warn.amount < length.amount]
    return tuple(kept)


def act(telling: Telling, fact: Fact) -> None:
    """Let a fact act on the Clock."""
    state, at = telling.says.get("state"), telling.us(fact.at)
    starts, stops = state in {"work", "wait", "done"}, state == "done"
    last = telling.runs[-1] if telling.runs else None
    resumes = last is not None and last.rule.reopen == "resume" and last.rule.repeats == "no"
    if fact.kind == "deleted" and last and (last.open or (last.phase == "STOPPED" and resumes)):
        last.turn(at, "CANCELLED")
        last.cancelled, last.hand, last.waits = at, "", False
        return
    if last and last.hand == "ended" and last.rule.repeats == "no":
        last.hand = "" if stops else last.hand
        return
    if fact.kind == "deleted":
        return
    was_open = last is not None and last.open
    if last and last.phase == "STOPPED" and resumes:
        if not starts or stops:
            return
        last.turn(at, "RUNNING")
        last.stopped = None
        go_on(telling, last, at, stops=False)
    elif last and last.open:
        go_on(telling, last, at, stops=stops)
    if starts and (not was_open or (last and last.phase == "STOPPED" and last.rule.repeats == "chained")):
        begin(telling, fact, stops=stops)


def begin(telling: Telling, fact: Fact, *, stops: bool) -> None:
    """Open the next Cycle, if the rules say so."""
    last = telling.runs[-1] if telling.runs else None
    if last and (
        last.open or (last.phase == "STOPPED" and last.rule.repeats == "no" and last.rule.reopen != "new")
    ):
        return
    rule = telling.in_force(fact.at)
    if rule is None or telling.says.get("covered") != "yes":
        return
    stops = stops and rule.repeats != "chained"
    promise = telling.promise(rule)
    if promise is None or (stops and last and last.phase == "STOPPED"):
        return
    started = fact.at if last else starting_point(telling, rule, fact)
    run = Run(
        number=len(telling.runs) + 1,
        rule=rule,
        started=telling.us(started),
        promise=promise,
        hours=telling.hours,
        excluded=telling.excluded,
    )
    telling.runs.append(run)
    stop_or_pause(telling, run, telling.us(fact.at), stops=stops)


def starting_point(telling: Telling, rule: PolicySaying, fact: Fact) -> int:
    """Tell from which minute a first Cycle counts."""
    opened = telling.says.get("opened")
    if rule.starts == "opened" and isinstance(opened, int):
        return opened
    return telling.created if rule.starts == "first" else fact.at


def go_on(telling: Telling, run: Run, at: int, *, stops: bool) -> None:
    """Let an open Cycle come under what holds now, and stop or pause it."""
    promise = None if run.overridden else telling.promise(run.rule)
    if promise is None:
        target = next(target for target in run.rule.targets if target.name == run.promise.target)
        promise = run.promise._replace(**telling.calendar_of(target))
    run.retarget(at, promise, recount=run.rule.retarget == "RECOUNT")
    stop_or_pause(telling, run, at, stops=stops)


def stop_or_pause(telling: Telling, run: Run, at: int, *, stops: bool) -> None:
    """Stop, or let the state decide whether it runs."""
    waits = telling.says.get("state") == "wait"
    if stops:
        run.turn(at, "STOPPED")
        run.stopped, run.hand, run.waits = at, "", False
    elif run.hand == "held":
        run.waits = waits
    elif run.hand == "released":
        run.hand = "released" if waits else ""
    elif waits != (run.phase == "PAUSED"):
        run.turn(at, "PAUSED" if waits else "RUNNING")


def see(run: Run, at: int, policies: Sequence[PolicySaying]) -> Seen:
    """Read a Cycle at an instant."""
    run = run.seen(at)
    due, ended, worth, used = run.due(at), run.ended, run.worth(), run.used(at)
    broken = due is not None and due < (at if ended is None else ended)
    hours = run.hours[run.promise.calendar]
    left = worth - used
    if run.promise.fixed and due is not None:
        left = hours.count(max(at if ended is None else min(at, ended), run.started), due)
    hidden = run.phase == "RUNNING" and run.is_excluded(max(at, run.started))
    return Seen(
        number=run.number,
        version=policies.index(run.rule) + 1,
        phase="PAUSED" if hidden else run.phase,
        outcome="BREACHED" if broken else "PENDING" if run.stopped is None else "MET",
        started=run.started,
        due=due,
        stopped=run.stopped,
        used=used,
        left=left,
        target=run.promise.target,
        worth=worth,
        calendar=run.promise.calendar,
        chosen_by=run.promise.chosen_by,
        ticking=run.phase == "RUNNING" and not hidden and at >= run.started and hours.is_open(at),
    )


def owed(run: Run) -> list[tuple[int, str]]:
    """List what a Cycle owes if no event comes: warnings and the breach, by time."""
    due, ended = run.due(0), run.ended
    found = [
        (at, f"{run.promise.target}:{label}")
        for label, at in warned(run, due)
        if (ended is None or at < ended) and (due is None or at < due)
    ]
    if due is not None and (ended is None or due < ended):
        found.append((due, "breach"))
    return sorted(found)
