"""Revisions: what the numbers of a Cycle were, before they turned out to have been wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from clocks.contract import RevisionRecord
from clocks.domain.standing import CycleKey
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["read_revisions"]

_SQL = load_blocks("clocks.storage", "revisions.sql")


async def read_revisions(
    connection: Connection, key: CycleKey, known: datetime | None, *, limit: int
) -> Sequence[RevisionRecord]:
    """Read the latest Revisions of a Cycle, oldest first; known: those until then alone."""
    rows = await connection.fetch(_SQL["read_revisions"], *key, known, limit)
    return [RevisionRecord(**dict(row)) for row in reversed(rows)]
