"""Cycles as they are read: what the rows of one Subject's know beside its state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from clocks.domain.standing import CycleKey
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["Edition", "read_edition", "read_revisions_known", "read_subject_cycles"]

_SQL = load_blocks("clocks.storage", "readings.sql")
_MAX_CYCLE = 2**31


class Edition(NamedTuple):
    """What a Cycle's row knows and its state does not."""

    calendar_version: int
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
