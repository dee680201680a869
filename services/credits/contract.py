"""The door of the credits service: what others may ask, and the shapes that cross."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from serving.context import RequestContext

__all__ = [
    "AgreementPage",
    "AgreementRecord",
    "AgreementVersionRecord",
    "AssessPeriod",
    "AssessmentRecord",
    "AssessmentStep",
    "AttainedTarget",
    "CloseStatement",
    "Credits",
    "ListAgreements",
    "ListStatements",
    "MeasurementRecord",
    "ReadAgreement",
    "ReadStatement",
    "SaveAgreement",
    "ServiceCreditRecord",
    "StatementPage",
    "StatementRecord",
]

Verdict = Literal["MET", "MISSED", "NO_DATA"]


class SaveAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """A new Agreement (expected_version 0) or a new version of one."""

    key: str
    document: dict[str, Any]
    expected_version: int = 0


class ReadAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """One Agreement with all its versions."""

    key: str


class ListAgreements(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Agreements in order of key, those after the key `after`."""

    first: int = 50
    after: str | None = None


class AgreementVersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an Agreement, as it was saved."""

    version: int
    document: dict[str, Any]
    created_at: datetime
    created_by: str


class AgreementRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An Agreement and its versions, oldest first; `version` is the latest's number."""

    key: str
    customer: str
    version: int
    versions: tuple[AgreementVersionRecord, ...]


class AgreementPage(msgspec.Struct, frozen=True, kw_only=True):
    """Agreements in order of key; `has_next` says whether more follow the last one."""

    agreements: tuple[AgreementRecord, ...]
    has_next: bool


class AttainedTarget(msgspec.Struct, frozen=True, kw_only=True):
    """How many Cycles of a Target are taken to be met and breached in a period, as a backtest counts them."""

    policy_key: str
    metric: str
    target: str
    met: int
    breached: int


class AssessPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """What an Agreement's period would cost as things stand; writes nothing. period: "2016-03".

    attained: of the policies named there, in place of what is measured: what it would cost if.
    """

    agreement_key: str
    period: str
    attained: tuple[AttainedTarget, ...] = ()


class MeasurementRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The value of one ServiceLevel's Measure: an exact ratio and where it comes from."""

    numerator: int
    denominator: int
    evidence_hash: str


class AssessmentStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the computation: what was done, and its exact result as a decimal or ratio string."""

    step: str
    detail: str
    result: str


class ServiceCreditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Money owed for one ServiceLevel in one period, in minor units of the Agreement's currency."""

    level: str
    verdict: Verdict
    measurement: MeasurementRecord
    amount_minor: int


class AssessmentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The computation of one Agreement and period [starts_at, ends_at).

    before_cap_minor, amount_minor: minor units. inputs_hash: SHA-256 over everything that went in.
    """

    agreement_key: str
    agreement_version: int
    period: str
    starts_at: datetime
    ends_at: datetime
    currency: str
    credits: tuple[ServiceCreditRecord, ...]
    before_cap_minor: int
    amount_minor: int
    steps: tuple[AssessmentStep, ...]
    inputs_hash: str


class CloseStatement(msgspec.Struct, frozen=True, kw_only=True):
    """Close a period that has ended: its assessment is frozen under the next number of the tenant.

    Closing what is closed answers the same Statement again.
    """

    agreement_key: str
    period: str


class ReadStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One Statement, by Agreement and period."""

    agreement_key: str
    period: str


class ListStatements(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Statements in order of number, those after `after`; None filters nothing."""

    agreement_key: str | None = None
    first: int = 50
    after: int | None = None


class StatementRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A closed period: the numbered, frozen assessment."""

    number: int
    assessment: AssessmentRecord
    closed_at: datetime
    closed_by: str


class StatementPage(msgspec.Struct, frozen=True, kw_only=True):
    """Statements in order of number; `has_next` says whether more follow the last one."""

    statements: tuple[StatementRecord, ...]
    has_next: bool


class Credits(Protocol):
    """What the credits service answers. Every call may raise a Problem (see serving.problems)."""

    async def save_agreement(self, context: RequestContext, request: SaveAgreement) -> AgreementRecord:
        """Save a version. Scope: agreements. Codes: version_conflict, and those of the document."""
        ...

    async def read_agreement(self, context: RequestContext, request: ReadAgreement) -> AgreementRecord:
        """Read one. Scope: read. Codes: agreement_unknown."""
        ...

    async def list_agreements(self, context: RequestContext, request: ListAgreements) -> AgreementPage:
        """Read a page. Scope: read. Codes: page_too_large."""
        ...

    async def assess_period(self, context: RequestContext, request: AssessPeriod) -> AssessmentRecord:
        """Compute. Scope: billing. Codes: agreement_unknown, period_invalid, level_unmeasurable…."""
        ...

    async def close_statement(self, context: RequestContext, request: CloseStatement) -> StatementRecord:
        """Freeze. Scope: billing. Codes: agreement_unknown, period_open."""
        ...

    async def read_statement(self, context: RequestContext, request: ReadStatement) -> StatementRecord:
        """Read one. Scope: billing. Codes: statement_unknown."""
        ...

    async def list_statements(self, context: RequestContext, request: ListStatements) -> StatementPage:
        """Read a page. Scope: billing. Codes: page_too_large."""
        ...
