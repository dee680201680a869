"""The versions of a tenant's default Calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["DefaultRow", "insert_default", "read_defaults"]

_SQL = load_blocks("clocks.storage", "default_calendars.sql")


class DefaultRow(NamedTuple):
    """A version as it was saved."""

    version: int
    calendar_key: str
    effective_from: datetime | None
    created_at: datetime
    created_by: str


async def read_defaults(connection: Connection, known_at: datetime | None = None) -> Sequence[DefaultRow]:
    """Read every version, or those that had been saved by an instant; oldest first."""
    return [DefaultRow(*row) for row in await connection.fetch(_SQL["read_defaults"], known_at)]


async def insert_default(connection: Connection, row: DefaultRow) -> None:
    """Write a version."""
    await connection.execute(_SQL["insert_default"], *row)
