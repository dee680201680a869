"""Statements: frozen assessments under gapless numbers."""

from __future__ import annotations

import msgspec

from credits.contract import AssessmentRecord, StatementRecord
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = ["add_statement", "list_statements", "lock_counter", "read_statement", "take_number"]

_SQL = load_blocks("credits.storage", "statement.sql")


async def lock_counter(connection: Connection) -> None:
    """Wait until this transaction is the only one of the tenant that may close; held until it ends."""
    await connection.execute(_SQL["begin_counting"])
    await connection.fetchval(_SQL["lock_counter"])


async def take_number(connection: Connection) -> int:
    """Take the tenant's next number, under the counter's lock."""
    return int(await connection.fetchval(_SQL["take_number"]))


async def add_statement(connection: Connection, statement: StatementRecord) -> None:
    """Keep a Statement, for good."""
    assessment = statement.assessment
    await connection.execute(
        _SQL["add_statement"],
        statement.number,
        assessment.agreement_key,
        assessment.agreement_version,
        assessment.period,
        assessment,
        statement.closed_at,
        statement.closed_by,
    )


async def read_statement(connection: Connection, agreement_key: str, period: str) -> StatementRecord | None:
    """Read the Statement of an Agreement and period."""
    row = await connection.fetchrow(_SQL["read_statement"], agreement_key, period)
    return _record(row) if row else None


async def list_statements(
    connection: Connection, *, agreement_key: str | None, after: int, limit: int
) -> tuple[StatementRecord, ...]:
    """List at most `limit` Statements in order of number, those after a number; None: of all Agreements."""
    rows = await connection.fetch(_SQL["list_statements"], after, agreement_key, limit)
    return tuple(_record(row) for row in rows)


def _record(row: Row) -> StatementRecord:
    return StatementRecord(
        number=row["number"],
        assessment=msgspec.convert(row["assessment"], AssessmentRecord),
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
    )
