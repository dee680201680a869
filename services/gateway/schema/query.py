"""Everything that can be asked: the table of contents of the API's reading half."""

from __future__ import annotations

from gateway.schema.agreement import Agreement, list_agreements, read_agreement
from gateway.schema.attainment import Attainment, measure_attainment
from gateway.schema.calendar import Calendar, list_calendars, read_calendar
from gateway.schema.calendar_asking import ask_deadlines, ask_elapsed, ask_states, ask_windows
from gateway.schema.calendar_audit import CalendarAmendment, list_amendments
from gateway.schema.calendar_difference import CalendarDifference, compare_versions
from gateway.schema.calendar_plan import CalendarPlan, plan_amendment
from gateway.schema.calendar_question import (
    CalendarDeadline,
    CalendarElapsed,
    CalendarState,
    CalendarWindow,
)
from gateway.schema.calendar_watch import CalendarWatches, read_watches
from gateway.schema.closure_feed import ClosureFeed, list_closure_feeds
from gateway.schema.cycle import Cycle, list_cycles
from gateway.schema.declare import object_type, resolved
from gateway.schema.default_calendar import DefaultCalendar, read_default_calendar
from gateway.schema.explanation import CycleExplanation, CycleReceipt, explain_cycle, read_receipt
from gateway.schema.ics_source import IcsHolidays, IcsSource, list_ics_sources, read_ics, read_ics_source
from gateway.schema.measurement import MeasuredPeriod, measure_periods
from gateway.schema.node import Node
from gateway.schema.nodes import read_node
from gateway.schema.pages import Connection
from gateway.schema.policy import Policy, list_policies, read_policy
from gateway.schema.statement import (
    Assessment,
    Statement,
    assess_period,
    list_statements,
    read_statement,
)
from gateway.schema.subject import Subject, read_subject
from gateway.schema.trial import Backtest, WhatIf, backtest_policy, imagine_subject
from gateway.schema.viewer import Viewer, read_viewer
from gateway.schema.webhook import Webhook, list_webhooks, read_webhook

__all__ = ["Query"]


@object_type
class Query:
    """What can be asked."""

    viewer: Viewer | None = resolved(read_viewer)
    node: Node | None = resolved(read_node)
    calendar: Calendar | None = resolved(read_calendar)
    calendars: Connection[Calendar] | None = resolved(list_calendars)
    calendar_states: list[CalendarState] | None = resolved(ask_states)
    calendar_elapsed: list[CalendarElapsed] | None = resolved(ask_elapsed)
    calendar_deadlines: list[CalendarDeadline] | None = resolved(ask_deadlines)
    calendar_windows: list[CalendarWindow] | None = resolved(ask_windows)
    calendar_difference: CalendarDifference | None = resolved(compare_versions)
    calendar_plan: CalendarPlan | None = resolved(plan_amendment)
    calendar_amendments: Connection[CalendarAmendment] | None = resolved(list_amendments)
    calendar_watches: CalendarWatches | None = resolved(read_watches)
    closure_feeds: list[ClosureFeed] | None = resolved(list_closure_feeds)
    ics_holidays: IcsHolidays | None = resolved(read_ics)
    ics_source: IcsSource | None = resolved(read_ics_source)
    ics_sources: Connection[IcsSource] | None = resolved(list_ics_sources)
    policy: Policy | None = resolved(read_policy)
    policies: Connection[Policy] | None = resolved(list_policies)
    default_calendar: DefaultCalendar | None = resolved(read_default_calendar)
    subject: Subject | None = resolved(read_subject)
    cycles: Connection[Cycle] | None = resolved(list_cycles)
    cycle_explanation: CycleExplanation | None = resolved(explain_cycle)
    cycle_receipt: CycleReceipt | None = resolved(read_receipt)
    what_if: WhatIf | None = resolved(imagine_subject)
    backtest: Backtest | None = resolved(backtest_policy)
    attainment: Attainment | None = resolved(measure_attainment)
    measurements: list[MeasuredPeriod] | None = resolved(measure_periods)
    agreement: Agreement | None = resolved(read_agreement)
    agreements: Connection[Agreement] | None = resolved(list_agreements)
    assessment: Assessment | None = resolved(assess_period)
    statement: Statement | None = resolved(read_statement)
    statements: Connection[Statement] | None = resolved(list_statements)
    webhook: Webhook | None = resolved(read_webhook)
    webhooks: Connection[Webhook] | None = resolved(list_webhooks)
