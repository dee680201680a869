"""The door of the clocks service: what others may ask, and the shapes that cross."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec

from clocks.domain.action_door import ActionReceipt, ActOnClock
from clocks.domain.amendment_door import (
    AttainmentShift,
    CalendarChange,
    CalendarChangePlan,
    CheckCalendarPlan,
    CheckedCalendarPlan,
    CycleMove,
    PlanCalendarChange,
)
from clocks.domain.cycle import Outcome, Phase
from clocks.domain.explanation_door import (
    CycleExplanation,
    CycleReceipt,
    ExplainCycle,
    ReadReceipt,
    RevisionRecord,
    SegmentRecord,
)
from clocks.domain.measurement_door import (
    MeasuredPart,
    MeasuredValue,
    MeasurementList,
    MeasurementRecord,
    MeasurePeriods,
)
from clocks.domain.policy_advice import Advice
from clocks.domain.policy_door import (
    DefaultCalendarRecord,
    DefaultCalendarVersionRecord,
    ListPolicies,
    PolicyPage,
    PolicyRecord,
    PolicyVersionRecord,
    ReadDefaultCalendar,
    ReadPolicy,
    SavedPolicy,
    SavePolicy,
    SetDefaultCalendar,
)
from clocks.domain.subject_door import (
    CycleChoice,
    CycleRecord,
    CycleSort,
    ReadCycle,
    ReadSubject,
    ReadUncounted,
    SubjectRecord,
    UncountedMetric,
    UncountedMetrics,
)
from clocks.domain.trial_door import (
    BacktestPage,
    BacktestPolicy,
    FlippedCycle,
    ImaginedCycle,
    ImaginedEvent,
    ImaginedSubject,
    ImagineSubject,
    ProposedCalendar,
    TriedTarget,
)
from serving.context import RequestContext

__all__ = [
    "ActOnClock",
    "ActionReceipt",
    "Advice",
    "AttainmentRecord",
    "AttainmentShift",
    "BacktestPage",
    "BacktestPolicy",
    "CalendarChange",
    "CalendarChangePlan",
    "CheckCalendarPlan",
    "CheckedCalendarPlan",
    "Clocks",
    "CycleChoice",
    "CycleExplanation",
    "CycleMove",
    "CyclePage",
    "CycleReceipt",
    "CycleRecord",
    "CycleSort",
    "DefaultCalendarRecord",
    "DefaultCalendarVersionRecord",
    "EventRecord",
    "ExplainCycle",
    "FlippedCycle",
    "ImagineSubject",
    "ImaginedCycle",
    "ImaginedEvent",
    "ImaginedSubject",
    "IngestEvents",
    "IngestReceipt",
    "ListCycles",
    "ListPolicies",
    "MeasureAttainment",
    "MeasurePeriods",
    "MeasuredPart",
    "MeasuredValue",
    "MeasurementList",
    "MeasurementRecord",
    "Outcome",
    "Phase",
    "PlanCalendarChange",
    "PolicyPage",
    "PolicyRecord",
    "PolicyVersionRecord",
    "ProposedCalendar",
    "ReadCycle",
    "ReadDefaultCalendar",
    "ReadPolicy",
    "ReadReceipt",
    "ReadSubject",
    "ReadUncounted",
    "RefusedEvent",
    "RevisionRecord",
    "SavePolicy",
    "SavedPolicy",
    "SegmentRecord",
    "SetDefaultCalendar",
    "SubjectRecord",
    "TargetAttainment",
    "TriedTarget",
    "UncountedMetric",
    "UncountedMetrics",
]


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about a Subject; `event_id` is unique in the tenant.

    attributes: the attributes that changed, by name; null removes one. Values are JSON scalars.
    """

    event_id: str
    subject_id: str
    occurred_at: datetime
    type: str
    sequence: int = 0
    attributes: dict[str, Any] = {}


