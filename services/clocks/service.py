"""The door from inside: each call checks the scope and runs its operation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from businesstime import to_us
from calendars.contract import Calendars
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
from clocks.operations import (
    act_on_clock,
    backtest_policy,
    explain_cycle,
    imagine_subject,
    ingest_events,
    list_cycles,
    list_policies,
    measure_attainment,
    measure_periods,
    plan_calendar_change,
    read_cycle,
    read_default_calendar,
    read_policy,
    read_receipt,
    read_subject,
    read_uncounted,
    save_policy,
    set_default_calendar,
)
from clocks.operations.ingest_events import Taken
from clocks.operations.load_rulebook import Rulebooks
from clocks.storage.messages import FEED_CHANNEL, WORK_CHANNEL
from pgstore.database import Database
from pgstore.feed import DatabaseFeed
from serving.context import RequestContext
from serving.guarded_redis import GuardedRedis
from serving.nudges import Nudges
from serving.scopes import require

__all__ = ["ClocksService"]

_SOON = timedelta(seconds=5)
"""What is due later, a worker sees in time by itself."""


class ClocksService:
    """Implements `contract.Clocks` in this process; see there for what each call answers and raises."""

    def __init__(
        self,
        *,
        database: Database,
        calendars: Calendars,
        redis: GuardedRedis | None,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._rulebooks = Rulebooks(database=database, calendars=calendars)
        self._redis = redis
        self._nudges = Nudges(redis)
        self._now = now
        self.feed = DatabaseFeed(database)

    async def save_policy(self, context: RequestContext, request: SavePolicy) -> SavedPolicy:
        """Save a version."""
        require(context, "policies")
        record = await save_policy.save(
            context, request, database=self._database, calendars=self._calendars, now=self._now()
        )
        await self._nudges.publish(context.tenant_id, WORK_CHANNEL)
        return record

    async def read_policy(self, context: RequestContext, request: ReadPolicy) -> PolicyRecord:
        """Read one."""
        require(context, "read")
        return await read_policy.read(context, request, database=self._database)

    async def list_policies(self, context: RequestContext, request: ListPolicies) -> PolicyPage:
        """Read a page."""
        require(context, "read")
        return await list_policies.read(context, request, database=self._database)

    async def set_default_calendar(
        self, context: RequestContext, request: SetDefaultCalendar
    ) -> DefaultCalendarRecord:
        """Save a version."""
        require(context, "policies")
        record = await set_default_calendar.set_default(
            context, request, database=self._database, calendars=self._calendars, now=self._now()
        )
        await self._nudges.publish(context.tenant_id, WORK_CHANNEL)
        return record

    async def read_default_calendar(
        self, context: RequestContext, request: ReadDefaultCalendar
    ) -> DefaultCalendarRecord:
        """Read it."""
        del request  # there is one
        require(context, "read")
        return await read_default_calendar.read(context, database=self._database)

    async def ingest_events(self, context: RequestContext, request: IngestEvents) -> IngestReceipt:
        """Take a batch."""
        require(context, "ingest")
        taken = await ingest_events.ingest(
            context, request, database=self._database, rulebooks=self._rulebooks
        )
        await self._nudge(context, taken)
        return taken.receipt

    async def act_on_clock(self, context: RequestContext, request: ActOnClock) -> ActionReceipt:
        """Write a manual action."""
        require(context, "ingest")
        acted = await act_on_clock.act(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )
        if acted.taken is not None:
            await self._nudge(context, acted.taken)
        return acted.receipt

    async def read_subject(self, context: RequestContext, request: ReadSubject) -> SubjectRecord:
        """Read one."""
        require(context, "read")
        return await read_subject.read(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )

    async def read_uncounted(self, context: RequestContext, request: ReadUncounted) -> UncountedMetrics:
        """Say what does not count."""
        require(context, "read")
        return await read_uncounted.read(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )

    async def read_cycle(self, context: RequestContext, request: ReadCycle) -> CycleRecord:
        """Read one."""
        require(context, "read")
        return await read_cycle.read(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )

    async def list_cycles(self, context: RequestContext, request: ListCycles) -> CyclePage:
        """Read a page."""
        require(context, "read")
        return await list_cycles.read(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )

    async def measure_attainment(
        self, context: RequestContext, request: MeasureAttainment
    ) -> AttainmentRecord:
        """Measure a period."""
        require(context, "read")
        return await measure_attainment.measure(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )

    async def plan_calendar_change(
        self, context: RequestContext, request: PlanCalendarChange
    ) -> CalendarChangePlan:
        """Say what Cycles would become."""
        require(context, "calendars")
        return await plan_calendar_change.plan(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )

    async def check_calendar_plan(
        self, context: RequestContext, request: CheckCalendarPlan
    ) -> CheckedCalendarPlan:
        """Say that a plan still holds."""
        require(context, "calendars")
        return await plan_calendar_change.check(context, request, database=self._database)

    async def measure_periods(self, context: RequestContext, request: MeasurePeriods) -> MeasurementList:
        """Measure by a document."""
        require(context, "read")
        return await measure_periods.measure(
            context,
            request,
            database=self._database,
            calendars=self._calendars,
            rulebooks=self._rulebooks,
            now=self._now(),
        )

    async def explain_cycle(self, context: RequestContext, request: ExplainCycle) -> CycleExplanation:
        """Say what its time was made of."""
        require(context, "read")
        return await explain_cycle.explain(
            context,
            request,
            database=self._database,
            calendars=self._calendars,
            rulebooks=self._rulebooks,
            now=self._now(),
        )

    async def read_receipt(self, context: RequestContext, request: ReadReceipt) -> CycleReceipt:
        """Give it to be recomputed elsewhere."""
        require(context, "read")
        return await read_receipt.read(
            context,
            request,
            database=self._database,
            calendars=self._calendars,
            rulebooks=self._rulebooks,
            now=self._now(),
        )

    async def _nudge(self, context: RequestContext, taken: Taken) -> None:
        """Wake those who tell, and those who fire where something is due soon."""
        if taken.changed:
            soon = taken.due_at_us is not None and taken.due_at_us < to_us(self._now() + _SOON)
            channels = (FEED_CHANNEL, WORK_CHANNEL) if soon else (FEED_CHANNEL,)
            await self._nudges.publish(context.tenant_id, *channels)

    async def imagine_subject(self, context: RequestContext, request: ImagineSubject) -> ImaginedSubject:
        """Say what would be if."""
        require(context, "read")
        return await imagine_subject.imagine(
            context, request, database=self._database, rulebooks=self._rulebooks, now=self._now()
        )

    async def backtest_policy(self, context: RequestContext, request: BacktestPolicy) -> BacktestPage:
        """Try a page."""
        require(context, "policies")
        return await backtest_policy.backtest(
            context,
            request,
            database=self._database,
            calendars=self._calendars,
            rulebooks=self._rulebooks,
            now=self._now(),
        )

    async def check_database(self) -> None:
        """Raise when the database does not answer."""
        await self._database.ping()

    async def check_redis(self) -> None:
        """Raise when Redis does not answer."""
        if self._redis is not None:
            await self._redis.check()
