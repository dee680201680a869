"""Cycles that a change of Calendars would touch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from clocks.domain.cycle import Outcome, Phase, SubjectState
from clocks.domain.standing import CycleKey
from clocks.storage.subjects import decode_state
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = ["OtherCycle", "digest_cycles", "read_other_cycles", "read_plain_cycles"]

_SQL = load_blocks("clocks.storage", "amendments.sql")


class OtherCycle(NamedTuple):
    """A Cycle that is not plain, as it stands, and the state to count it from."""

    key: CycleKey
    target: str
    phase: Phase
    outcome: Outcome
    due_at: datetime | None
    stopped_at: datetime | None
    state: SubjectState


async def read_plain_cycles(
    connection: Connection, *, calendar_key: str, after_subject_id: str, limit: int
) -> list[Row]:
    """Read the next ones: a key's four columns, target, target_us, phase, outcome, due_us, spans."""
    return await connection.fetch(_SQL["plain_cycles"], calendar_key, after_subject_id, limit)


async def read_other_cycles(
    connection: Connection,
    *,
    calendar_keys: Sequence[str],
    since: datetime,
    after_subject_id: str,
    limit: int,
) -> list[OtherCycle]:
    """Read the next ones, whole Subjects, in order."""
    rows = await connection.fetch(_SQL["other_cycles"], list(calendar_keys), after_subject_id, since, limit)
    kept = await connection.fetch(_SQL["states"], list({row["subject_id"] for row in rows}))
    states = {subject_id: decode_state(state) for subject_id, state in kept}
    return [_other(row, states[row["subject_id"]]) for row in rows]


async def digest_cycles(connection: Connection, *, calendar_keys: Sequence[str], since: datetime) -> str:
    """Digest all that a plan says of Cycles."""
    row = await connection.fetchrow(_SQL["digest_cycles"], list(calendar_keys), since)
    return "" if row is None else f"{row['cycles']}:{row['digest']}"


def _other(row: Row, state: SubjectState) -> OtherCycle:
    return OtherCycle(
        key=CycleKey(row[0], row[1], row[2], row[3]),
        target=row["target"],
        phase=row["phase"],
        outcome=row["outcome"],
        due_at=row["due_at"],
        stopped_at=row["stopped_at"],
        state=state,
    )
