"""Subjects and Cycles as they cross the door, read at an instant, by what is known now or was known then."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from clocks.domain.cycle import Outcome, Phase
from clocks.domain.uncounted import Why

__all__ = [
    "CycleChoice",
    "CycleRecord",
    "CycleSort",
    "ReadCycle",
    "ReadSubject",
    "ReadUncounted",
    "SubjectRecord",
    "UncountedMetric",
    "UncountedMetrics",
]

CycleSort = Literal["STARTED", "DUE", "DUE_LATEST", "REMAINING"]


class CycleChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What chose the Policy, the Target and the Calendar of a Cycle, as the versions that govern it say it.

    covers: the condition by which the Policy covers the Subject. target_when: that of the Target;
    target_place: its place among those of the Metric, from 1. target_by_hand: it was set by hand instead.
    calendar_rule: target, attribute, default (the Policy's) or tenant_default. calendar_attribute: whose
    value chose the Calendar; None by another rule. default_version: of the tenant's default, by that rule.
    """

    covers: str
    target_when: str
    target_place: int
    target_by_hand: bool
    calendar_rule: str
    calendar_attribute: str | None
    default_version: int | None


class CycleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One Cycle read at the instant `read_at`; elapsed and remaining are business time in microseconds.

    due_at: None while paused with time left; a warning or breach cannot come before it resumes.
    calendar_rule: which rule chose the Calendar: see `choice`, where the others stand.
    excluded_until: while excluded time lasts: `phase` is PAUSED then, of what is RUNNING by the log.
    """

    subject_id: str
    policy_key: str
    policy_version: int
    metric: str
    cycle: int
    target: str
    target_us: int
    calendar_key: str
    calendar_version: int
    calendar_rule: str
    phase: Phase
    outcome: Outcome
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    elapsed_us: int
    remaining_us: int
    ticking: bool
    next_change_at: datetime | None
    revision: int
    read_at: datetime
    choice: CycleChoice
    excluded_until: datetime | None = None


class ReadCycle(msgspec.Struct, frozen=True, kw_only=True):
    """One Cycle, read at `at`; None: now."""

    subject_id: str
    policy_key: str
    metric: str
    cycle: int
    at: datetime | None = None


class ReadSubject(msgspec.Struct, frozen=True, kw_only=True):
    """One Subject with its Cycles, read at `at` (None: now, or `known_at`).

    known_at: by the events, policies and Calendars that had been recorded then; None: by all, as restated.
    """

    subject_id: str
    at: datetime | None = None
    known_at: datetime | None = None


class SubjectRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A Subject's attributes after its last event, and its Cycles in order of policy, metric and number.

    known_at: as asked for; nothing that was recorded later is in here.
    """

    subject_id: str
    attributes: dict[str, Any]
    last_event_at: datetime
    events: int
    cycles: tuple[CycleRecord, ...]
    known_at: datetime | None = None


class ReadUncounted(msgspec.Struct, frozen=True, kw_only=True):
    """The Metrics that do not count for a Subject; known_at: as ReadSubject."""

    subject_id: str
    known_at: datetime | None = None


class UncountedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A Metric whose start held at an event that opened no Cycle, nor has one opened since.

    why: target_missing: no Target's `when` held; term_unreadable: that of `target` did, which is due at what
    `attribute` holds, and that is no instant and no date. message: the same for people.
    """

    policy_key: str
    policy_version: int
    metric: str
    event_id: str
    occurred_at: datetime
    why: Why
    target: str | None
    attribute: str | None
    message: str


class UncountedMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """In order of policy and metric."""

    metrics: tuple[UncountedMetric, ...]
