"""What an amended Calendar would do to Cycles, as it crosses the door."""

from __future__ import annotations

from datetime import datetime

import msgspec

from clocks.domain.cycle import Outcome, Phase

__all__ = [
    "AttainmentShift",
    "CalendarChange",
    "CalendarChangePlan",
    "CheckCalendarPlan",
    "CheckedCalendarPlan",
    "CycleMove",
    "PlanCalendarChange",
]


class CalendarChange(msgspec.Struct, frozen=True, kw_only=True):
    """A Calendar as it would be: `blob` is what `businesstime.Timeline.to_bytes` wrote."""

    key: str
    blob: bytes


class PlanCalendarChange(msgspec.Struct, frozen=True, kw_only=True):
    """What Cycles would become if Calendars changed.

    calendars: all that would change, those made of the amended one too; at most 1,000.
    effective_from: Cycles that ended before it are left as they are.
    """

    calendars: tuple[CalendarChange, ...]
    effective_from: datetime


class CycleMove(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle whose numbers would change; moved_us: how much later it would be due, None where it is not due.

    outcome_before, outcome_after: as of the plan; BREACHED once due has passed, told or not.
    """

    subject_id: str
    policy_key: str
    metric: str
    cycle: int
    target: str
    phase: Phase
    outcome_before: Outcome
    outcome_after: Outcome
    due_before: datetime | None
    due_after: datetime | None
    moved_us: int | None


class AttainmentShift(msgspec.Struct, frozen=True, kw_only=True):
    """By how much counts of a Target would change in the quarter of an hour from `at` on.

    Every civil period begins and ends between such quarters, so shifts add up to those of any period.
    """

    policy_key: str
    metric: str
    target: str
    at: datetime
    met: int
    breached: int


class CalendarChangePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of Cycles; nothing was written.

    running: open Cycles on these Calendars; ended: those that ended at or after the change.
    moved: those that would be due at another time; earlier, later: which way, and the farthest in µs.
    breaches_gained, breaches_lost: with samples. moves: the largest ones. Samples are ten at most.
    shifts: of Cycles met and breached. token: for `check_calendar_plan`.
    """

    running: int
    ended: int
    moved: int
    earlier: int
    later: int
    farthest_earlier_us: int
    farthest_later_us: int
    moves: tuple[CycleMove, ...]
    breaches_gained: int
    gained: tuple[CycleMove, ...]
    breaches_lost: int
    lost: tuple[CycleMove, ...]
    shifts: tuple[AttainmentShift, ...]
    token: str


class CheckCalendarPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Whether what a plan rests on is still so; plan_token: of the plan."""

    plan_token: str


class CheckedCalendarPlan(msgspec.Struct, frozen=True, kw_only=True):
    """It is. The Calendars that the plan is about."""

    calendar_keys: tuple[str, ...]
