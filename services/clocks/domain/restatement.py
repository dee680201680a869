"""From states to standings: what becomes of a Subject's Cycles when more of it is known."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from clocks.domain.cycle import Cycle, SubjectState
from clocks.domain.standing import CountedOn, CycleKey, Notice, Standing, differs, notices, stand

__all__ = ["Restatement", "restate"]


class Restatement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is to be written of one Subject's Cycles.

    saved: standings that are new or changed. revised: Cycles whose earlier numbers are to be kept first.
    removed: those that, as restated, never were. notices: what is to be said, in order.
    """

    saved: Mapping[CycleKey, Standing]
    revised: tuple[CycleKey, ...]
    removed: tuple[CycleKey, ...]
    notices: tuple[Notice, ...]


def restate(
    known: SubjectState | None,
    after: SubjectState,
    standings: Mapping[CycleKey, Standing],
    counted_on: CountedOn,
    *,
    now_us: int,
    before: SubjectState | None = None,
    past: Mapping[CycleKey, tuple[int, int]] = {},
) -> Restatement:
    """Compare a Subject's Cycles with how they stand.

    before: the state that the standings were written from; Cycles equal in it and `after` are left as they
    stand.
    None: look at all. known: that state as it would be, had everything been known then: what differs from
    it was restated, what is new after it is only progress. past: (generation, revision) of Cycles that were
    taken away, and count on from there should they come back.
    """
    trusted = known is before
    was, present = _cycles_of(before), _cycles_of(after)
    then = was if trusted else _cycles_of(known)
    saved: dict[CycleKey, Standing] = {}
    revised: list[CycleKey] = []
    said: list[Notice] = []
    for key, cycle in present.items():
        standing = standings.get(key)
        if standing is None:
            entered = stand(cycle, None, counted_on, now_us=now_us)
            entered = _come_back(entered, *past[key]) if key in past else entered
        else:
            sure = _up_to_date(standing, counted_on)
            if sure and was.get(key) == cycle:
                continue
            restated = not (sure and trusted) and _restated(then.get(key), standing, counted_on, now_us)
            entered = stand(cycle, standing, counted_on, now_us=now_us, restated=restated)
            if entered == standing:
                continue
            if entered.revision > standing.revision:
                revised.append(key)
        saved[key] = entered
        said.extend(notices(key, standing, entered))
    removed = tuple(key for key in standings if key not in present)
    for key in removed:
        said.extend(notices(key, standings[key], None))
    return Restatement(saved=saved, revised=(*revised, *removed), removed=removed, notices=tuple(said))


def _restated(then: Cycle | None, standing: Standing, counted_on: CountedOn, now_us: int) -> bool:
    if then is None:
        return True
    return differs(standing, stand(then, standing, counted_on, now_us=now_us))


def _come_back(standing: Standing, generation: int, revision: int) -> Standing:
    return msgspec.structs.replace(standing, generation=generation + 1, revision=revision + 1)


def _up_to_date(standing: Standing, counted_on: CountedOn) -> bool:
    return standing.calendar_version == counted_on.versions[standing.calendar_key]


def _cycles_of(state: SubjectState | None) -> Mapping[CycleKey, Cycle]:
    if state is None:
        return {}
    return {
        CycleKey(state.subject_id, clock.policy_key, clock.metric, cycle.number): cycle
        for clock in state.clocks
        for cycle in clock.cycles
    }
