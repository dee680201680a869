"""Plain Cycles, many at once: see `domain.spans`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from businesstime import from_us
from clocks.domain.standing import CycleKey, Standing
from clocks.storage.cycles import LockedCycles, array_text, instant, locked_cycles
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["lock_plain_cycles", "redate_cycles"]

_SQL = load_blocks("clocks.storage", "plain_cycles.sql")


async def lock_plain_cycles(
    connection: Connection, *, calendar_key: str, after_subject_id: str, limit: int
) -> LockedCycles:
    """Lock the next plain Cycles on a Calendar, about so many: Subjects are not cut in two."""
    rows = await connection.fetch(_SQL["lock_plain_cycles"], calendar_key, after_subject_id, limit)
    return locked_cycles(rows)


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
        array_text([from_us(at_us).isoformat() for at_us, _ in standing.fire]),
        array_text([threshold for _, threshold in standing.fire]),
        array_text(standing.fired),
        standing.generation,
        standing.revision,
    )
