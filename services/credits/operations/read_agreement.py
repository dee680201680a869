"""Read one Agreement with all its versions."""

from __future__ import annotations

from credits.contract import AgreementRecord, ReadAgreement
from credits.domain.document import check_key
from credits.domain.errors import AgreementUnknownError
from credits.storage.agreement import read_agreements
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]


async def read(context: RequestContext, request: ReadAgreement, *, database: Database) -> AgreementRecord:
    """Read it; raises AgreementUnknownError, or DocumentInvalidError for what is no key."""
    key = check_key(request.key, field="key")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        found = await read_agreements(connection, [key])
    if not found:
        raise AgreementUnknownError(key)
    return found[0]
