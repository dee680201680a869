"""Explain a Cycle: what its time was made of, each piece with its cause, reason and Calendar version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from businesstime import from_us, to_us
from calendars.contract import Calendars, ReadCalendar
from clocks.contract import CycleExplanation, ExplainCycle, SegmentRecord
from clocks.domain.cycle import Cycle
from clocks.domain.explain import CalendarVersion, Segment, explain_cycle, split_by_version
from clocks.domain.instant import microseconds
from clocks.domain.refusals import PageTooLargeError
from clocks.domain.standing import CountedOn, CycleKey
from clocks.operations.load_rulebook import Rulebooks, in_our_name
from clocks.operations.load_story import keys_of, load_story, read_instants, the_cycle
from clocks.storage.revisions import read_revisions
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_SEGMENTS", "explain", "versions_of"]

MAX_SEGMENTS = 1_000
MAX_REVISIONS = 100


async def explain(
    context: RequestContext,
    request: ExplainCycle,
    *,
    database: Database,
    calendars: Calendars,
    rulebooks: Rulebooks,
    now: datetime,
) -> CycleExplanation:
    """Explain a Cycle. Raises SubjectUnknownError, CycleUnknownError, PageTooLargeError."""
    _check_page(request)
    when = read_instants(request.at, request.known_at, now=now)
    key = CycleKey(request.subject_id, request.policy_key, request.metric, request.cycle)
    story = await load_story(context, key.subject_id, when.known, database=database, rulebooks=rulebooks)
    cycle = the_cycle(story, key)
    versions = await versions_of(context, cycle, story.counted_on, calendars)
    segments = split_by_version(explain_cycle(cycle, to_us(when.at), story.counted_on.timelines), versions)
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        revisions = await read_revisions(connection, key, when.known, limit=MAX_REVISIONS)
    until = request.after + request.first
    return CycleExplanation(
        cycle=story.describe(key, cycle, at=when.at),
        segments=tuple(_record(each) for each in segments[request.after : until]),
        total=len(segments),
        has_next=until < len(segments),
        known_at=when.known,
        revisions=tuple(revisions),
    )


async def versions_of(
    context: RequestContext, cycle: Cycle, counted_on: CountedOn, calendars: Calendars
) -> Mapping[str, Sequence[CalendarVersion]]:
    """Read from when which versions hold of the Calendars of a Cycle, up to those that it is counted on."""
    found = {}
    for key in sorted(keys_of(cycle)):
        record = await calendars.read_calendar(in_our_name(context), ReadCalendar(key=key))
        found[key] = [
            CalendarVersion(
                version=each.version,
                effective_from_us=microseconds(each.effective_from),
            )
            for each in record.versions
            if each.version <= counted_on.versions[key]
        ]
    return found


def _check_page(request: ExplainCycle) -> None:
    if not 1 <= request.first <= MAX_SEGMENTS:
        raise PageTooLargeError(f"first: is 1 to {MAX_SEGMENTS}, not {request.first}", field="first")
    if request.after < 0:
        raise PageTooLargeError("after: is a count of segments, none or more", field="after")


def _record(segment: Segment) -> SegmentRecord:
    return SegmentRecord(
        kind=segment.kind,
        start=from_us(segment.start_us),
        end=from_us(segment.end_us),
        elapsed_us=segment.elapsed_us,
        target=segment.target,
        calendar_key=segment.calendar_key,
        calendar_version=segment.calendar_version,
        reason=segment.reason,
        name=segment.name,
        because=segment.cause.because,
        event_id=segment.cause.event_id,
    )
