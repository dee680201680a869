"""The door from inside: each call checks the scope and runs its operation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from clocks.contract import Clocks
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
from credits.operations import (
    assess_period,
    close_statement,
    list_agreements,
    list_statements,
    read_agreement,
    read_statement,
    save_agreement,
)
from pgstore.database import Database
from pgstore.feed import DatabaseFeed, Feed
from serving.context import RequestContext
from serving.guarded_redis import GuardedRedis
from serving.nudges import Nudges, feed_channel
from serving.scopes import require

__all__ = ["CreditsService"]


class CreditsService:
    """Implements `contract.Credits` in this process; see there for what each call answers and raises."""

    def __init__(
        self, *, database: Database, clocks: Clocks, redis: GuardedRedis | None, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._nudges = Nudges(redis)
        self._now = now
        self.feed: Feed = DatabaseFeed(database)

    async def check_database(self) -> None:
        """Raise where PostgreSQL does not answer."""
        await self._database.ping()

    async def save_agreement(self, context: RequestContext, request: SaveAgreement) -> AgreementRecord:
        """Save a version of an Agreement."""
        require(context, "agreements")
        return await save_agreement.save(context, request, database=self._database, now=self._now())

    async def read_agreement(self, context: RequestContext, request: ReadAgreement) -> AgreementRecord:
        """Read one Agreement."""
        require(context, "read")
        return await read_agreement.read(context, request, database=self._database)

    async def list_agreements(self, context: RequestContext, request: ListAgreements) -> AgreementPage:
        """Read a page of Agreements."""
        require(context, "read")
        return await list_agreements.list_page(context, request, database=self._database)

    async def assess_period(self, context: RequestContext, request: AssessPeriod) -> AssessmentRecord:
        """Compute what a period costs."""
        require(context, "billing")
        return await assess_period.assess_latest(
            context, request, database=self._database, clocks=self._clocks
        )

    async def close_statement(self, context: RequestContext, request: CloseStatement) -> StatementRecord:
        """Freeze a period that has ended."""
        require(context, "billing")
        record = await close_statement.close(
            context, request, database=self._database, clocks=self._clocks, now=self._now()
        )
        await self._nudges.publish(context.tenant_id, feed_channel("credits"))
        return record

    async def read_statement(self, context: RequestContext, request: ReadStatement) -> StatementRecord:
        """Read one Statement."""
        require(context, "billing")
        return await read_statement.read(context, request, database=self._database)

    async def list_statements(self, context: RequestContext, request: ListStatements) -> StatementPage:
        """Read a page of Statements."""
        require(context, "billing")
        return await list_statements.list_page(context, request, database=self._database)
