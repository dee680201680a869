"""A slow, obvious second fold: half an hour at a time, without stretches, Timelines or CEL.

It follows the README of the service. Everything lies on a grid of half hours from Monday's midnight; a
Cycle is a list of what it did in each half hour. Under RECOUNT it is counted again from that list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.services.clocks.domain.grid import (
    Length,
    Until,
    count_open,
    reaches_to,
)
from tests.services.clocks.domain.run import Promise, Run

TARGETS: dict[str, tuple[str, Length]] = {
    "1": ("one", 2),
    "2": ("two", 8),
    "3": ("three", 24),
    "4": ("four", Until("days", 2)),
    "5": ("five", Until("day_end", 1)),
    "6": ("six", Until("day_end", 0)),
    "7": ("seven", Until("slot", 0)),
}
NAMED = {name: (name, length) for name, length in TARGETS.values()}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One event of a story: when, what kind, and the whole state of the Subject from then on.

    act: what is done by hand; the rest then says nothing. to: the Target, or a length, that it promises.
    span: the half hours that it excludes. revokes: the place in the story of the fact that it takes back.
    """

    slot: int
    kind: str = "updated"
    state: str = "idle"
    priority: str = "none"
    region: str = "west"
    covered: bool = True
    opened: int | None = None
    promised: int | None = None
    act: str = ""
    to: str | Length = ""
    span: tuple[int, int] = (0, 0)
    revokes: int = 0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How the metric of a story is set."""

    starts_at: bool
    repeats: bool
    reopen: str
    retarget: str
    chained: bool = False

    @property
    def chains(self) -> bool:
        """Whether the stop of one Cycle starts the next."""
        return self.repeats and self.chained

    @property
    def resumes(self) -> bool:
        """Whether a start lets a stopped Cycle run again."""
        return self.reopen == "resume" and not self.repeats


@dataclass(frozen=True, kw_only=True)
class Result:
    """What is compared."""

    number: int
    phase: str
    outcome: str
    started: int
    due: int | None
    stopped: int | None
    elapsed: int
    target: str
    worth: int
    calendar: str


def tell(facts: Iterable[Fact], rule: Rule, as_of: int) -> list[Result]:
    """Live through a story, and say how its Cycles stand at an instant after its last fact."""
    runs: list[Run] = []
    waiting = standing(list(facts))
    excluded = frozenset(
        slot for fact in waiting if fact.act == "exclude" for slot in range(fact.span[0], fact.span[1])
    )
    said = Fact(slot=0)
    for slot in range(as_of + 1):
        while waiting and waiting[0].slot == slot:
            fact = waiting.pop(0)
            if fact.act:
                do(runs, fact, rule, said)
            else:
                said = fact
                act(runs, fact, rule, excluded)
        if slot < as_of:
            for run in runs:
                run.live_through(slot)
    return [result(run, as_of) for run in runs]


def standing(facts: list[Fact]) -> list[Fact]:
    """Leave out what is taken back; the last word first, so that a revocation may be revoked."""
    left = dict(enumerate(facts))
    for place in reversed(range(len(facts))):
        fact = left.get(place)
        if fact is not None and fact.act == "revoke" and fact.revokes < place and facts[fact.revokes].act:
            left.pop(fact.revokes, None)
    return [left[place] for place in sorted(left)]


def do(runs: list[Run], fact: Fact, rule: Rule, said: Fact) -> None:
    """Let a manual action act on the last Cycle."""
    if not runs or runs[-1].phase == "CANCELLED":
        return
    run = runs[-1]
    if fact.act == "pause" and run.open and run.hand != "held":
        run.waits = run.phase == "PAUSED" or run.hand == "released"
        run.phase, run.hand = "PAUSED", "held"
    elif fact.act == "resume" and run.phase == "STOPPED" and run.hand == "ended":
        run.phase, run.stopped, run.hand = "RUNNING", None, ""
    elif fact.act == "resume" and run.phase == "PAUSED":
        run.hand = "released" if run.waits or run.hand != "held" else ""
        run.phase, run.waits = "RUNNING", False
    elif fact.act == "stop" and run.open:
        run.phase, run.stopped, run.hand, run.waits = "STOPPED", fact.slot, "ended", False
    elif fact.act == "cancel":
        run.phase, run.cancelled, run.hand, run.waits = "CANCELLED", fact.slot, "ended", False
    elif fact.act == "override":
        override(run, fact.to, fact.slot, rule, said)


def override(run: Run, to: str | Length, slot: int, rule: Rule, said: Fact) -> None:
    """Promise something else, by the name of a Target or as a length; what cannot be changes nothing."""
    promise = NAMED.get(to) if isinstance(to, str) else (run.target, to)
    if to == "seven":
        promise = None if said.promised is None else ("seven", Until("slot", said.promised))
    if promise is None:
        return
    run.overridden = True
    recount = rule.retarget == "RECOUNT" or not run.open
    run.retarget(slot, promise, calendar_of(said, promise[0]), recount=recount)


def act(runs: list[Run], fact: Fact, rule: Rule, excluded: frozenset[int]) -> None:
    """Let one fact act on the Clock."""
    starts, stops = fact.state != "idle", fact.state == "done"
    last = runs[-1] if runs else None
    goes_on = last is not None and (last.open or (last.phase == "STOPPED" and rule.resumes))
    if fact.kind == "deleted" and last and goes_on:
        last.phase, last.cancelled, last.hand, last.waits = "CANCELLED", fact.slot, "", False
        return
    if last and last.hand == "ended" and not rule.repeats:
        last.hand = "" if stops else last.hand
        return
    if fact.kind == "deleted":
        return
    opens = starts and (last is None or not last.open)
    if opens:
        begin(runs, fact, rule, excluded, stops=stops and not rule.chains)
    go_on(runs, fact, rule, stops=stops and not (opens and rule.chains))
    if starts and stops and not opens and rule.chains:
        begin(runs, fact, rule, excluded, stops=False)
        go_on(runs, fact, rule, stops=False)


def go_on(runs: list[Run], fact: Fact, rule: Rule, *, stops: bool) -> None:
    """Let an open Cycle come under what holds now, and stop or pause it."""
    last = runs[-1] if runs else None
    if last is None or not last.open:
        return
    promise = promised(fact) or (last.target, last.length)
    promise = (last.target, last.length) if last.overridden else promise
    last.retarget(fact.slot, promise, calendar_of(fact, promise[0]), recount=rule.retarget == "RECOUNT")
    stop_or_pause(last, fact, stops=stops)


def stop_or_pause(run: Run, fact: Fact, *, stops: bool) -> None:
    """Stop, or let the state decide whether it runs."""
    waits = fact.state == "wait"
    if stops:
        run.phase, run.stopped, run.hand, run.waits = "STOPPED", fact.slot, "", False
    elif run.hand == "held":
        run.waits = waits
    elif run.hand == "released":
        run.hand = "released" if waits else ""
    else:
        run.phase = "PAUSED" if waits else "RUNNING"


def promised(fact: Fact) -> Promise | None:
    """Choose the Target; None where none holds, or where its date is not said."""
    promise = TARGETS.get(fact.priority)
    if promise is None or promise[0] != "seven":
        return promise
    return None if fact.promised is None else ("seven", Until("slot", fact.promised))


def begin(runs: list[Run], fact: Fact, rule: Rule, excluded: frozenset[int], *, stops: bool) -> None:
    """Open a Cycle, or let a stopped one run again, if the rules say so."""
    last = runs[-1] if runs else None
    if last and last.phase == "STOPPED":
        if stops:
            return
        if rule.resumes:
            last.phase, last.stopped = "RUNNING", None
            return
        if not rule.repeats and rule.reopen == "ignore":
            return
    promise = promised(fact)
    if not fact.covered or promise is None:
        return
    retroactive = last is None and rule.starts_at and fact.opened is not None
    started = fact.opened if retroactive and fact.opened is not None else fact.slot
    run = Run(
        number=len(runs) + 1,
        started=started,
        phase="RUNNING",
        target=promise[0],
        length=promise[1],
        calendar=calendar_of(fact, promise[0]),
        excluded=excluded,
    )
    for slot in range(started, fact.slot):
        run.live_through(slot)
    runs.append(run)


def calendar_of(fact: Fact, target: str) -> str:
    """Choose by Target, region, default."""
    if target == "two":
        return "late"
    return {"east": "late"}.get(fact.region, "office")


def result(run: Run, as_of: int) -> Result:
    """Read a Cycle."""
    end = run.stopped if run.stopped is not None else run.cancelled
    due = run.due_if_it_ran_on(as_of if end is None else end)
    broken = due is not None and due < (as_of if end is None else end)
    hidden = run.phase == "RUNNING" and max(as_of, run.started) in run.excluded
    worth = run.length
    if isinstance(worth, Until):
        worth = count_open(run.started, reaches_to(worth, run.started, run.calendar), run.calendar)
    return Result(
        number=run.number,
        phase="PAUSED" if hidden else run.phase,
        outcome="BREACHED" if broken else "PENDING" if run.stopped is None else "MET",
        started=run.started,
        due=due,
        stopped=run.stopped,
        elapsed=run.used,
        target=run.target,
        worth=worth,
        calendar=run.calendar,
    )


def in_order(facts: Sequence[Fact]) -> list[Fact]:
    """Sort a story by time; facts of one instant stay in the order in which they were written."""
    return sorted(facts, key=lambda fact: fact.slot)
