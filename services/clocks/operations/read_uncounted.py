"""Say which Metrics do not count for a Subject though their start held, and why."""

from __future__ import annotations

import asyncio
from datetime import datetime

from businesstime import from_us
from clocks.contract import ReadUncounted, UncountedMetric, UncountedMetrics
from clocks.domain.policies import ClockKey
from clocks.domain.uncounted import Uncounted, find_uncounted
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.load_story import load_story, read_instants
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]

SHOWN = 80


async def read(
    context: RequestContext,
    request: ReadUncounted,
    *,
    database: Database,
    rulebooks: Rulebooks,
    now: datetime,
) -> UncountedMetrics:
    """Read them, as known now or then. Raises SubjectUnknownError, InstantNaiveError."""
    known = read_instants(None, request.known_at, now=now).known
    story = await load_story(context, request.subject_id, known, database=database, rulebooks=rulebooks)
    found = await asyncio.to_thread(find_uncounted, request.subject_id, story.events, story.policies)
    return UncountedMetrics(metrics=tuple(_record(key, each) for key, each in found.items()))


def _record(key: ClockKey, one: Uncounted) -> UncountedMetric:
    return UncountedMetric(
        policy_key=key[0],
        policy_version=one.policy_version,
        metric=key[1],
        event_id=one.event.event_id,
        occurred_at=from_us(one.event.occurred_at_us),
        why=one.why,
        target=one.target,
        attribute=one.attribute,
        message=_message(one),
    )


def _message(one: Uncounted) -> str:
    if one.why == "target_missing":
        return "the start holds, but no target's condition does"
    if one.value is None:
        said = "which the Subject does not have"
    else:
        said = f"which is {str(one.value)[:SHOWN]!r}: no RFC 3339 instant and no date"
    return f"the start holds, but target {one.target!r} is due at the attribute {one.attribute}, {said}"
