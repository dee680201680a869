"""Fold events onto Subjects and write what becomes of their Cycles: the heart of ingest and of refolding.

Runs in the caller's transaction, which holds the rulebook. Locks are taken in the order Subjects by id, then
Cycles by key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from businesstime import BusinessTimeError
from clocks.domain.action import takes_back
from clocks.domain.cycle import SubjectState, empty_state
from clocks.domain.errors import ClocksError
from clocks.domain.event import Event
from clocks.domain.filterable import AttributeChanges, attribute_changes, filterable_names
from clocks.domain.fold import fold, fold_in_two
from clocks.domain.restatement import Restatement, restate
from clocks.domain.standing import CycleKey, Notice, Standing
from clocks.operations.load_rulebook import Rulebook
from clocks.storage.attributes import save_attributes
from clocks.storage.cycles import (
    LockedCycles,
    PastCycle,
    delete_cycles,
    insert_firings,
    keep_revisions,
    lock_cycles,
    read_past_cycles,
    save_cycles,
)
from clocks.storage.events import read_events
from clocks.storage.messages import tell
from clocks.storage.subjects import LockedSubject, LockedSubjects, lock_subjects, save_subjects
from pgstore.connection import Connection

__all__ = ["Folded", "fold_subjects"]

NewEvents = Mapping[str, Sequence[Event]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """What became of Subjects: `failed` says why some could not be folded; of them nothing was written.

    due_at_us: the first threshold that is to be fired of what was written; None: none is.
    """

    failed: Mapping[str, Exception]
    due_at_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fold:
    """A Subject folded. known: where it stood, as is known now; after: where it stands.

    before: the state that its Cycles' rows were written from; None where all of them are to be looked at.
    """

    known: SubjectState
    after: SubjectState
    before: SubjectState | None
    stored: bool

    @property
    def touches_cycles(self) -> bool:
        """Whether rows of Cycles may have to be written."""
        return self.before is None or self.before.clocks != self.after.clocks


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ground:
    """How the Cycles stand that are touched."""

    standings: Mapping[str, Mapping[CycleKey, Standing]]
    past: Mapping[CycleKey, PastCycle]
    now_us: int


@dataclass(slots=True)
class _Written:
    states: list[SubjectState] = field(default_factory=list)
    saved: dict[CycleKey, Standing] = field(default_factory=dict)
    revised: list[CycleKey] = field(default_factory=list)
    removed: list[CycleKey] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    attributes: dict[str, AttributeChanges] = field(default_factory=dict)

    def add(self, restatement: Restatement) -> None:
        self.saved.update(restatement.saved)
        self.revised.extend(restatement.revised)
        self.removed.extend(restatement.removed)
        self.notices.extend(restatement.notices)


async def fold_subjects(
    connection: Connection, rulebook: Rulebook, events: NewEvents, *, cause: str, anew: bool = False
) -> Folded:
    """Fold new events, already entered, by Subject; `cause` is written into revisions.

    A Subject is folded on from its state where its events come after it, and anew from its whole log where
    they are late or policies have changed. anew: look at Cycles whose events are none of the new ones, too.
    """
    locked = await lock_subjects(connection, sorted(events))
    late = [one.subject_id for one in locked.subjects if not _goes_on(one, rulebook, events[one.subject_id])]
    logs = await read_events(connection, late) if late else {}
    folds, failed = _fold_all(rulebook, locked.subjects, events, logs, anew=anew)
    ground = await _read_ground(connection, locked, folds)
    written = _restate_all(rulebook, folds, ground, failed)
    await _write(connection, rulebook, written, cause)
    due = (standing.fire[0][0] for standing in written.saved.values() if standing.fire)
    return Folded(failed=failed, due_at_us=min(due, default=None))


def _goes_on(subject: LockedSubject, rulebook: Rulebook, events: Iterable[Event]) -> bool:
    """Tell whether a Subject's state can be folded on from where it is."""
    if subject.state is None or subject.state.last is None:
        return True
    last = subject.state.last
    return (
        subject.folded_revision == rulebook.revisions.policies
        and all(event.position > last for event in events)
        and not takes_back(subject.state.actions, events)
    )


