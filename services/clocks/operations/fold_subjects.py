"""Fold events onto Subjects and write what becomes of their Cycles: the heart of ingest and of refolding.

Runs in the caller's transaction, which holds the rulebook. Locks are taken in the order Subjects by id, then
Cycles by key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from businesstime import BusinessTimeError
from clocks.domain.cycle import SubjectState, empty_state
from clocks.domain.errors import ClocksError
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.restatement import Restatement, restate
from clocks.domain.standing import CycleKey, Notice, Standing
from clocks.operations.load_rulebook import Rulebook
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
class _Ground:
    """What Subjects are folded on: their logs where they are folded anew, and how their Cycles stand."""

    logs: Mapping[str, Sequence[Event]]
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

    def add(self, state: SubjectState, restatement: Restatement) -> None:
        self.states.append(state)
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
    subject_ids = sorted(events)
    locked = await lock_subjects(connection, subject_ids)
    ground = await _read_ground(connection, rulebook, locked, events)
    written, failed = _fold_all(rulebook, locked.subjects, events, ground, anew=anew)
    await _write(connection, rulebook, written, cause)
    due = (standing.fire[0][0] for standing in written.saved.values() if standing.fire)
    return Folded(failed=failed, due_at_us=min(due, default=None))


async def _read_ground(
    connection: Connection, rulebook: Rulebook, locked: LockedSubjects, events: NewEvents
) -> _Ground:
    subjects = locked.subjects
    late = [
        subject.subject_id
        for subject in subjects
        if not _goes_on(subject, rulebook, events[subject.subject_id])
    ]
    known = [subject.subject_id for subject in subjects if subject.state is not None]
    standings: dict[str, dict[CycleKey, Standing]] = {}
    cycles = await lock_cycles(connection, known) if known else LockedCycles({}, locked.at_us)
    for key, standing in cycles.standings.items():
        standings.setdefault(key.subject_id, {})[key] = standing
    return _Ground(
        logs=await read_events(connection, late) if late else {},
        standings=standings,
        past=await read_past_cycles(connection, late) if late else {},
        now_us=max(locked.at_us, cycles.at_us),
    )


def _goes_on(subject: LockedSubject, rulebook: Rulebook, events: Iterable[Event]) -> bool:
    """Tell whether a Subject's state can be folded on from where it is."""
    if subject.state is None or subject.state.last is None:
        return True
    last = subject.state.last
    return subject.folded_revision == rulebook.revisions.policies and all(
        event.position > last for event in events
    )


def _fold_all(
    rulebook: Rulebook, subjects: Sequence[LockedSubject], events: NewEvents, ground: _Ground, *, anew: bool
) -> tuple[_Written, Mapping[str, Exception]]:
    written = _Written()
    failed: dict[str, Exception] = {}
    for subject in subjects:
        try:
            state, restatement = _fold_one(rulebook, subject, events[subject.subject_id], ground, anew=anew)
        except (BusinessTimeError, ClocksError) as error:
            failed[subject.subject_id] = error
        else:
            written.add(state, restatement)
    return written, failed


def _fold_one(
    rulebook: Rulebook, subject: LockedSubject, events: Sequence[Event], ground: _Ground, *, anew: bool
) -> tuple[SubjectState, Restatement]:
    log = ground.logs.get(subject.subject_id)
    if log is None:
        known = subject.state or empty_state(subject.subject_id)
        after = fold(known, events, rulebook.policies)
    else:
        known, after = _fold_log(rulebook, subject, log)
    restatement = restate(
        known,
        after,
        ground.standings.get(subject.subject_id, {}),
        rulebook.counted_on,
        now_us=ground.now_us,
        before=None if anew or log is not None else subject.state,
        past=ground.past,
    )
    return after, restatement


def _fold_log(
    rulebook: Rulebook, subject: LockedSubject, log: Sequence[Event]
) -> tuple[SubjectState, SubjectState]:
    """Fold a whole log; the first state stands where the Subject's old one stood, the second after all."""
    last = subject.state.last if subject.state is not None else None
    split = 0 if last is None else sum(event.position <= last for event in log)
    known = fold(empty_state(subject.subject_id), log[:split], rulebook.policies)
    return known, fold(known, log[split:], rulebook.policies)


async def _write(connection: Connection, rulebook: Rulebook, written: _Written, cause: str) -> None:
    if written.revised:
        await keep_revisions(connection, written.revised, cause=cause)
    if written.removed:
        await delete_cycles(connection, written.removed)
    if written.saved:
        await save_cycles(connection, written.saved)
    if written.states:
        await save_subjects(connection, written.states, folded_revision=rulebook.revisions.policies)
    await insert_firings(connection, written.notices)
    await tell(connection, written.notices)
