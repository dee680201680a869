"""A Cycle of the slow oracle: a list of what it did in each half hour, from which all else is counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.services.clocks.domain.grid import (
    CALENDARS,
    FAR,
    Length,
    Until,
    after_open,
    count_open,
    reaches_to,
)

Promise = tuple[str, Length]


@dataclass(kw_only=True)
class Run:
    """A Cycle on the grid; `did` says for each half hour since `started` the phase and what counted it.

    point: where a promise that is no length ends, as far as pauses have moved it. settled: the same before
    the stop in which it stands. hand: what was done by hand and still holds.
    came: the length, Calendar, due, point and standing breach with which it came to this half hour, if they
    changed in it; what held for no time never held.
    """

    number: int
    started: int
    phase: str
    target: str
    length: Length
    calendar: str
    excluded: frozenset[int] = frozenset()
    did: list[tuple[str, str]] = field(default_factory=list)
    used: int = 0
    due: int | None = None
    point: int = 0
    settled: int = 0
    stands: bool = False
    came: tuple[Length, str, int | None, int, bool] | None = None
    stopped: int | None = None
    cancelled: int | None = None
    hand: str = ""
    waits: bool = False
    overridden: bool = False

    def __post_init__(self) -> None:
        self.begin()

    @property
    def open(self) -> bool:
        """Running or paused."""
        return self.phase in {"RUNNING", "PAUSED"}

    def begin(self) -> None:
        """Stand at the starting point."""
        self.did, self.used, self.due, self.came = [], 0, None, None
        if isinstance(self.length, Until):
            self.point = reaches_to(self.length, self.started, self.calendar)
            self.due = self.point if self.point <= self.started else None

    def live_through(self, slot: int) -> None:
        """Let half an hour pass."""
        if slot < self.started or self.phase == "CANCELLED":
            return
        if self.phase == "STOPPED" and (not self.did or self.did[-1][0] != "STOPPED"):
            self.settled = self.point
        self.came = None
        self.did.append((self.phase, self.calendar))
        counts = self.phase == "RUNNING" and slot not in self.excluded
        is_open = CALENDARS[self.calendar](slot)
        self.used += counts and is_open
        if isinstance(self.length, Until):
            if is_open and not counts and self.due is None and not self.length.fixed:
                self.point = after_open(self.point, 1, self.calendar)
            if self.due is None and self.point <= slot + 1 and (counts or self.length.fixed):
                self.due = self.point
        elif counts and is_open and self.used == self.length and self.due is None:
            self.due = slot + 1

    def broken_before(self, slot: int) -> bool:
        """Tell whether it was open in any half hour after due."""
        if self.due is None:
            return False
        return any(phase != "STOPPED" for phase, _ in self.did[self.due - self.started : slot - self.started])

    def retarget(self, slot: int, promise: Promise, calendar: str, *, recount: bool) -> None:
        """Come under another promise or Calendar."""
        if promise == (self.target, self.length) and calendar == self.calendar:
            return
        if recount:
            self.target, self.length, self.calendar = *promise, calendar
            self.recount()
            return
        self.came = self.came or (self.length, self.calendar, self.due, self.point, self.stands)
        length, came_on, self.due, self.point, self.stands = self.came
        changes = promise[1] != length or (calendar != came_on and reads_calendar(length))
        self.target, self.length, self.calendar = *promise, calendar
        self.stands = self.stands or (changes and self.broken_before(slot))
        if changes and not self.stands:
            self.promise_anew(max(slot, self.started))

    def promise_anew(self, slot: int) -> None:
        """Hold what was used against the new promise."""
        if not isinstance(self.length, Until):
            self.due = slot if self.used >= self.length else None
            return
        point = reaches_to(self.length, self.started, self.calendar)
        if self.did and not self.length.fixed:
            left = count_open(self.started, point, self.calendar) - self.used
            point = after_open(slot, left, self.calendar)
        self.point = max(point, slot)
        self.due = slot if point <= slot else None

    def recount(self) -> None:
        """Count all half hours again."""
        did, phase_now = self.did, self.phase
        self.begin()
        for slot, (phase, _) in enumerate(did, start=self.started):
            self.phase = phase
            self.live_through(slot)
        self.phase = phase_now

    def due_if_it_ran_on(self, slot: int) -> int | None:
        """Tell when it is due, if it runs on from here."""
        if self.due is not None:
            return self.due
        if self.did and self.did[-1][0] == "STOPPED" and self.stopped is not None:
            self.point = self.settled
        if isinstance(self.length, Until) and self.length.fixed:
            return self.point
        if self.phase == "PAUSED":
            return None
        ahead = replace(self, phase="RUNNING", hand="")
        ahead.used, ahead.due, ahead.point = self.used, None, self.point
        return ahead.due_living_on(max(slot, self.started))

    def due_living_on(self, slot: int) -> int:
        """Live on until it is due."""
        for later in range(slot, FAR):
            self.live_through(later)
            if self.due is not None:
                return self.due
        raise AssertionError("a story is due in sight")


def reads_calendar(length: Length) -> bool:
    """Tell whether the end of a promise depends on the Calendar."""
    return isinstance(length, Until) and length.kind != "slot"
