"""Cycles and what they are made of: the state that a fold of events leaves behind.

Everything here is a plain value that msgspec encodes. Due time, outcome and elapsed time are not stored: they
follow from the stretches and the Timelines (`due`, `reading`), so a Calendar put right needs no repair here.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from clocks.domain.event import Position
from clocks.domain.policy import CalendarRule, WarningRule

__all__ = ["Because", "Cause", "Clock", "Cycle", "Outcome", "Phase", "Stretch", "SubjectState", "empty_state"]

Phase = Literal["RUNNING", "PAUSED", "STOPPED", "CANCELLED"]
Outcome = Literal["PENDING", "MET", "BREACHED"]
Because = Literal["started", "paused", "resumed", "reopened", "retargeted", "stopped", "cancelled"]


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """Why a stretch began: what happened, and the event that made it happen."""

    because: Because
    event_id: str


class Stretch(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A piece [start, end) of a Cycle in one phase, under one Target, counted on one Calendar.

    STOPPED is the time between a stop and the reopening; it is not counted.
    """

    phase: Phase
    start_us: int
    end_us: int
    target: str
    target_us: int
    calendar_key: str
    cause: Cause


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a Clock.

    number: from 1 within the Clock. policy_version: the version that governs it, whatever comes later.
    stretches: contiguous from `started_at_us` to `since_us`, none of zero length.
    phase, since_us, cause: the open stretch; for STOPPED and CANCELLED, the end.
    stopped_at_us: the first stop since the Cycle last ran; it may lie before a start that was in the future.
    target, target_us, calendar_key, calendar_rule, warnings: those that hold now.
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

    @property
    def open(self) -> bool:
        """Whether it is running or paused."""
        return self.phase in {"RUNNING", "PAUSED"}


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """One Metric on one Subject: its Cycles, oldest first; at most the last one is open."""

    policy_key: str
    metric: str
    cycles: tuple[Cycle, ...] = ()


class SubjectState(msgspec.Struct, frozen=True, kw_only=True):
    """What a fold knows of a Subject after its last event.

    attributes: those that it has. last: the place of the last event in its log; None before the first.
    clocks: in order of (policy, metric), only those with a Cycle.
    """

    subject_id: str
    attributes: dict[str, Any] = {}
    last: Position | None = None
    events: int = 0
    clocks: tuple[Clock, ...] = ()


def empty_state(subject_id: str) -> SubjectState:
    """Begin: a Subject of which nothing is known yet."""
    return SubjectState(subject_id=subject_id)