def _fold_all(
    rulebook: Rulebook,
    subjects: Sequence[LockedSubject],
    events: NewEvents,
    logs: Mapping[str, Sequence[Event]],
    *,
    anew: bool,
) -> tuple[Sequence[_Fold], dict[str, Exception]]:
    folds: list[_Fold] = []
    failed: dict[str, Exception] = {}
    for subject in subjects:
        log = logs.get(subject.subject_id)
        try:
            if log is None:
                folds.append(_fold_on(rulebook, subject, events[subject.subject_id], anew=anew))
            else:
                folds.append(_fold_log(rulebook, subject, log))
        except (BusinessTimeError, ClocksError) as error:
            failed[subject.subject_id] = error
    return folds, failed


def _fold_on(rulebook: Rulebook, subject: LockedSubject, events: Sequence[Event], *, anew: bool) -> _Fold:
    known = subject.state or empty_state(subject.subject_id)
    after = fold(known, events, rulebook.policies)
    return _Fold(known=known, after=after, before=None if anew else known, stored=subject.state is not None)


def _fold_log(rulebook: Rulebook, subject: LockedSubject, log: Sequence[Event]) -> _Fold:
    """Fold a whole log, with a stop where the Subject's old state stood."""
    last = subject.state.last if subject.state is not None else None
    split = 0 if last is None else sum(event.position <= last for event in log)
    known, after = fold_in_two(subject.subject_id, log, split, rulebook.policies)
    return _Fold(known=known, after=after, before=None, stored=True)


async def _read_ground(connection: Connection, locked: LockedSubjects, folds: Sequence[_Fold]) -> _Ground:
    touched = [one.after.subject_id for one in folds if one.stored and one.touches_cycles]
    refolded = [one.after.subject_id for one in folds if one.before is None]
    cycles = await lock_cycles(connection, touched) if touched else LockedCycles({}, locked.at_us)
    standings: dict[str, dict[CycleKey, Standing]] = {}
    for key, standing in cycles.standings.items():
        standings.setdefault(key.subject_id, {})[key] = standing
    return _Ground(
        standings=standings,
        past=await read_past_cycles(connection, refolded) if refolded else {},
        now_us=max(locked.at_us, cycles.at_us),
    )


def _restate_all(
    rulebook: Rulebook, folds: Sequence[_Fold], ground: _Ground, failed: dict[str, Exception]
) -> _Written:
    written = _Written()
    names = filterable_names(rulebook.policies)
    for one in folds:
        subject_id = one.after.subject_id
        try:
            if one.touches_cycles:
                written.add(_restate(rulebook, one, ground))
        except (BusinessTimeError, ClocksError) as error:
            failed[subject_id] = error
        else:
            written.states.append(one.after)
            if names:
                known = None if one.before is None else one.before.attributes
                written.attributes[subject_id] = attribute_changes(known, one.after.attributes, names)
    return written


def _restate(rulebook: Rulebook, one: _Fold, ground: _Ground) -> Restatement:
    return restate(
        one.known,
        one.after,
        ground.standings.get(one.after.subject_id, {}),
        rulebook.counted_on,
        now_us=ground.now_us,
        before=one.before,
        past=ground.past,
    )


async def _write(connection: Connection, rulebook: Rulebook, written: _Written, cause: str) -> None:
    if written.revised:
        await keep_revisions(connection, written.revised, cause=cause)
    if written.removed:
        await delete_cycles(connection, written.removed)
    if written.saved:
        await save_cycles(connection, written.saved)
    if written.states:
        await save_subjects(connection, written.states, folded_revision=rulebook.revisions.policies)
    if written.attributes:
        await save_attributes(connection, written.attributes)
    await insert_firings(connection, written.notices)
    await tell(connection, written.notices)
