"""List Agreements, a page at a time."""

from __future__ import annotations

from credits.contract import AgreementPage, ListAgreements
from credits.domain.document import check_key
from credits.domain.page import check_page
from credits.storage.agreement import list_keys, read_agreements
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["list_page"]


async def list_page(context: RequestContext, request: ListAgreements, *, database: Database) -> AgreementPage:
    """Read the page after the key `after`; raises PageTooLargeError, DocumentInvalidError for no key."""
    first = check_page(request.first)
    after = None if request.after is None else check_key(request.after, field="after")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        keys = await list_keys(connection, after=after, limit=first + 1)
        found = await read_agreements(connection, keys[:first])
    return AgreementPage(agreements=found, has_next=len(keys) > first)
