"""What-if and backtests as they cross the door: nothing of them is ever written."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from clocks.domain.backtest import Flip, TriedTarget
from clocks.domain.policy_advice import Advice
from clocks.domain.subject_door import CycleRecord

__all__ = [
    "BacktestPage",
    "BacktestPolicy",
    "FlippedCycle",
    "ImagineSubject",
    "ImaginedAction",
    "ImaginedCycle",
    "ImaginedEvent",
    "ImaginedSubject",
    "ProposedCalendar",
    "TriedTarget",
    "flipped",
]

ImaginedAction = Literal["pause", "resume", "stop", "cancel"]


class ImaginedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that did not happen; occurred_at: None: at the instant of the question."""

    type: str = "imagined"
    occurred_at: datetime | None = None
    attributes: dict[str, Any] = {}


class ImagineSubject(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a Subject if, at `at` (None: now), all of this happened, in this order.

    attributes: those that change, such as the priority; null removes one. action: what is done by hand.
    until: with a pause, when it ends; what had stopped stays so. calendar_key: open Cycles are handed to
    that Calendar, as the Metric retargets. events: what else happens.
    """

    subject_id: str
    at: datetime | None = None
    attributes: dict[str, Any] = {}
    action: ImaginedAction | None = None
    until: datetime | None = None
    calendar_key: str | None = None
    events: tuple[ImaginedEvent, ...] = ()


class ImaginedCycle(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle without and with what was imagined, read at the same instant; None: it is not there."""

    before: CycleRecord | None
    after: CycleRecord | None


class ImaginedSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A Subject with what was imagined; read_at: the last instant at which something of it happens."""

    subject_id: str
    attributes: dict[str, Any]
    read_at: datetime
    cycles: tuple[ImaginedCycle, ...]


class ProposedCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A Calendar's document in place of what it says from `effective_from` (None: always) on.

    Calendars that are made of it change with it. A key that is not there yet: a document that stands alone.
    """

    key: str
    document: dict[str, Any]
    effective_from: datetime | None = None


class BacktestPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a backtest: the events of the next Subjects folded by a policy or Calendar not in force.

    policy_key: the Policy that it is held against. document: of a policy, always in force; None: the Policy
    as it is. start, end: count Cycles met or breached in [start, end); None: at any time. at: the instant of
    all readings; give the one of the first page with the later ones. first: Subjects, at most 2,000; a page
    ends sooner where they have many events. after: the cursor of the page before.
    """

    policy_key: str
    document: dict[str, Any] | None = None
    calendar: ProposedCalendar | None = None
    start: datetime | None = None
    end: datetime | None = None
    at: datetime | None = None
    first: int = 500
    after: str | None = None


class FlippedCycle(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle with another outcome than what happened; None: there is no such Cycle."""

    subject_id: str
    metric: str
    cycle: int
    target_before: str | None
    target_after: str | None
    outcome_before: str | None
    outcome_after: str | None
    due_before: datetime | None
    due_after: datetime | None


class BacktestPage(msgspec.Struct, frozen=True, kw_only=True):
    """What a page adds: counts by Metric and Target, to be summed over the pages.

    subjects, events: folded in this page. total_subjects: on the first page, how many there are in all.
    before: as it happened, after: as it would have. cursor: for the next page; None: this was the last.
    advice: on the first page, what in the request has no effect.
    """

    at: datetime
    subjects: int
    events: int
    total_subjects: int | None
    before: tuple[TriedTarget, ...]
    after: tuple[TriedTarget, ...]
    flips: tuple[FlippedCycle, ...]
    cursor: str | None
    advice: tuple[Advice, ...] = ()


def flipped(flip: Flip) -> FlippedCycle:
    """Write a flip down."""
    before, after = flip.before, flip.after
    return FlippedCycle(
        subject_id=flip.subject_id,
        metric=flip.metric,
        cycle=flip.cycle,
        target_before=None if before is None else before.target,
        target_after=None if after is None else after.target,
        outcome_before=None if before is None else before.outcome,
        outcome_after=None if after is None else after.outcome,
        due_before=None if before is None else before.due_at,
        due_after=None if after is None else after.due_at,
    )
