"""Close a period: freeze its assessment under the tenant's next number, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from clocks.contract import Clocks
from credits.contract import AssessmentRecord, AssessPeriod, CloseStatement, StatementRecord
from credits.domain.agreement_document import agreement_from_document
from credits.domain.errors import PeriodOpenError
from credits.domain.inputs_hash import instant_text
from credits.domain.ledger import LedgerEntry, entries_for
from credits.domain.period import month_of
from credits.operations.assess_period import assess_version, load_latest
from credits.storage import ledger, statement
from pgstore import outbox
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["close"]


async def close(
    context: RequestContext, request: CloseStatement, *, database: Database, clocks: Clocks, now: datetime
) -> StatementRecord:
    """Close the period, or answer the Statement that closed it before.

    Raises AgreementUnknownError, PeriodInvalidError, PeriodOpenError before the period's end, and what an
    assessment raises.
    """
    latest = await load_latest(context, request.agreement_key, database=database)
    period = month_of(request.period, agreement_from_document(latest.document).zone)
    if closed := await _find(context, request, database=database):
        return closed
    if now < period.ends_at:
        raise PeriodOpenError(period.label, period.ends_at)
    asked = AssessPeriod(agreement_key=request.agreement_key, period=request.period)
    assessment = await assess_version(context, asked, latest, clocks=clocks)
    return await _freeze(context, assessment, database=database, now=now)


async def _find(
    context: RequestContext, request: CloseStatement, *, database: Database
) -> StatementRecord | None:
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return await statement.read_statement(connection, request.agreement_key, request.period)


async def _freeze(
    context: RequestContext, assessment: AssessmentRecord, *, database: Database, now: datetime
) -> StatementRecord:
    """Write Statement, ledger and message in one transaction; the counter's lock comes first, always."""
    async with database.transaction(context.tenant_id) as connection:
        await statement.lock_counter(connection)
        closed = await statement.read_statement(connection, assessment.agreement_key, assessment.period)
        if closed:  # somebody else was faster, and theirs is the one that counts
            return closed
        record = StatementRecord(
            number=await statement.take_number(connection),
            assessment=assessment,
            closed_at=now,
            closed_by=context.subject,
        )
        await statement.add_statement(connection, record)
        await ledger.add_entries(
            connection, _entries(assessment), statement_number=record.number, posted_at=now
        )
        await outbox.append(connection, [_message(record)])
        return record


def _entries(assessment: AssessmentRecord) -> tuple[LedgerEntry, ...]:
    return entries_for(
        {owed.level: owed.amount_minor for owed in assessment.credits},
        agreement_key=assessment.agreement_key,
        agreement_version=assessment.agreement_version,
        period=assessment.period,
        currency=assessment.currency,
    )


def _message(record: StatementRecord) -> outbox.Message:
    assessment = record.assessment
    payload: dict[str, Any] = {
        "number": record.number,
        "agreement": assessment.agreement_key,
        "version": assessment.agreement_version,
        "period": assessment.period,
        "starts_at": instant_text(assessment.starts_at),
        "ends_at": instant_text(assessment.ends_at),
        "currency": assessment.currency,
        "amount_minor": assessment.amount_minor,
        "inputs_hash": assessment.inputs_hash,
        "closed_at": instant_text(record.closed_at),
        "closed_by": record.closed_by,
    }
    return outbox.Message(type="statement.closed", subject=str(record.number), payload=payload)
