"""Plain Cycles, many at once: see `domain.spans`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from businesstime import from_us, to_us
from clocks.domain.instant import instant
from clocks.domain.recount import Promise
from clocks.domain.standing import CycleKey, Standing
from clocks.storage.cycles import locked_cycles
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "LockedPlainCycles",
    "NewDates",
    "PlainCycle",
    "lock_plain_cycles",
    "read_locked_cycles",
    "redate_cycles",
    "redate_silent_cycles",
]

_SQL = load_blocks("clocks.storage", "plain_cycles.sql")


class PlainCycle(NamedTuple):
    """A locked Cycle, what it is counted by and when it was due. silent: nothing of it was ever fired."""

    key: CycleKey
    promise: Promise
    target_us: int
    due_us: int | None
    spans: Sequence[int]
    silent: bool


class LockedPlainCycles(NamedTuple):
    """Cycles in order of their keys, and the database's time when all were locked."""

    cycles: Sequence[PlainCycle]
    at_us: int


class NewDates(NamedTuple):
    """Silent Cycles of one promise, column by column; all there is to fire, and whether due is another.

    due_at: RFC 3339 with microseconds, as messages have it; or None. left_us: of what is paused.
    fire_at: shape (n, thresholds).
    """

    keys: Sequence[CycleKey]
    due_at: Sequence[str | None]
    left_us: Sequence[int | None]
    fire_at: Sequence[Sequence[str]]
    thresholds: Sequence[str]
    changed: Sequence[bool]


async def lock_plain_cycles(
    connection: Connection, *, calendar_key: str, after_subject_id: str, limit: int
) -> LockedPlainCycles:
    """Lock the next plain Cycles on a Calendar, about so many: Subjects are not cut in two."""
    await connection.execute(_SQL["prefer_lookups"])
    rows = await connection.fetch(_SQL["lock_plain_cycles"], calendar_key, after_subject_id, limit)
    cycles = [
        PlainCycle(
            CycleKey(subject_id, policy_key, metric, cycle),
            Promise(policy_key, policy_version, metric, target),
            *rest,
        )
        for subject_id, policy_key, metric, cycle, policy_version, target, *rest, _ in rows
    ]
    return LockedPlainCycles(cycles, to_us(rows[-1]["locked_at"]) if rows else 0)


async def read_locked_cycles(
    connection: Connection, keys: Sequence[CycleKey], *, at_us: int
) -> Mapping[CycleKey, Standing]:
    """Read how locked Cycles stand."""
    columns = zip(*keys, strict=True)
    rows = await connection.fetch(
        _SQL["read_locked_cycles"], *(list(column) for column in columns), from_us(at_us)
    )
    return locked_cycles(rows).standings


async def redate_silent_cycles(
    connection: Connection, dates: NewDates, *, calendar_version: int, cause: str
) -> None:
    """Write locked Cycles, keep the numbers of those that are due at another time, and tell of them."""
    thresholds = _array_text(dates.thresholds)
    await connection.execute(
        _SQL["redate_silent_cycles"],
        *(list(column) for column in zip(*dates.keys, strict=True)),
        list(dates.due_at),
        list(dates.left_us),
        ["{" + ",".join(instants) + "}" for instants in dates.fire_at],
        [thresholds] * len(dates.keys),
        list(dates.changed),
        calendar_version,
        cause,
    )


async def redate_cycles(
    connection: Connection,
    standings: Mapping[CycleKey, Standing],
    *,
    changed: Mapping[CycleKey, Any],
    calendar_version: int,
) -> None:
    """Write locked Cycles in their order, and a `cycle.changed` for each that is in `changed`."""
    rows = [(*_columns(key, standing), key in changed) for key, standing in standings.items()]
    columns = zip(*rows, strict=True)
    await connection.execute(_SQL["redate_cycles"], *(list(column) for column in columns), calendar_version)


def _columns(key: CycleKey, standing: Standing) -> tuple[Any, ...]:
    return (
        *key,
        standing.outcome,
        instant(standing.due_at_us),
        instant(standing.breached_at_us),
        standing.left_us,
        _array_text([from_us(at_us).isoformat() for at_us, _ in standing.fire]),
        _array_text([threshold for _, threshold in standing.fire]),
        _array_text(standing.fired),
        standing.generation,
        standing.revision,
    )


def _array_text(texts: Sequence[str]) -> str:
    """Write an array as a text of its own."""
    # Arrays of arrays cannot be unnested by rows, so an array travels as the text that PostgreSQL reads.
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
