"""Say what would become of a Subject if something happened that did not; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from businesstime import from_us, to_us
from clocks.contract import CycleRecord, ImaginedCycle, ImaginedSubject, ImagineSubject
from clocks.domain.action import RESERVED, is_action, read_action
from clocks.domain.cycle import Cycle, SubjectState, empty_state
from clocks.domain.errors import EventInvalidError
from clocks.domain.event import Event, check_event
from clocks.domain.fold import fold
from clocks.domain.imagination import hand_over, imagined_event
from clocks.domain.policies import Policies
from clocks.domain.refusals import CalendarUnknownError
from clocks.domain.standing import CountedOn, CycleKey
from clocks.operations.describe_cycle import describe
from clocks.operations.load_rulebook import Rulebooks, is_unknown_calendar
from clocks.operations.load_story import Story, load_story
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.readings import Edition
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_IMAGINED", "imagine", "name_calendars"]

MAX_IMAGINED = 100
_HANDED = "calendar handed over"


async def imagine(
    context: RequestContext,
    request: ImagineSubject,
    *,
    database: Database,
    rulebooks: Rulebooks,
    now: datetime,
) -> ImaginedSubject:
    """Imagine. Raises SubjectUnknownError, EventInvalidError, CalendarUnknownError, InstantNaiveError."""
    at = now if request.at is None else read_instant(request.at, field="at")
    events = _events(request, at)
    story = await load_story(context, request.subject_id, None, database=database, rulebooks=rulebooks)
    _check_known(events[-len(request.events) :] if request.events else (), story.policies)
    told = [*story.events, *events]
    last_us = max([to_us(at), *(event.occurred_at_us for event in events)])
    if request.until is not None:
        last_us = max(last_us, to_us(request.until))
        told += _pauses(told, at, request.until, story.policies)
    state = fold(empty_state(request.subject_id), told, story.policies)
    counted_on = story.counted_on
    if request.calendar_key is not None:
        key = read_text(request.calendar_key, field="calendar_key")
        if key not in counted_on.timelines:
            counted_on = merged(
                counted_on, await name_calendars(context, [key], rulebooks, field="calendar_key")
            )
        handing_us = max(last_us, state.last.occurred_at_us if state.last else last_us)
        handing = imagined_event(request.subject_id, len(events), _HANDED, handing_us, {})
        state = hand_over(state, key, handing, story.policies)
        last_us = handing_us
    return ImaginedSubject(
        subject_id=request.subject_id,
        attributes=state.attributes,
        read_at=from_us(last_us),
        cycles=tuple(_compare(story, state, counted_on, from_us(last_us))),
    )


async def name_calendars(
    context: RequestContext, keys: Sequence[str], rulebooks: Rulebooks, *, field: str
) -> CountedOn:
    """Read Calendars that were named in a request. Raises CalendarUnknownError, which names the field."""
    try:
        return await rulebooks.counted_on(context, keys, None)
    except Exception as error:
        if not is_unknown_calendar(error):
            raise
        raise CalendarUnknownError(
            f"{field}: there is no calendar of these: {', '.join(keys)}", field=field
        ) from error


def merged(one: CountedOn, other: CountedOn) -> CountedOn:
    """Put Calendars together; those of the second stand where both have one."""
    return CountedOn({**one.timelines, **other.timelines}, {**one.versions, **other.versions})


def _events(request: ImagineSubject, at: datetime) -> list[Event]:
    """Write down what is imagined, in its order."""
    said: list[tuple[str, datetime, dict[str, object]]] = []
    if request.attributes:
        said.append(("imagined", at, request.attributes))
    if request.until is not None:
        if request.action != "pause" or read_instant(request.until, field="until") <= at:
            raise EventInvalidError("is for a pause, and later than it", field="until")
    elif request.action is not None:
        said.append((f"{RESERVED}{request.action}", at, {"reason": "what if"}))
    for place, each in enumerate(request.events):
        when = each.occurred_at
        field = f"events[{place}].occurred_at"
        said.append((each.type, at if when is None else read_instant(when, field=field), each.attributes))
    if len(said) > MAX_IMAGINED:
        raise EventInvalidError(f"holds {len(said)}; at most {MAX_IMAGINED}", field="events")
    events = [
        imagined_event(request.subject_id, place, kind, to_us(when), attributes)
        for place, (kind, when, attributes) in enumerate(said)
    ]
    for event in events:
        check_event(event)
        if is_action(event):
            read_action(event)
    return events


def _check_known(events: Sequence[Event], policies: Policies) -> None:
    """Refuse what is done by hand to a Policy or Metric that is not there: it would do nothing."""
    for place, event in enumerate(events):
        action = read_action(event) if is_action(event) else None
        if action is None or action.policy_key is None:
            continue
        field = f"events[{place}].attributes"
        if action.policy_key not in policies:
            raise EventInvalidError(f"there is no policy {action.policy_key!r}", field=f"{field}.policy")
        versions = policies[action.policy_key]
        if action.metric is not None and not any(action.metric in each.rules for each in versions):
            raise EventInvalidError(
                f"policy {action.policy_key!r} has no metric {action.metric!r}", field=f"{field}.metric"
            )


def _pauses(events: Sequence[Event], at: datetime, until: datetime, policies: Policies) -> Iterator[Event]:
    """Write a pause with an end down as time that does not count, for each Clock that is open at its start.

    A resumption would do more than end it: it makes what had stopped run again, and what waits by its state.
    """
    said: dict[str, object] = {"reason": "what if", "from": at.isoformat(), "until": until.isoformat()}
    subject_id, at_us = events[0].subject_id, to_us(at)
    told = [event for event in events if event.occurred_at_us <= at_us]
    for place, clock in enumerate(fold(empty_state(subject_id), told, policies).clocks):
        if clock.cycles[-1].open:
            about = {**said, "policy": clock.policy_key, "metric": clock.metric}
            yield imagined_event(subject_id, MAX_IMAGINED + place, f"{RESERVED}exclude", at_us, about)


def _compare(
    story: Story, state: SubjectState, counted_on: CountedOn, at: datetime
) -> Iterator[ImaginedCycle]:
    """Put the Cycles of both sides together, in order of policy, metric and number."""
    before = dict(story.cycles())
    after = {
        CycleKey(state.subject_id, clock.policy_key, clock.metric, cycle.number): cycle
        for clock in state.clocks
        for cycle in clock.cycles
    }

    def read(key: CycleKey, cycle: Cycle | None) -> CycleRecord | None:
        if cycle is None:
            return None
        revision = story.revisions.get((key.policy_key, key.metric, key.cycle), 0)
        edition = Edition(counted_on.versions[cycle.calendar_key], revision)
        return describe(key, cycle, edition, policies=story.policies, counted_on=counted_on, at=at)

    for key in sorted(before.keys() | after.keys()):
        yield ImaginedCycle(before=read(key, before.get(key)), after=read(key, after.get(key)))
