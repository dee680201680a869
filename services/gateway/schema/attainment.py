"""Attainment: the share of promises kept, as its two integers."""

from __future__ import annotations

from datetime import datetime

from clocks import contract
from gateway.schema.declare import object_type
from gateway.schema.info import Info

__all__ = ["Attainment", "measure_attainment"]


@object_type
class TargetAttainment:
    """One Target's share: met of met + breached."""

    target: str
    met: int
    breached: int


@object_type
class Attainment:
    """Cycles met of those due or done in the period, exact: met of met + breached. No rounding happens here.

    pending: Cycles still open at the end, which the share leaves out.
    by_target: the same by Target, in order of name.
    evidence_hash: SHA-256 over the Cycles that were counted.
    """

    met: int
    breached: int
    pending: int
    by_target: list[TargetAttainment]
    evidence_hash: str


async def measure_attainment(
    info: Info, policy_key: str, metric: str, start: datetime, end: datetime, target: str | None = None
) -> contract.AttainmentRecord:
    """Measure the attainment of a Metric in [start, end)."""
    request = contract.MeasureAttainment(
        policy_key=policy_key, metric=metric, start=start, end=end, target=target
    )
    return await info.context.clocks.measure_attainment(info.context.context, request)
