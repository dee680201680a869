"""List Statements, a page at a time."""

from __future__ import annotations

from credits.contract import ListStatements, StatementPage
from credits.domain.document import check_key
from credits.domain.page import check_page
from credits.storage import statement
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["list_page"]

_LAST_NUMBER = 2**63 - 1


async def list_page(context: RequestContext, request: ListStatements, *, database: Database) -> StatementPage:
    """Read the page after the number `after`; raises PageTooLargeError, DocumentInvalidError for no key."""
    first = check_page(request.first)
    key = None if request.agreement_key is None else check_key(request.agreement_key, field="agreement_key")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        found = await statement.list_statements(
            connection,
            agreement_key=key,
            after=min(max(request.after or 0, 0), _LAST_NUMBER),
            limit=first + 1,
        )
    return StatementPage(statements=found[:first], has_next=len(found) > first)
