"""Agreements: contracts with one customer, as they were saved."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from credits import contract
from gateway.domain.global_id import encode_global_id
from gateway.schema.declare import input_type, node_type, object_type, resolved
from gateway.schema.failures import UserError, find, settle
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect_by_key, read_cursor
from gateway.schema.scalars import JSONObject

__all__ = ["Agreement", "AgreementPayload", "list_agreements", "read_agreement", "save_agreement"]


@object_type
class AgreementVersion:
    """What an Agreement said at one time.

    version: counts from 1.
    document: the agreement document as it was sent.
    created_by: who said it: a key or a user.
    """

    version: int
    document: JSONObject
    created_at: datetime
    created_by: str


def agreement_id(root: contract.AgreementRecord) -> ID:
    """Its global id."""
    return ID(encode_global_id("Agreement", root.key))


@node_type(contract.AgreementRecord)
class Agreement(Node):
    """A contract with one customer: period, zone, currency, ServiceLevels, caps; each saving adds a version.

    key: unique in the tenant.
    version: the latest one's number.
    versions: all of them, oldest first.
    """

    id: ID = resolved(agreement_id)
    key: str
    customer: str
    version: int
    versions: list[AgreementVersion]


@input_type
class SaveAgreementInput:
    """A new Agreement, or a new version of one.

    document: an agreement document.
    expected_version: the latest version that this one was made on, 0 for none; another one is a conflict.
    """

    key: str
    document: JSONObject
    expected_version: int = 0


@object_type
class AgreementPayload:
    """The Agreement as it now stands, or why it was refused."""

    agreement: Agreement | None
    errors: list[UserError]


async def read_agreement(info: Info, key: str) -> contract.AgreementRecord | None:
    """One Agreement; null where there is none of that key."""
    return await find(info.context.agreement_by_key.get(key))


async def list_agreements(
    info: Info, first: int = DEFAULT_PAGE, after: str | None = None
) -> Connection[contract.AgreementRecord]:
    """Agreements in order of key."""
    session = info.context
    request = contract.ListAgreements(first=check_first(first), after=read_cursor("Agreement", after, str))
    page = await session.credits.list_agreements(session.context, request)
    return connect_by_key("Agreement", page.agreements, has_next=page.has_next, after=after)


async def save_agreement(
    info: Info,
    request: Annotated[SaveAgreementInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> AgreementPayload:
    """Save a version of an Agreement. Scope: agreements."""
    context = info.context.keyed(idempotency_key)
    asked = contract.SaveAgreement(
        key=request.key, document=request.document, expected_version=request.expected_version
    )
    agreement, errors = await settle(info.context.credits.save_agreement, context, asked)
    return AgreementPayload(agreement=agreement, errors=errors)
