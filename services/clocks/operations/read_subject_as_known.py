"""Read one Subject as it was known at an earlier moment: by what had been recorded by then, and no more."""

from __future__ import annotations

from businesstime import from_us
from clocks.contract import SubjectRecord
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.load_story import Instants, load_story
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]


async def read(
    context: RequestContext, subject_id: str, when: Instants, *, database: Database, rulebooks: Rulebooks
) -> SubjectRecord:
    """Read a Subject. Raises SubjectUnknownError where nothing had been recorded of it."""
    story = await load_story(context, subject_id, when.known, database=database, rulebooks=rulebooks)
    last = story.events[-1]
    return SubjectRecord(
        subject_id=subject_id,
        attributes=story.state.attributes,
        last_event_at=from_us(last.occurred_at_us),
        events=story.state.events,
        cycles=tuple(story.describe(key, cycle, at=when.at) for key, cycle in story.cycles()),
        known_at=when.known,
    )
