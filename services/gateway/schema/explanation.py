"""Explanations: what a Cycle's time was made of, and receipts to recompute it by."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from clocks import contract
from gateway.schema.calendar_question import OpenReason
from gateway.schema.cycle import Cycle, Outcome, Phase
from gateway.schema.declare import object_type
from gateway.schema.failures import find
from gateway.schema.info import Info
from gateway.schema.pages import check_first
from gateway.schema.scalars import Long

__all__ = ["CycleExplanation", "CycleReceipt", "explain_cycle", "read_receipt"]


@strawberry.enum(
    description=(
        "What a piece of a Cycle is. RUNNING counts; CLOSED is time outside the Calendar's hours, which does "
        "not; nor do PAUSED and STOPPED, the time between a stop and the reopening."
    )
)
class SegmentKind(StrEnum):
    """What a piece of a Cycle is."""

    RUNNING = "running"
    CLOSED = "closed"
    PAUSED = "paused"
    STOPPED = "stopped"


@object_type
class CycleSegment:
    """A piece [start, end) of a Cycle that is all of one kind, for one reason.

    elapsed_us: what it adds to the Cycle's: its length when running, else 0.
    target: the Target that it is counted under.
    calendar_version: the version of the Calendar that holds then.
    reason: what in the Calendar opens or closes it; null where that does not matter.
    name: of the season or holiday, if it has one.
    because: what began it: started, paused, resumed, reopened, retargeted, stopped, cancelled, excluded.
    event_id: the event that made it begin.
    """

    kind: SegmentKind
    start: datetime
    end: datetime
    elapsed_us: Long
    target: str
    calendar_key: str
    calendar_version: int
    reason: OpenReason | None
    name: str | None
    because: str
    event_id: str


@object_type
class CycleRevision:
    """The numbers that a Cycle had before it was restated.

    revision: theirs; the next one took their place at `restatedAt`.
    outcome: as it was told then: a breach that nobody had noticed yet is PENDING.
    cause: what was learnt, or changed.
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


@object_type
class CycleExplanation:
    """A Cycle and a page of its segments: without gaps, from its start to its end or the instant of reading.

    total: how many segments there are in all; their `elapsedUs` sum to that of the Cycle, exactly.
    has_next: whether more follow this page.
    known_at: nothing that was recorded later is in here; null: everything is.
    revisions: what its numbers were before it was restated, oldest first, the last 100 of them.
    """

    cycle: Cycle
    segments: list[CycleSegment]
    total: int
    has_next: bool
    known_at: datetime | None
    revisions: list[CycleRevision]


@object_type
class CycleReceipt:
    """All that a Cycle follows from, and what it came to; `meantime verify` recomputes it without any server.

    document: canonical JSON, to be kept as it is: events, versions of the policy and of the Calendars, and
    the result.
    hash: SHA-256 over the document without its `hash`.
    """

    document: str
    hash: str


async def explain_cycle(
    info: Info,
    subject_id: str,
    policy_key: str,
    metric: str,
    cycle: int = 1,
    at: datetime | None = None,
    known_at: datetime | None = None,
    first: int = 200,
    after: int = 0,
) -> contract.CycleExplanation | None:
    """Explain what the time of a Cycle was made of, as it stands at an instant (null: now, or `knownAt`).

    `knownAt`: by what had been recorded then. `after`: skips so many segments. Null: there is no such Cycle.
    """
    request = contract.ExplainCycle(
        subject_id=subject_id,
        policy_key=policy_key,
        metric=metric,
        cycle=cycle,
        at=at,
        known_at=known_at,
        first=check_first(first),
        after=after,
    )
    return await find(info.context.clocks.explain_cycle(info.context.context, request))


async def read_receipt(
    info: Info,
    subject_id: str,
    policy_key: str,
    metric: str,
    cycle: int = 1,
    at: datetime | None = None,
    known_at: datetime | None = None,
) -> contract.CycleReceipt | None:
    """Give a receipt for a Cycle as it stands at an instant (null: now, or `knownAt`)."""
    request = contract.ReadReceipt(
        subject_id=subject_id, policy_key=policy_key, metric=metric, cycle=cycle, at=at, known_at=known_at
    )
    return await find(info.context.clocks.read_receipt(info.context.context, request))
