"""The door from outside: each call asks the service over HTTP and answers as the service itself would."""

from __future__ import annotations

import aiohttp

from clocks.contract import (
    ActionReceipt,
    ActOnClock,
    AttainmentRecord,
    BacktestPage,
    BacktestPolicy,
    CalendarChangePlan,
    CheckCalendarPlan,
    CheckedCalendarPlan,
    CycleExplanation,
    CyclePage,
    CycleReceipt,
    CycleRecord,
    DefaultCalendarRecord,
    ExplainCycle,
    ImaginedSubject,
    ImagineSubject,
    IngestEvents,
    IngestReceipt,
    ListCycles,
    ListPolicies,
    MeasureAttainment,
    MeasurementList,
    MeasurePeriods,
    PlanCalendarChange,
    PolicyPage,
    PolicyRecord,
    ReadCycle,
    ReadDefaultCalendar,
    ReadPolicy,
    ReadReceipt,
    ReadSubject,
    ReadUncounted,
    SavedPolicy,
    SavePolicy,
    SetDefaultCalendar,
    SubjectRecord,
    UncountedMetrics,
)
from serving.client import DoorClient
from serving.context import RequestContext
from serving.tokens import InternalTokens

__all__ = ["ClocksClient"]


class ClocksClient:
    """Implements `contract.Clocks` by asking the service at `base_url`; see there for each call."""

    def __init__(self, base_url: str, tokens: InternalTokens, session: aiohttp.ClientSession) -> None:
        self._door = DoorClient(base_url, tokens, session)

    async def save_policy(self, context: RequestContext, request: SavePolicy) -> SavedPolicy:
        """Save a version."""
        return await self._door.call(context, "save_policy", request, SavedPolicy)

    async def read_policy(self, context: RequestContext, request: ReadPolicy) -> PolicyRecord:
        """Read one."""
        return await self._door.call(context, "read_policy", request, PolicyRecord)

    async def list_policies(self, context: RequestContext, request: ListPolicies) -> PolicyPage:
        """Read a page."""
        return await self._door.call(context, "list_policies", request, PolicyPage)

    async def set_default_calendar(
        self, context: RequestContext, request: SetDefaultCalendar
    ) -> DefaultCalendarRecord:
        """Save a version."""
        return await self._door.call(context, "set_default_calendar", request, DefaultCalendarRecord)

    async def read_default_calendar(
        self, context: RequestContext, request: ReadDefaultCalendar
    ) -> DefaultCalendarRecord:
        """Read it."""
        return await self._door.call(context, "read_default_calendar", request, DefaultCalendarRecord)

    async def ingest_events(self, context: RequestContext, request: IngestEvents) -> IngestReceipt:
        """Take a batch."""
        return await self._door.call(context, "ingest_events", request, IngestReceipt)

    async def act_on_clock(self, context: RequestContext, request: ActOnClock) -> ActionReceipt:
        """Write a manual action."""
        return await self._door.call(context, "act_on_clock", request, ActionReceipt)

    async def read_subject(self, context: RequestContext, request: ReadSubject) -> SubjectRecord:
        """Read one."""
        return await self._door.call(context, "read_subject", request, SubjectRecord)

    async def read_uncounted(self, context: RequestContext, request: ReadUncounted) -> UncountedMetrics:
        """Say what does not count."""
        return await self._door.call(context, "read_uncounted", request, UncountedMetrics)

    async def read_cycle(self, context: RequestContext, request: ReadCycle) -> CycleRecord:
        """Read one."""
        return await self._door.call(context, "read_cycle", request, CycleRecord)

    async def list_cycles(self, context: RequestContext, request: ListCycles) -> CyclePage:
        """Read a page."""
        return await self._door.call(context, "list_cycles", request, CyclePage)

    async def measure_attainment(
        self, context: RequestContext, request: MeasureAttainment
    ) -> AttainmentRecord:
        """Measure a period."""
        return await self._door.call(context, "measure_attainment", request, AttainmentRecord)

    async def plan_calendar_change(
        self, context: RequestContext, request: PlanCalendarChange
    ) -> CalendarChangePlan:
        """Say what Cycles would become."""
        return await self._door.call(context, "plan_calendar_change", request, CalendarChangePlan)

    async def check_calendar_plan(
        self, context: RequestContext, request: CheckCalendarPlan
    ) -> CheckedCalendarPlan:
        """Say that a plan still holds."""
        return await self._door.call(context, "check_calendar_plan", request, CheckedCalendarPlan)

    async def measure_periods(self, context: RequestContext, request: MeasurePeriods) -> MeasurementList:
        """Measure by a document."""
        return await self._door.call(context, "measure_periods", request, MeasurementList)

    async def explain_cycle(self, context: RequestContext, request: ExplainCycle) -> CycleExplanation:
        """Say what its time was made of."""
        return await self._door.call(context, "explain_cycle", request, CycleExplanation)

    async def read_receipt(self, context: RequestContext, request: ReadReceipt) -> CycleReceipt:
        """Give it to be recomputed elsewhere."""
        return await self._door.call(context, "read_receipt", request, CycleReceipt)

    async def imagine_subject(self, context: RequestContext, request: ImagineSubject) -> ImaginedSubject:
        """Say what would be if."""
        return await self._door.call(context, "imagine_subject", request, ImaginedSubject)

    async def backtest_policy(self, context: RequestContext, request: BacktestPolicy) -> BacktestPage:
        """Try a page."""
        return await self._door.call(context, "backtest_policy", request, BacktestPage)
