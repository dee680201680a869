"""Assessments and Statements: what is owed for a period, computed and closed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import ID

from credits import contract
from gateway.domain.global_id import encode_global_id
from gateway.schema.agreement import Agreement
from gateway.schema.declare import input_type, node_type, object_type, resolved
from gateway.schema.failures import UserError, find, settle
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect, read_cursor, write_cursor
from gateway.schema.scalars import Long

__all__ = [
    "Assessment",
    "Statement",
    "StatementPayload",
    "assess_period",
    "close_statement",
    "list_statements",
    "read_statement",
]


@strawberry.enum(description="Whether a ServiceLevel was reached; NO_DATA: there was nothing to measure.")
class Verdict(StrEnum):
    """Whether a ServiceLevel was reached."""

    MET = "MET"
    MISSED = "MISSED"
    NO_DATA = "NO_DATA"


@object_type
class Measurement:
    """The value of one ServiceLevel: an exact ratio, and where it comes from.

    evidence_hash: SHA-256 over what was counted.
    """

    numerator: Long
    denominator: Long
    evidence_hash: str


@object_type
class AssessmentStep:
    """One step of the computation.

    step: which one.
    detail: what was done.
    result: what came of it, exact: a decimal or a ratio.
    """

    step: str
    detail: str
    result: str


@object_type
class ServiceCredit:
    """Money owed for one ServiceLevel in one period.

    level: the ServiceLevel's name.
    amount_minor: in minor units of the Agreement's currency.
    """

    level: str
    verdict: Verdict
    measurement: Measurement
    amount_minor: Long


async def assessment_agreement(root: contract.AssessmentRecord, info: Info) -> contract.AgreementRecord:
    """Read the Agreement that was assessed."""
    return await info.context.agreement_by_key.get(root.agreement_key)


@object_type
class Assessment:
    """The computation of one Agreement and period [startsAt, endsAt).

    agreement_version: the version that was applied.
    period: such as 2016-03.
    currency: ISO 4217.
    credits: one for each ServiceLevel.
    before_cap_minor: their sum before the cap, in minor units.
    amount_minor: what is owed, in minor units.
    steps: how it came about, in order.
    inputs_hash: SHA-256 over everything that went in.
    """

    agreement_key: str
    agreement_version: int
    agreement: Agreement | None = resolved(assessment_agreement)
    period: str
    starts_at: datetime
    ends_at: datetime
    currency: str
    credits: list[ServiceCredit]
    before_cap_minor: Long
    amount_minor: Long
    steps: list[AssessmentStep]
    inputs_hash: str


def statement_id(root: contract.StatementRecord) -> ID:
    """Its global id."""
    return ID(encode_global_id("Statement", root.assessment.agreement_key, root.assessment.period))


@node_type(contract.StatementRecord)
class Statement(Node):
    """A closed period: its Assessment, numbered and frozen.

    number: counts from 1 in the tenant.
    closed_by: who closed it: a key or a user.
    """

    id: ID = resolved(statement_id)
    number: int
    assessment: Assessment
    closed_at: datetime
    closed_by: str


@input_type
class CloseStatementInput:
    """A period to close; it must have ended. Closing it again answers the same Statement.

    period: such as 2016-03.
    """

    agreement_key: str
    period: str


@object_type
class StatementPayload:
    """The Statement, or why the period was not closed."""

    statement: Statement | None
    errors: list[UserError]


@input_type
class AttainedTargetInput:
    """How many Cycles of a Target are taken to be met and breached, as `backtest` counts them."""

    policy_key: str
    metric: str
    target: str
    met: int
    breached: int


async def assess_period(
    info: Info, agreement_key: str, period: str, attained: list[AttainedTargetInput] | None = None
) -> contract.AssessmentRecord:
    """Compute what a period would cost as things stand; writes nothing. Scope: billing.

    `attained`: of the policies named in it, in place of what is measured: what it would cost if.
    """
    taken = tuple(
        contract.AttainedTarget(
            policy_key=each.policy_key,
            metric=each.metric,
            target=each.target,
            met=each.met,
            breached=each.breached,
        )
        for each in attained or ()
    )
    request = contract.AssessPeriod(agreement_key=agreement_key, period=period, attained=taken)
    return await info.context.credits.assess_period(info.context.context, request)


async def read_statement(info: Info, agreement_key: str, period: str) -> contract.StatementRecord | None:
    """One Statement; null where the period is not closed. Scope: billing."""
    request = contract.ReadStatement(agreement_key=agreement_key, period=period)
    return await find(info.context.credits.read_statement(info.context.context, request))


async def list_statements(
    info: Info, agreement_key: str | None = None, first: int = DEFAULT_PAGE, after: str | None = None
) -> Connection[contract.StatementRecord]:
    """Statements in order of number. Scope: billing."""
    session = info.context
    request = contract.ListStatements(
        agreement_key=agreement_key, first=check_first(first), after=read_cursor("Statement", after, int)
    )
    page = await session.credits.list_statements(session.context, request)
    cursors = [write_cursor("Statement", statement.number) for statement in page.statements]
    return connect(page.statements, cursors, has_next=page.has_next, after=after)


async def close_statement(
    info: Info,
    request: Annotated[CloseStatementInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> StatementPayload:
    """Close a period: freeze its Assessment under the tenant's next number. Scope: billing."""
    context = info.context.keyed(idempotency_key)
    asked = contract.CloseStatement(agreement_key=request.agreement_key, period=request.period)
    statement, errors = await settle(info.context.credits.close_statement, context, asked)
    return StatementPayload(statement=statement, errors=errors)
