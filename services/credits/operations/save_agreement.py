"""Save a version of an Agreement: checked as a whole, kept for good."""

from __future__ import annotations

from datetime import datetime

from credits.contract import AgreementRecord, SaveAgreement
from credits.domain.agreement_document import agreement_from_document
from credits.domain.document import check_key
from credits.domain.errors import VersionConflictError
from credits.storage import agreement as agreements
from pgstore import idempotency
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["save"]


async def save(
    context: RequestContext, request: SaveAgreement, *, database: Database, now: datetime
) -> AgreementRecord:
    """Save the document as the version after `expected_version`; raises what the document deserves.

    Raises VersionConflictError when another version is the latest.
    """
    key = check_key(request.key, field="key")
    customer = agreement_from_document(request.document).customer
    async with database.transaction(context.tenant_id) as connection:
        return await idempotency.once(
            connection,
            key=context.idempotency_key,
            operation="save_agreement",
            request=request,
            answer_type=AgreementRecord,
            effect=lambda: _save(connection, context, request, key=key, customer=customer, now=now),
        )


async def _save(
    connection: Connection,
    context: RequestContext,
    request: SaveAgreement,
    *,
    key: str,
    customer: str,
    now: datetime,
) -> AgreementRecord:
    saved = await agreements.create_or_advance(
        connection,
        key=key,
        customer=customer,
        document=request.document,
        expected_version=request.expected_version,
        created_at=now,
        created_by=context.subject,
    )
    if saved is None:
        actual = await agreements.read_version(connection, key)
        raise VersionConflictError(key, request.expected_version, actual)
    (record,) = await agreements.read_agreements(connection, [key])
    return record
