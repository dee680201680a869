"""Measure attainment: Cycles met of those due or done in a period, as integers, with their evidence."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime

import msgspec

from clocks.contract import AttainmentRecord, MeasureAttainment, TargetAttainment
from clocks.domain.refusals import MetricUnknownError, PeriodEmptyError, PolicyUnknownError
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.readings import CountedCycle, Period, counted_cycles, pending_cycles
from clocks.storage.rulebooks import Revisions, read_rulebook
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["measure"]


async def measure(
    context: RequestContext,
    request: MeasureAttainment,
    *,
    database: Database,
    rulebooks: Rulebooks,
    now: datetime,
) -> AttainmentRecord:
    """Measure a period [start, end): met counts at stopped_at, breached at due_at.

    Raises PolicyUnknownError, MetricUnknownError, PeriodEmptyError, InstantNaiveError.
    """
    period = _period(request, now)
    counts = Counter[tuple[str, str]]()
    evidence = hashlib.sha256()
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        revisions = await read_rulebook(connection)
        async for cycle in counted_cycles(connection, period):
            counts[cycle.target, cycle.outcome] += 1
            evidence.update(_evidence(period.metric, cycle))
        pending = await pending_cycles(connection, period)
    await _check_known(context, request, rulebooks, revisions)
    by_target = tuple(
        TargetAttainment(target=target, met=counts[target, "MET"], breached=counts[target, "BREACHED"])
        for target in sorted({target for target, _ in counts})
    )
    return AttainmentRecord(
        met=sum(one.met for one in by_target),
        breached=sum(one.breached for one in by_target),
        pending=pending,
        by_target=by_target,
        evidence_hash=evidence.hexdigest(),
    )


def _period(request: MeasureAttainment, now: datetime) -> Period:
    start = read_instant(request.start, field="start")
    end = read_instant(request.end, field="end")
    for field in ("policy_key", "metric", "target"):
        read_text(getattr(request, field) or "", field=field)
    if end <= start:
        raise PeriodEmptyError("end: must be later than start", field="end")
    return Period(request.policy_key, request.metric, start, end, now, request.target)


def _evidence(metric: str, cycle: CountedCycle) -> bytes:
    """Write a line of evidence: a JSON array of what is hashed, in the order that the contract names."""
    instant = cycle.counted_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    line = (cycle.subject_id, metric, cycle.cycle, cycle.outcome, instant, cycle.revision)
    return msgspec.json.encode(line) + b"\n"


async def _check_known(
    context: RequestContext, request: MeasureAttainment, rulebooks: Rulebooks, revisions: Revisions
) -> None:
    versions = (await rulebooks.at_least(context, revisions)).policies.get(request.policy_key)
    if versions is None:
        raise PolicyUnknownError(f"policy_key: there is no policy {request.policy_key!r}", field="policy_key")
    if all(version.policy.metric(request.metric) is None for version in versions):
        raise MetricUnknownError(
            f"metric: the policy {request.policy_key!r} has no metric {request.metric!r}", field="metric"
        )
