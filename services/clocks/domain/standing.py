"""Standings: how a Cycle stands in the books, and what must be said when that changes.

A Cycle follows from events alone; its standing also remembers what was said about it: which thresholds were
fired, and how often it was restated. Here meet what is true and what was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from businesstime import Timeline
from clocks.domain.cycle import Cycle, Outcome, Phase
from clocks.domain.due import Timelines, due_at_us, elapsed_at_us, target_at_us
from clocks.domain.firing import BREACH, Firing, all_firings
from clocks.domain.policy import CalendarRule
from clocks.domain.reading import outcome_at
from clocks.domain.spans import spans_of

__all__ = [
    "BREACH",
    "CountedOn",
    "CycleKey",
    "Notice",
    "NoticeType",
    "Standing",
    "differs",
    "notices",
    "redate_standing",
    "stand",
]

NoticeType = Literal["cycle.changed", "breach.fired", "breach.revoked", "breach.restated"]


class CycleKey(NamedTuple):
    """Which Cycle, within a tenant; sorts as its rows are locked."""

    subject_id: str
    policy_key: str
    metric: str
    cycle: int


class CountedOn(NamedTuple):
    """Calendars by key: the Timeline that elapsed time is counted on, and the version that it comes from."""

    timelines: Mapping[str, Timeline]
    versions: Mapping[str, int]


class Standing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Cycle's numbers as stored, and what was said about it; instants are UTC microseconds.

    outcome: BREACHED only once the Breach was fired. calendar_keys: of all its stretches, sorted.
    ended_at_us: when it was stopped or cancelled. fire: (at, threshold) still to come, in order of time.
    fired: the thresholds fired in this generation. generation: grows when a fired one may rightly fire again.
    left_us: of a PAUSED Cycle, the business time left, which stands still; None up to a fixed point, where it
    runs out meanwhile. spans: of a plain Cycle, to count it by; see there.
    """

    policy_version: int
    target: str
    target_us: int
    calendar_key: str
    calendar_version: int
    calendar_rule: CalendarRule
    calendar_keys: tuple[str, ...]
    phase: Phase
    outcome: Outcome
    started_at_us: int
    due_at_us: int | None
    breached_at_us: int | None
    stopped_at_us: int | None
    ended_at_us: int | None
    left_us: int | None
    fire: tuple[tuple[int, str], ...] = ()
    fired: tuple[str, ...] = ()
    generation: int = 1
    revision: int = 0
    spans: tuple[int, ...] | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is to be said of a Cycle; `standing` is the one after, or the last one of a Cycle that never was.

    at_us: of the Breach that is fired, revoked or restated; None for a change.
    """

    type: NoticeType
    key: CycleKey
    standing: Standing
    at_us: int | None = None


def stand(
    cycle: Cycle, before: Standing | None, counted_on: CountedOn, *, now_us: int, restated: bool = False
) -> Standing:
    """Enter a Cycle into the books, as of an instant that is later than all that was fired before.

    The Breach of an open Cycle is left to the worker, which sends it in its place after the warnings; that
    of a Cycle which has ended counts as fired here. A warning is not sent for a Cycle that has ended, nor
    for one that was already breached when the warning was first noticed. One whose end was told ahead of its
    time has not ended yet.
    """
    spans = spans_of(cycle)
    ended_us = cycle.cancelled_at_us if cycle.stopped_at_us is None else cycle.stopped_at_us
    over = ended_us is not None and ended_us <= now_us
    firings = () if over else all_firings(cycle, counted_on.timelines, spans)
    due_us = _breach_in(firings) if cycle.open else due_at_us(cycle, counted_on.timelines)
    outcome = outcome_at(cycle, due_us, now_us)
    breached_us = due_us if outcome == "BREACHED" and due_us is not None and due_us < now_us else None
    fired = _still_fired(before, firings, breached_us, now_us)
    if breached_us is not None and over and BREACH not in fired:
        fired = (*fired, BREACH)
    told = breached_us if BREACH in fired else None
    target_us = target_at_us(cycle, counted_on.timelines)
    return Standing(
        policy_version=cycle.policy_version,
        target=cycle.target,
        target_us=target_us,
        calendar_key=cycle.calendar_key,
        calendar_version=counted_on.versions[cycle.calendar_key],
        calendar_rule=cycle.calendar_rule,
        calendar_keys=_calendar_keys(cycle),
        phase=cycle.phase,
        outcome="BREACHED" if told is not None else "PENDING" if outcome == "BREACHED" else outcome,
        started_at_us=cycle.started_at_us,
        due_at_us=due_us,
        breached_at_us=told,
        stopped_at_us=cycle.stopped_at_us,
        ended_at_us=ended_us,
        left_us=_left_us(cycle, target_us, counted_on.timelines),
        fire=_left_to_fire(before, firings, fired, breached_us),
        fired=fired,
        generation=_generation(before, fired, told),
        revision=_revision(before, told, restated=restated),
        spans=spans,
    )


def redate_standing(
    before: Standing,
    firings: Sequence[Firing],
    *,
    left_us: int | None,
    calendar_version: int,
    now_us: int,
) -> Standing:
    """Enter an open Cycle anew of which no more is known, only its Calendar was amended.

    firings, left_us: all of it on the Calendar as it is now. Law: it is what `stand` makes of the Cycle.
    """
    due_us = _breach_in(firings)
    breached_us = due_us if due_us is not None and due_us < now_us else None
    fired = _still_fired(before, firings, breached_us, now_us)
    told = breached_us if BREACH in fired else None
    after = replace(
        before,
        calendar_version=calendar_version,
        outcome="PENDING" if told is None else "BREACHED",
        due_at_us=due_us,
        breached_at_us=told,
        left_us=left_us,
        fire=_left_to_fire(before, firings, fired, breached_us),
        fired=fired,
        generation=_generation(before, fired, told),
    )
    return replace(after, revision=_revision(before, told, restated=differs(before, after)))


def differs(before: Standing, after: Standing) -> bool:
    """Tell whether the numbers differ that readers see; what is left to fire or of time is not among them."""
    return _numbers(before) != _numbers(after)


def notices(key: CycleKey, before: Standing | None, after: Standing | None) -> Sequence[Notice]:
    """List what must be said when a standing changes; None: there was none, or it never was."""
    standing = after or before
    if standing is None:
        return ()
    said: list[Notice] = []
    if before is None or after is None or differs(before, after):
        said.append(Notice(type="cycle.changed", key=key, standing=standing))
    was = before.breached_at_us if before else None
    now = after.breached_at_us if after else None
    if was != now:
        kind: NoticeType = (
            "breach.fired" if was is None else "breach.revoked" if now is None else "breach.restated"
        )
        said.append(Notice(type=kind, key=key, standing=standing, at_us=was if now is None else now))
    return said


def _breach_in(firings: Sequence[Firing]) -> int | None:
    """Find when an open Cycle is due: then its Breach comes, last of all."""
    return firings[-1].at_us if firings and firings[-1].threshold == BREACH else None


def _left_us(cycle: Cycle, target_us: int, timelines: Timelines) -> int | None:
    """Tell the time left while it stands still."""
    if cycle.phase != "PAUSED" or (cycle.term is not None and cycle.term.fixed):
        return None
    return target_us - elapsed_at_us(cycle, cycle.since_us, timelines)


def _still_fired(
    before: Standing | None, firings: Sequence[Firing], breached_at_us: int | None, now_us: int
) -> tuple[str, ...]:
    """Keep what was fired, except what now comes later, and a Breach that is none any more."""
    if before is None or not before.fired:
        return ()
    later = {firing.threshold for firing in firings if firing.at_us >= now_us}
    if breached_at_us is None:
        later.add(BREACH)
    return tuple(threshold for threshold in before.fired if threshold not in later)


def _left_to_fire(
    before: Standing | None, firings: Sequence[Firing], fired: Sequence[str], breached_at_us: int | None
) -> tuple[tuple[int, str], ...]:
    awaited = {threshold for _, threshold in before.fire} if before else set[str]()
    return tuple(
        (firing.at_us, firing.threshold)
        for firing in firings
        if firing.threshold not in fired
        and (firing.threshold == BREACH or breached_at_us is None or firing.threshold in awaited)
    )


def _generation(before: Standing | None, fired: Sequence[str], told: int | None) -> int:
    """Count on when something fired is taken back, or a Breach has moved."""
    if before is None:
        return 1
    taken_back = any(threshold not in fired for threshold in before.fired)
    return before.generation + (taken_back or _takes_back_breach(before, told))


def _revision(before: Standing | None, told: int | None, *, restated: bool) -> int:
    """Count on when earlier numbers turn out to have been wrong: a Breach taken back is always that."""
    if before is None:
        return 0
    return before.revision + (restated or _takes_back_breach(before, told))


def _takes_back_breach(before: Standing, told: int | None) -> bool:
    return before.breached_at_us is not None and told != before.breached_at_us


def _calendar_keys(cycle: Cycle) -> tuple[str, ...]:
    if not cycle.stretches:
        return (cycle.calendar_key,)
    return tuple(sorted({cycle.calendar_key, *(stretch.calendar_key for stretch in cycle.stretches)}))


def _numbers(standing: Standing) -> tuple[object, ...]:
    return (
        standing.policy_version,
        standing.target,
        standing.target_us,
        standing.calendar_key,
        standing.calendar_rule,
        standing.phase,
        standing.outcome,
        standing.started_at_us,
        standing.due_at_us,
        standing.breached_at_us,
        standing.stopped_at_us,
        standing.ended_at_us,
    )
