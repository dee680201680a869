"""Explanations and receipts as they cross the door."""

from __future__ import annotations

from datetime import datetime

import msgspec

from clocks.domain.cycle import Because, Outcome, Phase
from clocks.domain.explain import Reason, SegmentKind
from clocks.domain.subject_door import CycleRecord

__all__ = [
    "CycleExplanation",
    "CycleReceipt",
    "ExplainCycle",
    "ReadReceipt",
    "RevisionRecord",
    "SegmentRecord",
]


class ExplainCycle(msgspec.Struct, frozen=True, kw_only=True):
    """One Cycle as it stands at `at` (None: now, or `known_at`), cut into segments.

    known_at: by what had been recorded then. first: how many segments, at most 1,000. after: skip so many.
    """

    subject_id: str
    policy_key: str
    metric: str
    cycle: int = 1
    at: datetime | None = None
    known_at: datetime | None = None
    first: int = 200
    after: int = 0


class SegmentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A piece [start, end) of a Cycle that is all of one kind, for one reason.

    kind: running counts; closed is such time outside the Calendar's hours; paused and stopped do not count.
    elapsed_us: its length when running, else 0. because, event_id: why it began to run, pause or stop.
    reason, name: what in the Calendar says so; None where it was not asked. calendar_version: it holds then.
    """

    kind: SegmentKind
    start: datetime
    end: datetime
    elapsed_us: int
    target: str
    calendar_key: str
    calendar_version: int
    reason: Reason | None
    name: str | None
    because: Because
    event_id: str


class RevisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that a Cycle had before it was restated.

    revision: theirs; the next one took their place at `restated_at`. cause: what was learnt, or changed.
    outcome: as it was told then: a Breach that nobody had noticed yet is PENDING.
    """

    revision: int
    policy_version: int
    target: str
    calendar_key: str
    calendar_version: int
    phase: Phase
    outcome: Outcome
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    cause: str
    restated_at: datetime


class CycleExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle and a page of its segments, without gaps from its start on.

    total: how many there are in all; the `elapsed_us` of all of them sum to that of the Cycle.
    revisions: what its numbers were before it was restated, oldest first, the last 100 of them.
    """

    cycle: CycleRecord
    segments: tuple[SegmentRecord, ...]
    total: int
    has_next: bool
    known_at: datetime | None
    revisions: tuple[RevisionRecord, ...] = ()


class ReadReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt for one Cycle as it stands at `at`; else as ExplainCycle."""

    subject_id: str
    policy_key: str
    metric: str
    cycle: int = 1
    at: datetime | None = None
    known_at: datetime | None = None


class CycleReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """All that a Cycle follows from, and what it came to, to be recomputed by whoever doubts it.

    document: canonical JSON; keep it as it is. hash: SHA-256, which stands in the document, too.
    """

    document: str
    hash: str
