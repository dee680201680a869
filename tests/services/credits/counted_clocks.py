"""A clocks door that counts nothing: it answers what a test says, for sums whose counts must be exact.

The end-to-end test has the real clocks service count.
"""

from __future__ import annotations

from typing import NoReturn

from clocks.contract import (
    AttainmentRecord,
    CyclePage,
    IngestEvents,
    IngestReceipt,
    ListCycles,
    ListPolicies,
    MeasureAttainment,
    MeasurementList,
    MeasurePeriods,
    PolicyPage,
    PolicyRecord,
    ReadPolicy,
    ReadSubject,
    SavePolicy,
    SubjectRecord,
)
from serving.context import RequestContext
from serving.problems import Problem
from serving.scopes import require

__all__ = ["CountedClocks"]


class CountedClocks:
    """Implements `clocks.contract.Clocks`, of which credits ask one call alone.

    counts: met and breached, by the policy's key; a policy that is not there is unknown.
    asked: what was asked, in order.
    """

    def __init__(self) -> None:
        self.counts = {"resolution": (92, 8)}
        self.asked: list[MeasureAttainment] = []

    async def measure_attainment(
        self, context: RequestContext, request: MeasureAttainment
    ) -> AttainmentRecord:
        """Answer the counts."""
        require(context, "read")
        self.asked.append(request)
        if request.policy_key not in self.counts:
            raise Problem(
                f"there is no policy {request.policy_key!r}", code="policy_unknown", kind="not_found"
            )
        met, breached = self.counts[request.policy_key]
        return AttainmentRecord(
            met=met, breached=breached, pending=0, by_target=(), evidence_hash=f"{met}-{breached}"
        )

    async def save_policy(self, context: RequestContext, request: SavePolicy) -> PolicyRecord:
        """Is not asked."""
        _refuse(context, request)

    async def read_policy(self, context: RequestContext, request: ReadPolicy) -> PolicyRecord:
        """Is not asked."""
        _refuse(context, request)

    async def list_policies(self, context: RequestContext, request: ListPolicies) -> PolicyPage:
        """Is not asked."""
        _refuse(context, request)

    async def ingest_events(self, context: RequestContext, request: IngestEvents) -> IngestReceipt:
        """Is not asked."""
        _refuse(context, request)

    async def read_subject(self, context: RequestContext, request: ReadSubject) -> SubjectRecord:
        """Is not asked."""
        _refuse(context, request)

    async def list_cycles(self, context: RequestContext, request: ListCycles) -> CyclePage:
        """Is not asked."""
        _refuse(context, request)

    async def measure_periods(self, context: RequestContext, request: MeasurePeriods) -> MeasurementList:
        """Is not asked."""
        _refuse(context, request)


def _refuse(*asked: object) -> NoReturn:
    raise AssertionError(f"credits have no business to ask {asked}")
