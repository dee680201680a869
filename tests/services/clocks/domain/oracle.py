"""A slow, obvious second fold: half an hour at a time, without stretches, Timelines or CEL.

It follows the README of the service. Everything lies on a grid of half hours from Monday's midnight; a
Cycle is a list of what it did in each half hour. Under RECOUNT it is counted again from that list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

SLOTS_A_DAY = 48
FAR = 4_000  # half hours; nothing in a story is due later


def office(slot: int) -> bool:
    """Monday to Friday 9 to 12 and 13 to 17."""
    day, half = divmod(slot, SLOTS_A_DAY)
    return day % 7 < 5 and (18 <= half < 24 or 26 <= half < 34)


def late(slot: int) -> bool:
    """Every day 15 to 23."""
    return 30 <= slot % SLOTS_A_DAY < 46


CALENDARS: dict[str, Callable[[int], bool]] = {"office": office, "late": late}
TARGETS = {"1": ("one", 2), "2": ("two", 8), "3": ("three", 24)}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One event of a story: when, what kind, and the whole state of the Subject from then on."""

    slot: int
    kind: str
    state: str
    priority: str
    region: str
    covered: bool
    opened: int | None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How the metric of a story is set."""

    starts_at: bool
    repeats: bool
    reopen: str
    retarget: str


@dataclass(kw_only=True)
class Run:
    """A Cycle on the grid; `did` says for each half hour since `started` the phase and what counted it."""

    number: int
    started: int
    phase: str
    target: str
    length: int
    calendar: str
    did: list[tuple[str, str]] = field(default_factory=list)
    used: int = 0
    due: int | None = None
    stands: bool = False
    stopped: int | None = None
    cancelled: int | None = None

    @property
    def open(self) -> bool:
        """Running or paused."""
        return self.phase in {"RUNNING", "PAUSED"}

    def live_through(self, slot: int) -> None:
        """Let half an hour pass."""
        if slot < self.started or self.phase == "CANCELLED":
            return
        self.did.append((self.phase, self.calendar))
        if self.phase == "RUNNING" and CALENDARS[self.calendar](slot):
            self.used += 1
            if self.used == self.length and self.due is None:
                self.due = slot + 1

    def broken_before(self, slot: int) -> bool:
        """Tell whether it was open in any half hour after due."""
        if self.due is None:
            return False
        return any(phase != "STOPPED" for phase, _ in self.did[self.due - self.started : slot - self.started])

    def retarget(self, slot: int, rule: Rule, target: str, length: int, calendar: str) -> None:
        """Come under another Target or Calendar."""
        if (target, calendar) == (self.target, self.calendar):
            return
        self.target, self.calendar = target, calendar
        if rule.retarget == "RECOUNT":
            self.length = length
            self.recount()
            return
        changes = length != self.length
        self.length = length
        self.stands = self.stands or (changes and self.broken_before(slot))
        if changes and not self.stands:
            self.due = max(slot, self.started) if self.used >= length else None

    def recount(self) -> None:
        """Count all half hours again."""
        did, self.did, self.used, self.due = self.did, [], 0, None
        phase_now = self.phase
        for slot, (phase, _) in enumerate(did, start=self.started):
            self.phase = phase
            self.live_through(slot)
        self.phase = phase_now

    def due_if_it_ran_on(self, slot: int) -> int | None:
        """Tell when it is due, if it runs on from here."""
        if self.due is not None or self.phase == "PAUSED":
            return self.due
        used = self.used
        for later in range(max(slot, self.started), FAR):
            used += CALENDARS[self.calendar](later)
            if used == self.length:
                return later + 1
        raise AssertionError("a story is due in sight")


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
    calendar: str


def tell(facts: Iterable[Fact], rule: Rule, as_of: int) -> list[Result]:
    """Live through a story, and say how its Cycles stand at an instant after its last fact."""
    runs: list[Run] = []
    waiting = list(facts)
    for slot in range(as_of + 1):
        while waiting and waiting[0].slot == slot:
            act(runs, waiting.pop(0), rule)
        if slot < as_of:
            for run in runs:
                run.live_through(slot)
    return [result(run, as_of) for run in runs]


def act(runs: list[Run], fact: Fact, rule: Rule) -> None:
    """Let one fact act on the Clock."""
    starts, stops = fact.state != "idle", fact.state == "done"
    cancels = fact.kind == "deleted"
    last = runs[-1] if runs else None
    resumes = rule.reopen == "resume" and not rule.repeats
    if cancels:
        if last and (last.open or (last.phase == "STOPPED" and resumes)):
            last.phase, last.cancelled = "CANCELLED", fact.slot
        return
    if (last is None or not last.open) and starts:
        begin(runs, fact, rule, stops=stops, resumes=resumes)
    last = runs[-1] if runs else None
    if last is None or not last.open:
        return
    target, length = TARGETS.get(fact.priority, (last.target, last.length))
    last.retarget(fact.slot, rule, target, length, calendar_of(fact, target))
    if stops:
        last.phase, last.stopped = "STOPPED", fact.slot
    else:
        last.phase = "PAUSED" if fact.state == "wait" else "RUNNING"


def begin(runs: list[Run], fact: Fact, rule: Rule, *, stops: bool, resumes: bool) -> None:
    """Open a Cycle, or let a stopped one run again, if the rules say so."""
    last = runs[-1] if runs else None
    if last and last.phase == "STOPPED":
        if stops:
            return
        if resumes:
            last.phase, last.stopped = "RUNNING", None
            return
        if not rule.repeats and rule.reopen == "ignore":
            return
    if not fact.covered or fact.priority not in TARGETS:
        return
    retroactive = last is None and rule.starts_at and fact.opened is not None
    started = fact.opened if retroactive and fact.opened is not None else fact.slot
    target, length = TARGETS[fact.priority]
    run = Run(
        number=len(runs) + 1,
        started=started,
        phase="RUNNING",
        target=target,
        length=length,
        calendar=calendar_of(fact, target),
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
    return Result(
        number=run.number,
        phase=run.phase,
        outcome="BREACHED" if broken else "PENDING" if run.stopped is None else "MET",
        started=run.started,
        due=due,
        stopped=run.stopped,
        elapsed=run.used,
        target=run.target,
        calendar=run.calendar,
    )


def in_order(facts: Sequence[Fact]) -> list[Fact]:
    """Sort a story by time; facts of one instant stay in the order in which they were written."""
    return sorted(facts, key=lambda fact: fact.slot)
