"""Plan a change of Calendars: what would become of Cycles; nothing is written.

What stands in the books is held against what would stand there once the change was taken over and everything
counted anew. The token is bound to the Cycles, the Calendars and the policies that this was computed from.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
import numpy as np
import numpy.typing as npt

from businesstime import BusinessTimeError, Timeline, from_us, to_us
from clocks.domain.amendment import Cycles, Numbers, Tally, outcomes_of
from clocks.domain.amendment_door import (
    CalendarChangePlan,
    CheckCalendarPlan,
    CheckedCalendarPlan,
    PlanCalendarChange,
)
from clocks.domain.cycle import Cycle, Outcome
from clocks.domain.due import Timelines
from clocks.domain.instant import microseconds
from clocks.domain.reading import outcome_at
from clocks.domain.recount import due_by_rows, due_of_each
from clocks.domain.refusals import BatchTooLargeError, PlanStaleError, TimelineInvalidError
from clocks.domain.spans import NEVER
from clocks.domain.standing import CycleKey
from clocks.operations.describe_cycle import find_cycle
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import read_instant
from clocks.storage.amendments import OtherCycle, digest_cycles, read_other_cycles, read_plain_cycles
from clocks.storage.board import read_in_order
from clocks.storage.rulebooks import read_calendar_copies, read_rulebook
from pgstore.connection import Connection, Row
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_CALENDARS", "check", "plan"]

MAX_CALENDARS = 1_000
_PORTION = 20_000
_OTHERS = 2_000


class _Basis(msgspec.Struct, frozen=True, array_like=True):
    """What a token says: the Calendars, from when, and a digest of all that the plan rests on."""

    calendar_keys: tuple[str, ...]
    since: datetime
    digest: str


async def plan(
    context: RequestContext,
    request: PlanCalendarChange,
    *,
    database: Database,
    rulebooks: Rulebooks,
    now: datetime,
) -> CalendarChangePlan:
    """Plan. Raises BatchTooLargeError, TimelineInvalidError, InstantNaiveError."""
    since, now_us = read_instant(request.effective_from, field="effective_from"), to_us(now)
    changed = await asyncio.to_thread(_read_timelines, request)
    rulebook = await rulebooks.current(context)
    tally, counts = Tally(), [0, 0]
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        rulebook = await rulebooks.at_least(context, await read_rulebook(connection))
        changed = {key: line for key, line in changed.items() if key in rulebook.counted_on.timelines}
        token = await _write_token(connection, sorted(changed), since)
        for key, timeline in changed.items():
            counts[0] += await _add_plain(connection, tally, key, timeline, now_us)
        timelines = {**rulebook.counted_on.timelines, **changed}
        await _add_others(connection, tally, counts, sorted(changed), since, timelines, now_us)
    return CalendarChangePlan(
        running=counts[0],
        ended=counts[1],
        moved=tally.moved,
        earlier=tally.earlier,
        later=tally.later,
        farthest_earlier_us=tally.farthest_earlier_us,
        farthest_later_us=tally.farthest_later_us,
        moves=tuple(tally.moves),
        breaches_gained=tally.breaches_gained,
        gained=tuple(tally.gained),
        breaches_lost=tally.breaches_lost,
        lost=tuple(tally.lost),
        shifts=tally.shifts(),
        token=token,
    )


async def check(
    context: RequestContext, request: CheckCalendarPlan, *, database: Database
) -> CheckedCalendarPlan:
    """Tell that all is still as it was when a plan was made. Raises PlanStaleError."""
    try:
        basis = msgspec.json.decode(base64.urlsafe_b64decode(request.plan_token), type=_Basis)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise PlanStaleError("plan_token: is none of a plan", field="plan_token") from None
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        if await _write_token(connection, basis.calendar_keys, basis.since) != request.plan_token:
            raise PlanStaleError(
                "plan_token: Cycles, calendars or policies have changed since the plan was made: plan anew",
                field="plan_token",
            )
    return CheckedCalendarPlan(calendar_keys=basis.calendar_keys)


def _read_timelines(request: PlanCalendarChange) -> Mapping[str, Timeline]:
    if len(request.calendars) > MAX_CALENDARS:
        raise BatchTooLargeError(f"calendars: at most {MAX_CALENDARS}", field="calendars")
    try:
        return {each.key: Timeline.from_bytes(each.blob) for each in request.calendars}
    except BusinessTimeError as error:
        raise TimelineInvalidError(f"calendars: {error}", field="calendars") from error


async def _write_token(connection: Connection, keys: Sequence[str], since: datetime) -> str:
    revisions = await read_rulebook(connection)
    copies = [copy for copy in await read_calendar_copies(connection) if copy.calendar_key in set(keys)]
    facts = [revisions.policies, copies, await digest_cycles(connection, calendar_keys=keys, since=since)]
    digest = sha256(msgspec.json.encode(facts)).hexdigest()
    basis = _Basis(calendar_keys=tuple(keys), since=since, digest=digest)
    return base64.urlsafe_b64encode(msgspec.json.encode(basis)).decode()


async def _add_plain(
    connection: Connection, tally: Tally, calendar_key: str, timeline: Timeline, now_us: int
) -> int:
    """Count the plain Cycles on a Calendar, portion by portion; answer how many there are."""
    count, after = 0, ""
    counting: Awaitable[None] | None = None
    while rows := await read_plain_cycles(
        connection, calendar_key=calendar_key, after_subject_id=after, limit=_PORTION
    ):
        if counting is not None:
            await counting
        count, after = count + len(rows), rows[-1][0]
        counting = asyncio.create_task(asyncio.to_thread(_tally_plain, tally, rows, timeline, now_us))
        if len(rows) < _PORTION:
            break
    if counting is not None:
        await counting
    return count


def _tally_plain(tally: Tally, rows: Sequence[Row], timeline: Timeline, now_us: int) -> None:
    subjects, policies, metrics, numbers, targets, targets_us, phases, outcomes, due_us, spans = zip(
        *rows, strict=True
    )
    keys = list(map(CycleKey, subjects, policies, metrics, numbers))
    due = _instants(due_us)
    told = np.array([outcome == "BREACHED" for outcome in outcomes])
    after_us = due_by_rows(spans, targets_us, timeline)
    tally.add(
        Cycles(keys, targets, phases, np.full(len(keys), NEVER)),
        Numbers(due, np.where(told | (due < now_us), 2, 0).astype(np.int8)),
        Numbers(after_us, np.where(after_us < now_us, 2, 0).astype(np.int8)),
    )


async def _add_others(
    connection: Connection,
    tally: Tally,
    counts: list[int],
    keys: Sequence[str],
    since: datetime,
    timelines: Timelines,
    now_us: int,
) -> None:
    """Count the rest, portion by portion."""
    await read_in_order(connection)
    after = ""
    while others := await read_other_cycles(
        connection, calendar_keys=keys, since=since, after_subject_id=after, limit=_OTHERS
    ):
        after = others[-1].key.subject_id
        ended = sum(other.phase in {"STOPPED", "CANCELLED"} for other in others)
        counts[0] += len(others) - ended
        counts[1] += ended
        await asyncio.to_thread(_tally_others, tally, others, timelines, now_us)
        if len(others) < _OTHERS:
            break


def _tally_others(tally: Tally, others: Sequence[OtherCycle], timelines: Timelines, now_us: int) -> None:
    cycles = [_cycle_of(other) for other in others]
    due = due_of_each(cycles, timelines)
    outcomes = [outcome_at(cycle, due_us, now_us) for cycle, due_us in zip(cycles, due, strict=True)]
    tally.add(
        Cycles(
            [other.key for other in others],
            [other.target for other in others],
            [other.phase for other in others],
            _instants(microseconds(other.stopped_at) for other in others),
        ),
        Numbers(
            _instants(microseconds(other.due_at) for other in others),
            outcomes_of(_outcome(other, now_us) for other in others),
        ),
        Numbers(_instants(due), outcomes_of(outcomes)),
    )


def _cycle_of(other: OtherCycle) -> Cycle:
    cycle = find_cycle(other.state, other.key)
    if cycle is None:
        raise LookupError(f"{other.key} is listed, and is not in its Subject's state")
    return cycle


def _outcome(other: OtherCycle, now_us: int) -> Outcome:
    """Tell how it stands: a Breach of an open Cycle counts from its instant on, fired or not."""
    over = other.phase in {"STOPPED", "CANCELLED"}
    if not over and other.due_at is not None and other.due_at < from_us(now_us):
        return "BREACHED"
    return other.outcome


def _instants(instants_us: Iterable[int | None]) -> npt.NDArray[np.int64]:
    return np.array([NEVER if at_us is None else at_us for at_us in instants_us], dtype=np.int64)
