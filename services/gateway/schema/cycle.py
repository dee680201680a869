"""Cycles: the runs of the Clocks, each read at an instant."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry
from strawberry import ID

from calendars.contract import CalendarRecord
from clocks import contract
from gateway.domain.global_id import encode_global_id
from gateway.schema.calendar import Calendar
from gateway.schema.declare import input_type, node_type, object_type, resolved
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect
from gateway.schema.policy import Policy
from gateway.schema.scalars import Long

__all__ = ["Cycle", "CycleSort", "Outcome", "Phase", "list_cycles"]


@strawberry.enum(description="Whether a Cycle counts time now, waits, or is over.")
class Phase(StrEnum):
    """What a Cycle does at the moment."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    CANCELLED = "CANCELLED"


@strawberry.enum(
    description="Whether the promise was kept. Done at the due time is MET; a microsecond later, BREACHED."
)
class Outcome(StrEnum):
    """Whether the promise was kept."""

    PENDING = "PENDING"
    MET = "MET"
    BREACHED = "BREACHED"


@strawberry.enum(
    description="The order of a list: STARTED, first started first. DUE, first due first, then what has no"
    " due time; DUE_LATEST, the reverse. REMAINING, with phase RUNNING, least time until due first; with"
    " phase PAUSED, least business time left first, then what has a fixed point; refused without either."
)
class CycleSort(StrEnum):
    """The order of a list."""

    STARTED = "STARTED"
    DUE = "DUE"
    DUE_LATEST = "DUE_LATEST"
    REMAINING = "REMAINING"


@input_type
class AttributeFilter:
    """One value of one attribute of the Subject, which a Policy names as filterable.

    value: a number or boolean is written as in JSON.
    """

    name: str
    value: str


def cycle_id(root: contract.CycleRecord) -> ID:
    """Its global id."""
    return ID(encode_global_id("Cycle", root.subject_id, root.policy_key, root.metric, root.cycle))


async def cycle_calendar(root: contract.CycleRecord, info: Info) -> CalendarRecord:
    """Read the Calendar that it counts on now."""
    return await info.context.calendar_by_key.get(root.calendar_key)


async def cycle_policy(root: contract.CycleRecord, info: Info) -> contract.PolicyRecord:
    """Read the Policy that governs it."""
    return await info.context.policy_by_key.get(root.policy_key)


@object_type
class CycleChoice:
    """What chose the Policy, the Target and the Calendar of a Cycle, as the versions that govern it say it.

    covers: the condition by which the Policy covers the Subject.
    target_when: the condition of the Target; the first whose holds is chosen.
    target_place: its place among the Targets of the Metric, from 1.
    target_by_hand: whether the promise was set by hand, whatever the condition says.
    calendar_rule: target, attribute, default (the Policy's), or tenant_default.
    calendar_attribute: whose value chose the Calendar, by the rule attribute.
    default_version: of the tenant's default Calendar, by the rule tenant_default.
    """

    covers: str
    target_when: str
    target_place: int
    target_by_hand: bool
    calendar_rule: str
    calendar_attribute: str | None
    default_version: int | None


@node_type(contract.CycleRecord)
class Cycle(Node):
    """One run of a Clock, read at an instant; durations are business time in microseconds.

    policy_version: the version in force when it started.
    metric: what is timed.
    cycle: counts from 1 within its Clock.
    target: the name of the Target that holds now.
    target_us: how much time the Target allows.
    calendar_version: the latest that the Cycle is counted on; earlier ones hold for what they governed.
    calendar_rule: which rule chose the Calendar: target, attribute, default, or tenant_default.
    choice: what chose the Policy, the Target and the Calendar.
    due_at: null while it is paused with time left.
    breached_at: the due time that passed unfulfilled, whenever that was noticed.
    elapsed_us: time used until the instant of reading.
    remaining_us: time left; below 0 once it is past due.
    ticking: whether time is being used at the instant of reading.
    next_change_at: when it next starts or stops ticking by itself, or is due.
    revision: counts the restatements.
    read_at: the instant of reading.
    excluded_until: while excluded time lasts: the phase is PAUSED then, of what is listed as RUNNING.
    """

    id: ID = resolved(cycle_id)
    subject_id: str
    policy_key: str
    policy_version: int
    policy: Policy | None = resolved(cycle_policy)
    metric: str
    cycle: int
    target: str
    target_us: Long
    calendar_key: str
    calendar_version: int
    calendar_rule: str
    calendar: Calendar | None = resolved(cycle_calendar)
    choice: CycleChoice
    phase: Phase
    outcome: Outcome
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    elapsed_us: Long
    remaining_us: Long
    ticking: bool
    next_change_at: datetime | None
    revision: int
    read_at: datetime
    excluded_until: datetime | None


async def list_cycles(
    info: Info,
    policy_key: str | None = None,
    metric: str | None = None,
    target: str | None = None,
    phase: Phase | None = None,
    outcome: Outcome | None = None,
    due_before: datetime | None = None,
    due_after: datetime | None = None,
    subject_prefix: str | None = None,
    subject_contains: str | None = None,
    attributes: list[AttributeFilter] | None = None,
    sort: CycleSort = CycleSort.STARTED,
    first: int = DEFAULT_PAGE,
    after: str | None = None,
) -> Connection[contract.CycleRecord]:
    """Cycles in the order asked for, those that match all that is given.

    `subjectPrefix`, `subjectContains`: how the Subject's id begins, and a part of it; case counts.
    """
    session = info.context
    request = contract.ListCycles(
        policy_key=policy_key,
        metric=metric,
        target=target,
        phase=value_of(phase),
        outcome=value_of(outcome),
        due_before=due_before,
        due_after=due_after,
        subject_prefix=subject_prefix,
        subject_contains=subject_contains,
        attributes={one.name: one.value for one in attributes or ()},
        sort=value_of(sort),
        first=check_first(first),
        after=after,
    )
    page = await session.clocks.list_cycles(session.context, request)
    return connect(page.cycles, page.cursors, has_next=page.has_next, after=after)


def value_of(choice: StrEnum | None) -> Any:
    """Return the literal that the contract has for a choice."""
    return None if choice is None else choice.value
