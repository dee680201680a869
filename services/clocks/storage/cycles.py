"""Cycles as they stand, their revisions, and the ledger of what was fired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from businesstime import from_us, to_us
from clocks.domain.firing import BREACH
from clocks.domain.instant import instant, microseconds
from clocks.domain.standing import CycleKey, Notice, Standing
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = [
    "LockedCycles",
    "PastCycle",
    "cycle_rows",
    "delete_cycles",
    "insert_firings",
    "keep_revisions",
    "lock_cycles",
    "locked_cycles",
    "read_past_cycles",
    "save_cycles",
]

_SQL = load_blocks("clocks.storage", "cycles.sql")
_ENCODER = msgspec.json.Encoder()
_FIRED = {"breach.fired", "breach.restated"}


class _CycleRow(msgspec.Struct, gc=False):
    """A row on its way, as JSON: the columns of `save_cycles` by their names."""

    subject_id: str
    policy_key: str
    metric: str
    cycle: int
    policy_version: int
    target: str
    target_us: int
    calendar_key: str
    calendar_version: int
    calendar_rule: str
    calendar_keys: Sequence[str]
    phase: str
    outcome: str
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    ended_at: datetime | None
    left_us: int | None
    fire_at: Sequence[datetime]
    fire_threshold: Sequence[str]
    fired: Sequence[str]
    generation: int
    revision: int
    spans: Sequence[int] | None


class LockedCycles(NamedTuple):
    """How Cycles stand, and the database's time when all were locked: later than what was fired."""

    standings: Mapping[CycleKey, Standing]
    at_us: int


class PastCycle(NamedTuple):
    """How far a Cycle's numbers had come when it was restated last."""

    generation: int
    revision: int


async def lock_cycles(connection: Connection, subject_ids: Sequence[str]) -> LockedCycles:
    """Lock the Cycles of locked Subjects; nobody fires them until the transaction ends."""
    rows = await connection.fetch(_SQL["lock_cycles"], list(subject_ids))
    return locked_cycles(rows)


def locked_cycles(rows: Sequence[Row]) -> LockedCycles:
    """Read rows that begin with a Cycle's key and have all of its columns, and `locked_at`."""
    return LockedCycles(
        {CycleKey(row[0], row[1], row[2], row[3]): _standing(row) for row in rows},
        to_us(rows[-1]["locked_at"]) if rows else 0,
    )


async def read_past_cycles(
    connection: Connection, subject_ids: Sequence[str]
) -> Mapping[CycleKey, PastCycle]:
    """Read how far Cycles had come that were restated, those taken away included."""
    rows = await connection.fetch(_SQL["read_past_cycles"], list(subject_ids))
    return {CycleKey(*list(row)[:4]): PastCycle(row["generation"], row["revision"]) for row in rows}


def cycle_rows(standings: Mapping[CycleKey, Standing]) -> str:
    """Write down Cycles as `save_cycles` takes them, in order of their keys."""
    return _ENCODER.encode([_row(key, standings[key]) for key in sorted(standings)]).decode()


async def save_cycles(connection: Connection, rows: str) -> None:
    """Write locked or new Cycles; see `cycle_rows`."""
    await connection.execute(_SQL["save_cycles"], rows)


async def delete_cycles(connection: Connection, keys: Iterable[CycleKey]) -> None:
    """Take away Cycles that never were; keep their revisions first."""
    await connection.execute(_SQL["delete_cycles"], *_transposed(keys))


async def keep_revisions(connection: Connection, keys: Iterable[CycleKey], *, cause: str) -> None:
    """Keep the numbers that Cycles have now, before they are restated."""
    await connection.execute(_SQL["keep_revisions"], *_transposed(keys), cause)


async def insert_firings(connection: Connection, notices: Iterable[Notice]) -> None:
    """Enter the Breaches that notices fire into the ledger."""
    rows = [
        (*notice.key, notice.standing.generation, BREACH, from_us(notice.at_us))
        for notice in notices
        if notice.type in _FIRED and notice.at_us is not None
    ]
    if rows:
        await connection.execute(
            _SQL["insert_firings"], *(list(column) for column in zip(*rows, strict=True))
        )


def _transposed(keys: Iterable[CycleKey]) -> list[list[Any]]:
    return [list(column) for column in zip(*keys, strict=True)]


def _row(key: CycleKey, standing: Standing) -> _CycleRow:
    return _CycleRow(
        *key,
        standing.policy_version,
        standing.target,
        standing.target_us,
        standing.calendar_key,
        standing.calendar_version,
        standing.calendar_rule,
        standing.calendar_keys,
        standing.phase,
        standing.outcome,
        from_us(standing.started_at_us),
        instant(standing.due_at_us),
        instant(standing.breached_at_us),
        instant(standing.stopped_at_us),
        instant(standing.ended_at_us),
        standing.left_us,
        [from_us(at_us) for at_us, _ in standing.fire],
        [threshold for _, threshold in standing.fire],
        standing.fired,
        standing.generation,
        standing.revision,
        standing.spans,
    )


def _standing(row: Row) -> Standing:
    return Standing(
        policy_version=row["policy_version"],
        target=row["target"],
        target_us=row["target_us"],
        calendar_key=row["calendar_key"],
        calendar_version=row["calendar_version"],
        calendar_rule=row["calendar_rule"],
        calendar_keys=tuple(row["calendar_keys"]),
        phase=row["phase"],
        outcome=row["outcome"],
        started_at_us=to_us(row["started_at"]),
        due_at_us=microseconds(row["due_at"]),
        breached_at_us=microseconds(row["breached_at"]),
        stopped_at_us=microseconds(row["stopped_at"]),
        ended_at_us=microseconds(row["ended_at"]),
        left_us=row["left_us"],
        fire=tuple(zip(map(to_us, row["fire_at"]), row["fire_threshold"], strict=True)),
        fired=tuple(row["fired"]),
        generation=row["generation"],
        revision=row["revision"],
        spans=None if row["spans"] is None else tuple(row["spans"]),
    )
