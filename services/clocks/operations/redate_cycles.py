"""Give plain Cycles new due times after their Calendar was amended, thousands at once.

Runs in the caller's transaction, which holds the rulebook. Locks Cycles only, in order of their keys: what it
counts by is on their rows, so ingest may hold their Subjects meanwhile. Of most Cycles nothing was fired yet,
nor would have been by now: these are written column by column. The rest is entered one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from businesstime import Timeline
from clocks.domain.due import timeline_of
from clocks.domain.firing import BREACH, Firing
from clocks.domain.recount import Promise, Recounted, recount, warnings_by
from clocks.domain.spans import NEVER
from clocks.domain.standing import CycleKey, Notice, Standing, differs, notices, redate_standing
from clocks.operations.load_rulebook import Rulebook
from clocks.storage.cycles import insert_firings, keep_revisions
from clocks.storage.messages import messages_of, tell
from clocks.storage.plain_cycles import (
    NewDates,
    PlainCycle,
    lock_plain_cycles,
    read_locked_cycles,
    redate_cycles,
    redate_silent_cycles,
)
from clocks.storage.refolds import Refold
from pgstore.connection import Connection

__all__ = ["Redated", "redate"]

_MAX_CYCLES = 4_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Redated:
    """A batch: how many Cycles were looked at, and the last one's Subject; None: there are no more."""

    cycles: int
    last_subject_id: str | None


class _Told(NamedTuple):
    """What a Calendar as it is now says of a Cycle: what is owed, and the time left if it is paused."""

    firings: Sequence[Firing]
    left_us: int | None


async def redate(connection: Connection, rulebook: Rulebook, work: Refold) -> Redated:
    """Do the next batch of a work on plain Cycles. Raises BusinessTimeError where one cannot be counted."""
    calendar_key = work.calendar_key or ""
    cycles, at_us = await lock_plain_cycles(
        connection, calendar_key=calendar_key, after_subject_id=work.after_subject_id, limit=_MAX_CYCLES
    )
    timeline = timeline_of(rulebook.counted_on.timelines, calendar_key)
    version = rulebook.counted_on.versions[calendar_key]
    told: dict[CycleKey, _Told] = {}
    for promise, group, counted in _count(rulebook, cycles, timeline):
        silent = np.array([cycle.silent for cycle in group]) & counted.comes_whole(at_us)
        for due in (True, False):
            places = np.flatnonzero(silent & ((counted.due_us != NEVER) == due)).tolist()
            if places:
                dates = _new_dates(group, counted, places, due=due)
                await redate_silent_cycles(connection, dates, calendar_version=version, cause=work.cause)
        for place in np.flatnonzero(~silent).tolist():
            firings = counted.firings(place, promise.target)
            told[group[place].key] = _Told(firings, counted.left_us[place])
    if told:
        before = await read_locked_cycles(connection, list(told), at_us=at_us)
        await _write(connection, before, _enter(before, told, version, at_us), work.cause)
    more = len(cycles) >= _MAX_CYCLES
    return Redated(cycles=len(cycles), last_subject_id=cycles[-1].key.subject_id if more else None)


def _count(
    rulebook: Rulebook, cycles: Sequence[PlainCycle], timeline: Timeline
) -> Iterator[tuple[Promise, Sequence[PlainCycle], Recounted]]:
    """Count by promise."""
    warnings_of = warnings_by(rulebook.policies)
    groups: dict[Promise, list[PlainCycle]] = {}
    for cycle in cycles:
        groups.setdefault(cycle.promise, []).append(cycle)
    for promise, group in groups.items():
        spans, targets_us = [cycle.spans for cycle in group], [cycle.target_us for cycle in group]
        yield promise, group, recount(promise, spans, targets_us, warnings_of(promise), timeline)


def _new_dates(
    group: Sequence[PlainCycle], counted: Recounted, places: Sequence[int], *, due: bool
) -> NewDates:
    """Put down silent Cycles that are due, or that are not."""
    cycles, due_us = [group[place] for place in places], counted.due_us[places]
    keys, left_us = [cycle.key for cycle in cycles], [counted.left_us[place] for place in places]
    changed = [
        before != after
        for before, after in zip((cycle.due_us for cycle in cycles), due_us.tolist(), strict=True)
    ]
    if not due:
        moved = [cycle.due_us is not None for cycle in cycles]
        return NewDates(keys, [None] * len(cycles), left_us, [()] * len(cycles), (), moved)
    fire_us = np.concatenate((counted.warned_us[places], due_us[:, None]), axis=1)
    fire_at = np.datetime_as_string(fire_us.view("datetime64[us]"), timezone="UTC").tolist()
    return NewDates(
        keys,
        [instants[-1] for instants in fire_at],
        left_us,
        fire_at,
        (*counted.thresholds, BREACH),
        changed,
    )


def _enter(
    before: Mapping[CycleKey, Standing], told: Mapping[CycleKey, _Told], version: int, now_us: int
) -> Mapping[CycleKey, Standing]:
    after = {
        key: redate_standing(
            standing,
            told[key].firings,
            left_us=told[key].left_us,
            calendar_version=version,
            now_us=now_us,
        )
        for key, standing in before.items()
    }
    return {key: standing for key, standing in after.items() if standing != before[key]}


async def _write(
    connection: Connection,
    before: Mapping[CycleKey, Standing],
    after: Mapping[CycleKey, Standing],
    cause: str,
) -> None:
    if not after:
        return
    changed = {key: standing for key, standing in after.items() if differs(before[key], standing)}
    if changed:
        await keep_revisions(connection, changed, cause=cause)
    version = next(iter(after.values())).calendar_version
    await redate_cycles(connection, after, changed=changed, calendar_version=version)
    said: list[Notice] = []
    for key, standing in changed.items():
        if before[key].breached_at_us != standing.breached_at_us:
            said += [each for each in notices(key, before[key], standing) if each.type != "cycle.changed"]
    await insert_firings(connection, said)
    await tell(connection, messages_of(said))
