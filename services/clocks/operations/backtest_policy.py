"""Fold the events of a page of Subjects by a policy or Calendar that is not in force; nothing is written.

The caller drives: each call is bounded, answers what it adds, and where to go on. Who stops asking has
cancelled. A page is read in one snapshot; events that arrive between two pages may count in the later one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

import msgspec

from businesstime import Timeline, compile_schedule, schedule_from_document, to_us
from calendars.contract import AmendCalendar, Calendars, ReadCalendar
from clocks.contract import BacktestPage, BacktestPolicy, ProposedCalendar
from clocks.domain.backtest import Rulings, Tried, Window, sum_targets, try_subject
from clocks.domain.default_calendar import with_defaults
from clocks.domain.event import Event
from clocks.domain.policy import PolicyVersion
from clocks.domain.policy_advice import Advice, advise
from clocks.domain.policy_document import parse_policy
from clocks.domain.refusals import (
    CalendarUnconcernedError,
    PageTooLargeError,
    PeriodEmptyError,
    PolicyUnknownError,
)
from clocks.domain.trial_door import flipped
from clocks.operations.imagine_subject import name_calendars
from clocks.operations.load_rulebook import Rulebook, Rulebooks, in_our_name
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.events import read_events, read_narrowed_events
from clocks.storage.subjects import PagedSubject, count_subjects, read_subjects_page
from pgstore.database import Database
from serving.context import RequestContext
from serving.problems import describe as describe_problem

__all__ = ["MAX_EVENTS", "MAX_SUBJECTS", "backtest"]

MAX_SUBJECTS = 2_000
MAX_EVENTS = 20_000
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """Subjects of a page with their logs. more: whether others follow."""

    subjects: Sequence[PagedSubject]
    logs: Mapping[str, Sequence[Event]]
    total: int | None
    more: bool


async def backtest(
    context: RequestContext,
    request: BacktestPolicy,
    *,
    database: Database,
    calendars: Calendars,
    rulebooks: Rulebooks,
    now: datetime,
) -> BacktestPage:
    """Try a page.

    Raises PolicyUnknownError, PageTooLargeError, CalendarUnknownError, CalendarUnconcernedError,
    PeriodEmptyError, InstantNaiveError,
    and what is wrong with a document.
    """
    at = now if request.at is None else read_instant(request.at, field="at")
    window = _window(request, at)
    rulebook = await rulebooks.load(context)
    tried = await _rulings(context, request, rulebook, calendars=calendars, rulebooks=rulebooks)
    page = await _read(context, request, _reads(tried.policies[request.policy_key]), database)
    results = await _try_all(request.policy_key, page, rulebook, tried, window)
    compares = request.policy_key in rulebook.policies
    return BacktestPage(
        at=at,
        subjects=len(page.subjects),
        events=sum(len(log) for log in page.logs.values()),
        total_subjects=page.total,
        before=sum_targets(each.before for each in results),
        after=sum_targets(each.after for each in results),
        flips=tuple(flipped(flip) for each in results for flip in each.flips) if compares else (),
        cursor=page.subjects[-1].subject_id if page.more else None,
        advice=_advise(request, rulebook, tried) if request.after is None else (),
    )


def _advise(request: BacktestPolicy, rulebook: Rulebook, tried: Rulings) -> tuple[Advice, ...]:
    """Say what has no effect: in the document, and a Policy that is not there, which may be a new one."""
    found: list[Advice] = []
    if request.policy_key not in rulebook.policies:
        near = get_close_matches(request.policy_key, rulebook.policies)
        meant = f"; is {' or '.join(map(repr, near))} meant?" if near else ""
        message = f"policy_key: there is no policy {request.policy_key!r} to hold it against{meant}"
        found.append(Advice(code="policy_unknown", field="policy_key", message=message))
    if request.document is not None:
        (version,) = tried.policies[request.policy_key]
        found += (each.within("document") for each in advise(version.policy))
    return tuple(found)


def _window(request: BacktestPolicy, at: datetime) -> Window:
    start = None if request.start is None else to_us(read_instant(request.start, field="start"))
    end = None if request.end is None else to_us(read_instant(request.end, field="end"))
    if start is not None and end is not None and end <= start:
        raise PeriodEmptyError("end: must be later than start", field="end")
    return Window(to_us(at), start, end)


def _reads(versions: Sequence[PolicyVersion]) -> frozenset[str] | None:
    """Name the attributes that any version could depend on; None where that is not certain."""
    named = set[str]()
    for version in versions:
        reads = version.policy.reads
        if reads is None:
            return None
        named |= reads
    return frozenset(named)


async def _read(
    context: RequestContext, request: BacktestPolicy, names: frozenset[str] | None, database: Database
) -> _Page:
    """Read the next Subjects, as many as have few enough events; at least one, if there is one."""
    if not 1 <= request.first <= MAX_SUBJECTS:
        raise PageTooLargeError(f"first: is 1 to {MAX_SUBJECTS}, not {request.first}", field="first")
    after = read_text(request.after or "", field="after")
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        found = await read_subjects_page(connection, after=after, limit=request.first + 1)
        taken = _fitting(found[: request.first])
        subject_ids = [each.subject_id for each in taken]
        if names is None:
            logs = await read_events(connection, subject_ids)
        else:
            logs = await read_narrowed_events(connection, subject_ids, names)
        total = await count_subjects(connection) if request.after is None else None
    return _Page(subjects=taken, logs=logs, total=total, more=len(taken) < len(found))


def _fitting(found: Sequence[PagedSubject]) -> Sequence[PagedSubject]:
    events = 0
    for place, each in enumerate(found):
        events += each.events
        if events > MAX_EVENTS and place:
            return found[:place]
    return found


async def _try_all(
    policy_key: str, page: _Page, rulebook: Rulebook, tried: Rulings, window: Window
) -> list[Tried]:
    """Fold one Subject after the other, and let others have their turn in between."""
    results = []
    for place, subject in enumerate(page.subjects):
        if place % _AT_ONCE == 0:
            await asyncio.sleep(0)
        log = page.logs.get(subject.subject_id, ())
        results.append(
            try_subject(policy_key, subject.state, log, rulebook.counted_on.timelines, tried, window)
        )
    return results


async def _rulings(
    context: RequestContext,
    request: BacktestPolicy,
    rulebook: Rulebook,
    *,
    calendars: Calendars,
    rulebooks: Rulebooks,
) -> Rulings:
    """Put together what is tried: the document, or the Policy as it is, on Calendars as they would be."""
    versions: Sequence[PolicyVersion] = rulebook.policies.get(request.policy_key, ())
    if request.document is not None:
        number = 1 + max((each.version for each in versions), default=0)
        policy = parse_policy(request.document)
        tried = PolicyVersion(policy_key=request.policy_key, version=number, policy=policy)
        versions = with_defaults({request.policy_key: (tried,)}, rulebook.defaults)[request.policy_key]
    elif not versions:
        raise PolicyUnknownError(f"policy_key: there is no policy {request.policy_key!r}", field="policy_key")
    proposed = await _proposed(context, request.calendar, calendars)
    timelines = {**rulebook.counted_on.timelines, **proposed}
    named = {key for version in versions for key in version.policy.calendar_keys}
    _check_concerned(request, proposed, named)
    lacking = sorted(named - timelines.keys())
    if lacking:
        found = await name_calendars(context, lacking, rulebooks, field="document.calendars")
        timelines.update(found.timelines)
    return Rulings({request.policy_key: versions}, timelines)


def _check_concerned(request: BacktestPolicy, proposed: Collection[str], named: Collection[str]) -> None:
    """Refuse a Calendar that changes nothing: its key is misspelt, most likely."""
    if request.calendar is None or any(key in named for key in proposed):
        return
    raise CalendarUnconcernedError(
        f"calendar.key: policy {request.policy_key!r} counts neither on calendar {request.calendar.key!r} "
        f"nor on one that is made of it, but on: {', '.join(sorted(named))}",
        field="calendar.key",
    )


async def _proposed(
    context: RequestContext, proposed: ProposedCalendar | None, calendars: Calendars
) -> Mapping[str, Timeline]:
    """Ask what the Calendar, and those made of it, would be; one that is not there yet stands alone."""
    if proposed is None:
        return {}
    ours = in_our_name(context)
    try:
        present = await calendars.read_calendar(ours, ReadCalendar(key=proposed.key))
    except Exception as error:
        problem = describe_problem(error)
        if problem is None or problem.code != "calendar_unknown":
            raise
        return {proposed.key: compile_schedule(schedule_from_document(proposed.document))}
    since = proposed.effective_from
    amendment = AmendCalendar(
        key=proposed.key,
        expected_version=present.version,
        document=proposed.document,
        mode="RESTATE",
        effective_from=_LONG_AGO if since is None else read_instant(since, field="calendar.effective_from"),
        reason="a backtest",
    )
    planner = msgspec.structs.replace(ours, scopes=frozenset({"read", "calendars"}))
    plan = await calendars.plan_amendment(planner, amendment)
    return {each.key: Timeline.from_bytes(each.blob) for each in plan.timelines}
