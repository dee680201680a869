"""Read one Subject with its Cycles, at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from clocks.contract import CycleRecord, ReadSubject, SubjectRecord
from clocks.domain.cycle import SubjectState
from clocks.domain.refusals import SubjectUnknownError
from clocks.domain.standing import CycleKey
from clocks.operations import read_subject_as_known
from clocks.operations.describe_cycle import describe
from clocks.operations.load_rulebook import Rulebook, Rulebooks
from clocks.operations.load_story import read_instants
from clocks.operations.read_values import read_text
from clocks.storage.readings import Edition, read_subject_cycles
from clocks.storage.rulebooks import read_rulebook
from clocks.storage.subjects import read_subject
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]


async def read(
    context: RequestContext, request: ReadSubject, *, database: Database, rulebooks: Rulebooks, now: datetime
) -> SubjectRecord:
    """Read a Subject, as known now or then. Raises SubjectUnknownError, InstantNaiveError."""
    when = read_instants(request.at, request.known_at, now=now)
    read_text(request.subject_id, field="subject_id")
    if when.known is not None:
        return await read_subject_as_known.read(
            context, request.subject_id, when, database=database, rulebooks=rulebooks
        )
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        revisions = await read_rulebook(connection)
        subject = await read_subject(connection, request.subject_id)
        editions = await read_subject_cycles(connection, request.subject_id)
    if subject is None:
        raise SubjectUnknownError(
            f"subject_id: no event is known of {request.subject_id!r}", field="subject_id"
        )
    rulebook = await rulebooks.at_least(context, revisions)
    return SubjectRecord(
        subject_id=request.subject_id,
        attributes=subject.state.attributes,
        last_event_at=subject.last_occurred_at,
        events=subject.events,
        cycles=tuple(_cycles(subject.state, editions, rulebook, when.at)),
    )


def _cycles(
    state: SubjectState, editions: Mapping[tuple[str, str, int], Edition], rulebook: Rulebook, at: datetime
) -> list[CycleRecord]:
    records = []
    for clock in state.clocks:
        for cycle in clock.cycles:
            key = CycleKey(state.subject_id, clock.policy_key, clock.metric, cycle.number)
            edition = editions[clock.policy_key, clock.metric, cycle.number]
            records.append(
                describe(
                    key,
                    cycle,
                    edition,
                    policies=rulebook.policies,
                    counted_on=rulebook.counted_on,
                    at=at,
                )
            )
    return records
