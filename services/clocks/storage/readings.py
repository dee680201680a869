"""Cycles as they are read: one Subject's, and those that a measure counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import NamedTuple

from clocks.domain.cycle import Outcome
from clocks.domain.standing import CycleKey
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "CountedCycle",
    "Edition",
    "Period",
    "counted_cycles",
    "pending_cycles",
    "read_edition",
    "read_revisions_known",
    "read_subject_cycles",
]

_SQL = load_blocks("clocks.storage", "readings.sql")
_PREFETCH = 1_000
_MAX_CYCLE = 2**31


class Edition(NamedTuple):
    """What a Cycle's row knows and its state does not."""

    calendar_version: int
    revision: int


class Period(NamedTuple):
    """Which Cycles of a Metric a measure counts: those of [start, end), as known at `now`."""

    policy_key: str
    metric: str
    start: datetime
    end: datetime
    now: datetime
    target: str | None


class CountedCycle(NamedTuple):
    """A Cycle that is met or breached, and the instant that puts it into the period."""

    subject_id: str
    cycle: int
    target: str
    outcome: Outcome
    counted_at: datetime
    revision: int


async def read_edition(connection: Connection, key: CycleKey) -> Edition | None:
    """Read one Cycle's edition; None where there is no such Cycle."""
    if not 0 < key.cycle < _MAX_CYCLE:
        return None
    row = await connection.fetchrow(_SQL["read_edition"], *key)
    return None if row is None else Edition(*row)


async def read_subject_cycles(
    connection: Connection, subject_id: str
) -> Mapping[tuple[str, str, int], Edition]:
    """Read the editions of a Subject's Cycles, by (policy, metric, number)."""
    rows = await connection.fetch(_SQL["read_subject_cycles"], subject_id)
    return {(row[0], row[1], row[2]): Edition(row[3], row[4]) for row in rows}


async def read_revisions_known(
    connection: Connection, subject_id: str, known_at: datetime
) -> Mapping[tuple[str, str, int], int]:
    """Read the revisions that a Subject's Cycles had by an instant, by (policy, metric, number)."""
    rows = await connection.fetch(_SQL["read_revisions_known"], subject_id, known_at)
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def counted_cycles(connection: Connection, period: Period) -> AsyncIterator[CountedCycle]:
    """Iterate over the Cycles met or breached in a period, in order of (subject, number)."""
    async for row in connection.cursor(_SQL["counted_cycles"], *period, prefetch=_PREFETCH):
        yield CountedCycle(*row)


async def pending_cycles(connection: Connection, period: Period) -> int:
    """Count the Cycles that were open at the period's end and neither met nor breached."""
    counted: int = await connection.fetchval(
        _SQL["pending_cycles"], period.policy_key, period.metric, period.end, period.now, period.target
    )
    return counted
