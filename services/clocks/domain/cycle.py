"""Cycles and what they are made of: the state that a fold of events leaves behind.

Everything here is a plain value that msgspec encodes. Due time, outcome and elapsed time are not stored: they
follow from the stretches and the Timelines (`due`, `reading`), so a Calendar put right needs no repair here.
Values never refer to one another in a circle, so the garbage collector leaves them out (`gc=False`): it would
walk over all of a batch again and again, at a fifth of the cost of ingest.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from clocks.domain.event import Position
from clocks.domain.policy import CalendarRule, WarningRule
from clocks.domain.term import Term

__all__ = [
    "Because",
    "Cause",
    "Clock",
    "Cycle",
    "Exclusion",
    "Hand",
    "Outcome",
    "Phase",
    "Stretch",
    "SubjectState",
    "empty_state",
]

Phase = Literal["RUNNING", "PAUSED", "STOPPED", "CANCELLED"]
Outcome = Literal["PENDING", "MET", "BREACHED"]
Because = Literal[
    "started", "paused", "resumed", "reopened", "retargeted", "stopped", "cancelled", "excluded"
]
Hand = Literal["held", "released", "ended"]


class Cause(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Why a stretch began: what happened, and the event that made it happen."""

    because: Because
    event_id: str


class Stretch(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A piece [start, end) of a Cycle in one phase, under one Target, counted on one Calendar.

    STOPPED is the time between a stop and the reopening; it is not counted.
    term: to where the promise reaches, where it is no sum of hours; `target_us` is 0 then.
    calendar_rule: which rule chose the Calendar; None: folded before that was kept, as the Cycle says.
    """

    phase: Phase
    start_us: int
    end_us: int
    target: str
    target_us: int
    calendar_key: str
    cause: Cause
    term: Term | None = None
    calendar_rule: CalendarRule | None = None


class Exclusion(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Time [start, end) that does not count, by hand: of the Clocks of one Policy and Metric, or of all."""

    start_us: int
    end_us: int
    event_id: str
    policy_key: str | None = None
    metric: str | None = None


class Cycle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One run of a Clock.

    number: from 1 within the Clock. policy_version: the version that governs it, whatever comes later.
    default_version: of the tenant's default Calendar, that governs with it; 0: the Policy names its own.
    stretches: contiguous from `started_at_us` to `since_us`, none of zero length.
    phase, since_us, cause: the open stretch; for STOPPED and CANCELLED, the end.
    stopped_at_us: the first stop since the Cycle last ran; it may lie before a start that was in the future.
    target, target_us, term, calendar_key, calendar_rule, warnings: those that hold now.
    hand: what was last done by hand and still holds: held (paused), released (runs although `pause` holds),
    ended (stopped or cancelled). waits: while held, what `pause` says. overridden: the Target is set by hand.
    exclusions: by instant; they are cut out of the stretches when those are counted, not here.
    """

    number: int
    policy_version: int
    started_at_us: int
    phase: Phase
    since_us: int
    cause: Cause
    target: str
    target_us: int
    calendar_key: str
    calendar_rule: CalendarRule
    warnings: tuple[WarningRule, ...] = ()
    stopped_at_us: int | None = None
    cancelled_at_us: int | None = None
    stretches: tuple[Stretch, ...] = ()
    term: Term | None = None
    hand: Hand | None = None
    waits: bool = False
    overridden: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    default_version: int = 0

    @property
    def open(self) -> bool:
        """Whether it is running or paused."""
        return self.phase in {"RUNNING", "PAUSED"}


class Clock(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One Metric on one Subject: its Cycles, oldest first; at most the last one is open."""

    policy_key: str
    metric: str
    cycles: tuple[Cycle, ...] = ()


class SubjectState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a fold knows of a Subject after its last event.

    attributes: those that it has. last: the place of the last event in its log; None before the first.
    created_us: of its first event that is no manual action; None also in states from before that was kept.
    clocks: in order of (policy, metric), only those with a Cycle.
    actions: ids of the events of its log that are manual actions. exclusions: those in force.
    """

    subject_id: str
    attributes: dict[str, Any] = {}
    last: Position | None = None
    events: int = 0
    created_us: int | None = None
    clocks: tuple[Clock, ...] = ()
    actions: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


def empty_state(subject_id: str) -> SubjectState:
    """Begin: a Subject of which nothing is known yet."""
    return SubjectState(subject_id=subject_id)
