"""Measure attainment: Cycles met of those due or done in a period, as integers, with their evidence."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from clocks.contract import AttainmentRecord, MeasureAttainment, TargetAttainment
from clocks.domain.refusals import MetricUnknownError, PeriodEmptyError, PolicyUnknownError
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.promises import Promises, count_pending, digest_promises, tally_promises
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
    promises = _promises(request, now)
    evidence = hashlib.sha256()
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        revisions = await read_rulebook(connection)
        tallies = await tally_promises(connection, promises)
        await digest_promises(connection, promises, evidence.update)
        evidence.update(msgspec.json.encode(tallies))
        pending = await count_pending(connection, promises)
    await _check_known(context, request, rulebooks, revisions)
    return AttainmentRecord(
        met=sum(one.met for one in tallies),
        breached=sum(one.breached for one in tallies),
        pending=pending,
        by_target=tuple(TargetAttainment(**one._asdict()) for one in tallies),
        evidence_hash=evidence.hexdigest(),
    )


def _promises(request: MeasureAttainment, now: datetime) -> Promises:
    start = read_instant(request.start, field="start")
    end = read_instant(request.end, field="end")
    for field in ("policy_key", "metric", "target"):
        read_text(getattr(request, field) or "", field=field)
    if end <= start:
        raise PeriodEmptyError("end: must be later than start", field="end")
    return Promises(request.policy_key, request.metric, start, end, now, request.target)


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
