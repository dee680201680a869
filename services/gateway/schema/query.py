"""Everything that can be asked: the table of contents of the API's reading half."""

from __future__ import annotations

from gateway.schema.agreement import Agreement, list_agreements, read_agreement
from gateway.schema.attainment import Attainment, measure_attainment
from gateway.schema.calendar import Calendar, list_calendars, read_calendar
from gateway.schema.cycle import Cycle, list_cycles
from gateway.schema.declare import object_type, resolved
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
from gateway.schema.viewer import Viewer, read_viewer

__all__ = ["Query"]


@object_type
class Query:
    """What can be asked."""

    viewer: Viewer | None = resolved(read_viewer)
    node: Node | None = resolved(read_node)
    calendar: Calendar | None = resolved(read_calendar)
    calendars: Connection[Calendar] | None = resolved(list_calendars)
    policy: Policy | None = resolved(read_policy)
    policies: Connection[Policy] | None = resolved(list_policies)
    subject: Subject | None = resolved(read_subject)
    cycles: Connection[Cycle] | None = resolved(list_cycles)
    attainment: Attainment | None = resolved(measure_attainment)
    measurements: list[MeasuredPeriod] | None = resolved(measure_periods)
    agreement: Agreement | None = resolved(read_agreement)
    agreements: Connection[Agreement] | None = resolved(list_agreements)
    assessment: Assessment | None = resolved(assess_period)
    statement: Statement | None = resolved(read_statement)
    statements: Connection[Statement] | None = resolved(list_statements)
