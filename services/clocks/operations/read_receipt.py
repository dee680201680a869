"""Give a receipt for a Cycle: all that it follows from, and what it came to, to be recomputed elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from businesstime import Timeline, from_us, schedule_to_document
from calendars.contract import Calendars
from clocks.contract import CycleReceipt, ReadReceipt
from clocks.domain.event import Event
from clocks.domain.explain import CalendarVersion
from clocks.domain.instant import instant
from clocks.domain.receipt import (
    Inputs,
    ReceiptCalendar,
    ReceiptCalendarVersion,
    ReceiptDefaultCalendar,
    ReceiptEvent,
    ReceiptPolicyVersion,
    result_of,
    write_receipt,
)
from clocks.domain.standing import CycleKey
from clocks.operations.explain_cycle import versions_of
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.load_story import Instants, Story, load_story, read_instants, the_cycle
from clocks.storage.policies import RuleRow
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read"]


async def read(
    context: RequestContext,
    request: ReadReceipt,
    *,
    database: Database,
    calendars: Calendars,
    rulebooks: Rulebooks,
    now: datetime,
) -> CycleReceipt:
    """Give a receipt. Raises SubjectUnknownError, CycleUnknownError, InstantNaiveError."""
    when = read_instants(request.at, request.known_at, now=now)
    key = CycleKey(request.subject_id, request.policy_key, request.metric, request.cycle)
    story = await load_story(context, key.subject_id, when.known, database=database, rulebooks=rulebooks)
    cycle = the_cycle(story, key)
    versions = await versions_of(context, cycle, story.counted_on, calendars)
    inputs = _inputs(key, when, story, versions)
    document, hashed = write_receipt(inputs, result_of(cycle, inputs, story.counted_on.timelines))
    return CycleReceipt(document=document.decode(), hash=hashed)


def _inputs(
    key: CycleKey, when: Instants, story: Story, versions: Mapping[str, Sequence[CalendarVersion]]
) -> Inputs:
    return Inputs(
        subject_id=key.subject_id,
        policy_key=key.policy_key,
        metric=key.metric,
        cycle=key.cycle,
        read_at=when.at,
        known_at=when.known,
        events=tuple(_event(each) for each in story.events),
        policy=tuple(_version(each) for each in story.rules.policies if each.policy_key == key.policy_key),
        default_calendars=tuple(_defaults(key, story)),
        calendars=tuple(
            _calendar(name, story.counted_on.timelines[name], held) for name, held in versions.items()
        ),
    )


def _event(event: Event) -> ReceiptEvent:
    return ReceiptEvent(
        event_id=event.event_id,
        type=event.type,
        occurred_at=from_us(event.occurred_at_us),
        sequence=event.sequence,
        attributes=dict(event.attributes),
    )


def _version(rule: RuleRow) -> ReceiptPolicyVersion:
    return ReceiptPolicyVersion(
        version=rule.version, effective_from=rule.effective_from, document=rule.document
    )


def _defaults(key: CycleKey, story: Story) -> Iterator[ReceiptDefaultCalendar]:
    """Give the tenant's default Calendars, where the Policy leaves the choice to them."""
    if any(version.default_version for version in story.policies[key.policy_key]):
        for row in story.rules.defaults:
            yield ReceiptDefaultCalendar(
                version=row.version, effective_from=row.effective_from, calendar_key=row.calendar_key
            )


def _calendar(key: str, timeline: Timeline, versions: Sequence[CalendarVersion]) -> ReceiptCalendar:
    return ReceiptCalendar(
        key=key,
        versions=tuple(
            ReceiptCalendarVersion(
                version=each.version,
                effective_from=instant(each.effective_from_us),
            )
            for each in versions
        ),
        schedule=schedule_to_document(timeline.schedule),
        content_key=timeline.content_key,
    )
