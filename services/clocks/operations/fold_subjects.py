"""Fold events onto Subjects and write what becomes of their Cycles: the heart of ingest and of refolding.

Runs in the caller's transaction, which holds the rulebook and has locked the Subjects; it locks the Cycles.
Folding takes this process about as long as entering the events takes PostgreSQL, so both are done at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from businesstime import BusinessTimeError
from clocks.domain.action import takes_back
from clocks.domain.cycle import SubjectState
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
    cycle_rows,
    delete_cycles,
    insert_firings,
    keep_revisions,
    lock_cycles,
    read_past_cycles,
    save_cycles,
)
from clocks.storage.events import NewEvent, insert_events, read_events
from clocks.storage.messages import messages_of, tell
from clocks.storage.subjects import LockedSubjects, save_subjects
from pgstore.connection import Connection
from pgstore.meanwhile import meanwhile

__all__ = ["Folded", "fold_subjects"]


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


@dataclass(slots=True)
class _Folds:
    """Subjects folded, in order of id. late: the states of those that wait for their whole log to be read."""

    done: list[_Fold] = field(default_factory=list)
    late: list[SubjectState] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


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
    connection: Connection,
    rulebook: Rulebook,
    locked: LockedSubjects,
    new: Sequence[NewEvent] = (),
    *,
    cause: str,
    anew: bool = False,
) -> Folded:
    """Enter new events of locked Subjects and fold them; `cause` is written into revisions.

    A Subject is folded on from its state where its events come after it, and anew from its whole log where
    they are late or policies have changed. anew: look at all that are locked, and at Cycles whose events are
    none of the new ones, too.
    """
    _, folds = await meanwhile(
        insert_events(connection, new), lambda: _fold_all(rulebook, locked, _by_subject(new), anew=anew)
    )
    if folds.late:
        await _fold_late(connection, rulebook, folds)
    ground = await _read_ground(connection, locked, folds.done)
    written = _restate_all(rulebook, folds.done, ground, folds.failed)
    await _write(connection, rulebook, written, cause)
    due = (standing.fire[0][0] for standing in written.saved.values() if standing.fire)
    return Folded(failed=folds.failed, due_at_us=min(due, default=None))


def _by_subject(new: Iterable[NewEvent]) -> Mapping[str, Sequence[Event]]:
    events: dict[str, list[Event]] = {}
    for one in new:
        events.setdefault(one.event.subject_id, []).append(one.event)
    return events


def _fold_all(
    rulebook: Rulebook, locked: LockedSubjects, events: Mapping[str, Sequence[Event]], *, anew: bool
) -> _Folds:
    """Fold Subjects on from where they are; leave aside those of which the whole log is needed."""
    folds = _Folds()
    for subject in locked.subjects:
        told = events.get(subject.subject_id, ())
        if not told and not anew:
            continue
        known = subject.state()
        if not _goes_on(known, told, up_to_date=subject.folded_revision == rulebook.revisions.policies):
            folds.late.append(known)
            continue
        try:
            after = fold(known, told, rulebook.policies)
        except (BusinessTimeError, ClocksError) as error:
            folds.failed[subject.subject_id] = error
        else:
            stored = subject.encoded is not None
            folds.done.append(_Fold(known=known, after=after, before=None if anew else known, stored=stored))
    return folds


def _goes_on(state: SubjectState, events: Sequence[Event], *, up_to_date: bool) -> bool:
    """Tell whether a Subject's state can be folded on from where it is."""
    last = state.last
    return last is None or (
        up_to_date
        and all(event.comes_after(last) for event in events)
        and not takes_back(state.actions, events)
    )


async def _fold_late(connection: Connection, rulebook: Rulebook, folds: _Folds) -> None:
    """Fold whole logs, now that all events are in them."""
    logs = await read_events(connection, [state.subject_id for state in folds.late])
    for state in folds.late:
        try:
            folds.done.append(_fold_log(rulebook, state, logs[state.subject_id]))
        except (BusinessTimeError, ClocksError) as error:
            folds.failed[state.subject_id] = error
    folds.done.sort(key=_subject_id)


def _fold_log(rulebook: Rulebook, state: SubjectState, log: Sequence[Event]) -> _Fold:
    """Fold a whole log, with a stop where the Subject's old state stood."""
    split = 0 if state.last is None else sum(not event.comes_after(state.last) for event in log)
    known, after = fold_in_two(state.subject_id, log, split, rulebook.policies)
    return _Fold(known=known, after=after, before=None, stored=True)


def _subject_id(one: _Fold) -> str:
    return one.after.subject_id


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
    """Write what has become of Subjects; while one table is written, rows of the next are put together."""
    if written.revised:
        await keep_revisions(connection, written.revised, cause=cause)
    if written.removed:
        await delete_cycles(connection, written.removed)
    _, rows = await meanwhile(
        save_subjects(connection, written.states, folded_revision=rulebook.revisions.policies),
        lambda: cycle_rows(written.saved),
    )
    if written.attributes:
        await save_attributes(connection, written.attributes)
    if written.saved or written.notices:
        _, messages = await meanwhile(save_cycles(connection, rows), lambda: messages_of(written.notices))
        await insert_firings(connection, written.notices)
        await tell(connection, messages)