class IngestEvents(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of at most 1,000 events, in any order."""

    events: tuple[EventRecord, ...]


class RefusedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was not taken, by its place in the batch, and why. The others of the batch were."""

    index: int
    event_id: str
    code: str
    field: str | None
    message: str


class IngestReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch: accepted + duplicates + refused = events sent."""

    accepted: int
    duplicates: int
    refused: tuple[RefusedEvent, ...]


class ListCycles(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Cycles, those that match all that is given; None filters nothing.

    attributes: values of the Subject's attributes by name; filterable ones, see policies.
    due_after: due then or later. subject_prefix: how the Subject's id begins; subject_contains: a part of it.
    sort: STARTED, first started first. DUE, first due first, then what has no due time; DUE_LATEST, the
    reverse. REMAINING, with phase RUNNING least time until due first, with PAUSED least business time left
    first, and with no other. Then by the key.
    after: the cursor of a page's end, opaque to the caller; only for the same question.
    """

    policy_key: str | None = None
    metric: str | None = None
    target: str | None = None
    phase: Phase | None = None
    outcome: Outcome | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    subject_prefix: str | None = None
    subject_contains: str | None = None
    attributes: dict[str, str] = {}
    sort: CycleSort = "STARTED"
    first: int = 50
    after: str | None = None


class CyclePage(msgspec.Struct, frozen=True, kw_only=True):
    """Cycles with a cursor each, at the same place in both tuples."""

    cycles: tuple[CycleRecord, ...]
    cursors: tuple[str, ...]
    has_next: bool


class MeasureAttainment(msgspec.Struct, frozen=True, kw_only=True):
    """Cycles met of Cycles due or done in [start, end): met counts at stopped_at, breached at due_at."""

    policy_key: str
    metric: str
    start: datetime
    end: datetime
    target: str | None = None


class TargetAttainment(msgspec.Struct, frozen=True, kw_only=True):
    """One Target's share: met of met + breached."""

    target: str
    met: int
    breached: int


class AttainmentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The ratio met / (met + breached) as its two integers, and the same by Target in order of name.

    evidence_hash: SHA-256 over the Cycles counted (subject, cycle, outcome, instant, revision), in order of
    instant, and what they come to by Target.
    pending: Cycles open at `end` that are neither, which the ratio leaves out.
    """

    met: int
    breached: int
    pending: int
    by_target: tuple[TargetAttainment, ...]
    evidence_hash: str


class Clocks(Protocol):
    """What the clocks service answers. Every call may raise a Problem (see serving.problems)."""

    async def save_policy(self, context: RequestContext, request: SavePolicy) -> SavedPolicy:
        """Save a version. Scope: policies. Codes: version_conflict, and those of the document."""
        ...

    async def read_policy(self, context: RequestContext, request: ReadPolicy) -> PolicyRecord:
        """Read one. Scope: read. Codes: policy_unknown."""
        ...

    async def list_policies(self, context: RequestContext, request: ListPolicies) -> PolicyPage:
        """Read a page. Scope: read. Codes: page_too_large."""
        ...

    async def set_default_calendar(
        self, context: RequestContext, request: SetDefaultCalendar
    ) -> DefaultCalendarRecord:
        """Save a version. Scope: policies. Codes: calendar_unknown, version_conflict…."""
        ...

    async def read_default_calendar(
        self, context: RequestContext, request: ReadDefaultCalendar
    ) -> DefaultCalendarRecord:
        """Read it. Scope: read. Codes: default_calendar_unset."""
        ...

    async def ingest_events(self, context: RequestContext, request: IngestEvents) -> IngestReceipt:
        """Take a batch. Scope: ingest. Codes: batch_too_large, unsettled.

        Per event: event_conflict, event_invalid, event_too_large, time_naive, time_out_of_bounds, and those
        of business time, such as never_opens.
        """
        ...

    async def act_on_clock(self, context: RequestContext, request: ActOnClock) -> ActionReceipt:
        """Write a manual action. Scope: ingest. Codes: event_invalid, subject_unknown, event_conflict…."""
        ...

    async def read_subject(self, context: RequestContext, request: ReadSubject) -> SubjectRecord:
        """Read one. Scope: read. Codes: subject_unknown."""
        ...

    async def read_uncounted(self, context: RequestContext, request: ReadUncounted) -> UncountedMetrics:
        """Say what does not count, and why. Scope: read. Codes: subject_unknown."""
        ...

    async def read_cycle(self, context: RequestContext, request: ReadCycle) -> CycleRecord:
        """Read one. Scope: read. Codes: cycle_unknown."""
        ...

    async def list_cycles(self, context: RequestContext, request: ListCycles) -> CyclePage:
        """Read a page. Scope: read. Codes: page_too_large, cursor_invalid."""
        ...

    async def measure_attainment(
        self, context: RequestContext, request: MeasureAttainment
    ) -> AttainmentRecord:
        """Measure a period. Scope: read. Codes: policy_unknown, metric_unknown, period_empty."""
        ...

    async def plan_calendar_change(
        self, context: RequestContext, request: PlanCalendarChange
    ) -> CalendarChangePlan:
        """Say what Cycles would become. Scope: calendars. Codes: batch_too_large, timeline_invalid."""
        ...

    async def check_calendar_plan(
        self, context: RequestContext, request: CheckCalendarPlan
    ) -> CheckedCalendarPlan:
        """Say that a plan still holds. Scope: calendars. Codes: plan_stale."""
        ...

    async def measure_periods(self, context: RequestContext, request: MeasurePeriods) -> MeasurementList:
        """Measure by a document. Scope: read. Codes: measure_invalid, period_invalid, measure_too_large…."""
        ...

    async def explain_cycle(self, context: RequestContext, request: ExplainCycle) -> CycleExplanation:
        """Say what its time was made of. Scope: read. Codes: subject_unknown, cycle_unknown."""
        ...

    async def read_receipt(self, context: RequestContext, request: ReadReceipt) -> CycleReceipt:
        """Give it to be recomputed elsewhere. Scope: read. Codes: subject_unknown, cycle_unknown."""
        ...

    async def imagine_subject(self, context: RequestContext, request: ImagineSubject) -> ImaginedSubject:
        """Say what would be if. Scope: read. Codes: subject_unknown, event_invalid, calendar_unknown."""
        ...

    async def backtest_policy(self, context: RequestContext, request: BacktestPolicy) -> BacktestPage:
        """Try a page. Scope: policies. Codes: policy_unknown, page_too_large, and those of documents."""
        ...
