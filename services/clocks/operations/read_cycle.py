"""Read one Cycle of a Subject, at an instant."""

from __future__ import annotations

from datetime import datetime

from clocks.contract import CycleRecord, ReadCycle
from clocks.domain.refusals import CycleUnknownError
from clocks.domain.standing import CycleKey
from clocks.operations.describe_cycle import describe, find_cycle
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.readings import read_edition
from clocks.storage.rulebooks import read_rulebook
from clocks.storage.subjects import read_subject
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]


async def read(
    context: RequestContext, request: ReadCycle, *, database: Database, rulebooks: Rulebooks, now: datetime
) -> CycleRecord:
    """Read a Cycle. Raises CycleUnknownError, InstantNaiveError, TextInvalidError."""
    at = now if request.at is None else read_instant(request.at, field="at")
    for field in ("subject_id", "policy_key", "metric"):
        read_text(getattr(request, field), field=field)
    key = CycleKey(request.subject_id, request.policy_key, request.metric, request.cycle)
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        revisions = await read_rulebook(connection)
        edition = await read_edition(connection, key)
        subject = None if edition is None else await read_subject(connection, key.subject_id)
    cycle = None if subject is None else find_cycle(subject.state, key)
    if edition is None or cycle is None:
        raise CycleUnknownError(
            f"cycle: {key.subject_id!r} has no cycle {key.cycle} of {key.metric} under {key.policy_key}",
            field="cycle",
        )
    rulebook = await rulebooks.at_least(context, revisions)
    return describe(key, cycle, edition, policies=rulebook.policies, counted_on=rulebook.counted_on, at=at)
