"""Read one Statement."""

from __future__ import annotations

from credits.contract import ReadStatement, StatementRecord
from credits.domain.document import check_key
from credits.domain.errors import StatementUnknownError
from credits.domain.period import check_label
from credits.storage import statement
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]


async def read(context: RequestContext, request: ReadStatement, *, database: Database) -> StatementRecord:
    """Read the Statement of an Agreement and period; raises StatementUnknownError.

    Raises DocumentInvalidError for what is no key, PeriodInvalidError for what is no month.
    """
    key = check_key(request.agreement_key, field="agreement_key")
    label = check_label(request.period)
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        found = await statement.read_statement(connection, key, label)
    if found is None:
        raise StatementUnknownError(key, label)
    return found
