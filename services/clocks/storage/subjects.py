"""Subjects and their folded state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from businesstime import from_us, to_us
from clocks.domain.cycle import SubjectState, empty_state
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "LockedSubject",
    "LockedSubjects",
    "PagedSubject",
    "StoredSubject",
    "count_subjects",
    "decode_state",
    "lock_subjects",
    "make_subjects",
    "read_subject",
    "read_subjects_page",
    "save_subjects",
]

_SQL = load_blocks("clocks.storage", "subjects.sql")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(SubjectState)


class LockedSubject(NamedTuple):
    """A Subject that this transaction has locked; `encoded` is its state, None before its first fold."""

    subject_id: str
    encoded: bytes | None
    folded_revision: int

    def state(self) -> SubjectState:
        """Read the state, at the price of an eighth of folding it on."""
        return empty_state(self.subject_id) if self.encoded is None else decode_state(self.encoded)


class LockedSubjects(NamedTuple):
    """Subjects in order of id, and the database's time before they were locked."""

    subjects: Sequence[LockedSubject]
    at_us: int


class StoredSubject(NamedTuple):
    """A Subject as it is read."""

    state: SubjectState
    last_occurred_at: datetime
    events: int


class PagedSubject(NamedTuple):
    """A Subject on a walk over all of them; `events`: how many it was folded from."""

    subject_id: str
    state: SubjectState
    events: int


def decode_state(state: bytes) -> SubjectState:
    """Read a state as `save_subjects` wrote it."""
    return _DECODER.decode(state)


async def make_subjects(connection: Connection, subject_ids: Sequence[str]) -> None:
    """Make rows for Subjects never seen, so that they can be locked."""
    await connection.execute(_SQL["make_subjects"], subject_ids)


async def lock_subjects(connection: Connection, subject_ids: Sequence[str]) -> LockedSubjects:
    """Lock Subjects, in order of id."""
    rows = await connection.fetch(_SQL["lock_subjects"], subject_ids)
    subjects = [LockedSubject(subject_id, state, revision) for subject_id, state, revision, _ in rows]
    return LockedSubjects(subjects, max((to_us(row[3]) for row in rows), default=0))


async def save_subjects(
    connection: Connection, states: Sequence[SubjectState], *, folded_revision: int
) -> None:
    """Write the states of locked Subjects, none of them empty."""
    if not states:
        return
    last = [state.last for state in states if state.last is not None]
    await connection.execute(
        _SQL["save_subjects"],
        [state.subject_id for state in states],
        [_ENCODER.encode(state) for state in states],
        [from_us(position.occurred_at_us) for position in last],
        [state.events for state in states],
        folded_revision,
    )


async def read_subject(connection: Connection, subject_id: str) -> StoredSubject | None:
    """Read one Subject."""
    row = await connection.fetchrow(_SQL["read_subject"], subject_id)
    return None if row is None else StoredSubject(decode_state(row["state"]), *list(row)[1:])


async def read_subjects_page(connection: Connection, *, after: str, limit: int) -> Sequence[PagedSubject]:
    """Read the next Subjects in order of id."""
    rows = await connection.fetch(_SQL["read_subjects_page"], after, limit)
    return [PagedSubject(row[0], decode_state(row[1]), row[2]) for row in rows]


async def count_subjects(connection: Connection) -> int:
    """Count the Subjects."""
    counted: int = await connection.fetchval(_SQL["count_subjects"])
    return counted
