"""The door from outside: each call asks the service over HTTP and answers as the service itself would."""

from __future__ import annotations

import aiohttp

from credits.contract import (
    AgreementPage,
    AgreementRecord,
    AssessmentRecord,
    AssessPeriod,
    CloseStatement,
    ListAgreements,
    ListStatements,
    ReadAgreement,
    ReadStatement,
    SaveAgreement,
    StatementPage,
    StatementRecord,
)
from serving.client import DoorClient
from serving.context import RequestContext
from serving.tokens import InternalTokens

__all__ = ["CreditsClient"]


class CreditsClient:
    """Implements `contract.Credits` by asking the service at `base_url`; see there for what calls answer."""

    def __init__(self, base_url: str, tokens: InternalTokens, session: aiohttp.ClientSession) -> None:
        self._door = DoorClient(base_url, tokens, session)

    async def save_agreement(self, context: RequestContext, request: SaveAgreement) -> AgreementRecord:
        """Save a version of an Agreement."""
        return await self._door.call(context, "save_agreement", request, AgreementRecord)

    async def read_agreement(self, context: RequestContext, request: ReadAgreement) -> AgreementRecord:
        """Read one Agreement."""
        return await self._door.call(context, "read_agreement", request, AgreementRecord)

    async def list_agreements(self, context: RequestContext, request: ListAgreements) -> AgreementPage:
        """Read a page of Agreements."""
        return await self._door.call(context, "list_agreements", request, AgreementPage)

    async def assess_period(self, context: RequestContext, request: AssessPeriod) -> AssessmentRecord:
        """Compute what a period costs."""
        return await self._door.call(context, "assess_period", request, AssessmentRecord)

    async def close_statement(self, context: RequestContext, request: CloseStatement) -> StatementRecord:
        """Freeze a period that has ended."""
        return await self._door.call(context, "close_statement", request, StatementRecord)

    async def read_statement(self, context: RequestContext, request: ReadStatement) -> StatementRecord:
        """Read one Statement."""
        return await self._door.call(context, "read_statement", request, StatementRecord)

    async def list_statements(self, context: RequestContext, request: ListStatements) -> StatementPage:
        """Read a page of Statements."""
        return await self._door.call(context, "list_statements", request, StatementPage)
