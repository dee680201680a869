"""Firing across tenants: what is due is claimed, moved on, entered and told by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg
import structlog

from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["FIRST_INSTANT", "Fired", "fire_due", "next_due_us", "read_open_transactions"]

_SQL = load_blocks("clocks.storage", "firing.sql")

_LOG = structlog.get_logger("firing")

FIRST_INSTANT = datetime(1, 1, 1, tzinfo=UTC)
"""A low-water mark below everything."""


class Fired(NamedTuple):
    """A threshold that was fired: its true time, and how long after it the statement was done."""

    tenant_id: str
    threshold: str
    at: datetime
    lag_us: int


async def fire_due(connection: Connection, *, limit: int, low: datetime = FIRST_INSTANT) -> Sequence[Fired]:
    """Fire what is past, at most `limit` and not before `low`; on a connection without a tenant.

    A Cycle whose threshold was fired already is no reason to fire nobody's: it is moved on, and nothing told.
    """
    try:
        return [Fired(*row) for row in await connection.fetch(_SQL["fire_due"], limit, low)]
    except asyncpg.UniqueViolationError:
        passed: int = await connection.fetchval(_SQL["pass_fired"], limit)
        _LOG.exception("thresholds were due that had been fired", cycles=passed)
    return [Fired(*row) for row in await connection.fetch(_SQL["fire_due"], limit, low)]


async def next_due_us(connection: Connection, *, low: datetime = FIRST_INSTANT) -> int | None:
    """Say in how many microseconds the next threshold comes, by the database's time; None: none is left."""
    due_us: int | None = await connection.fetchval(_SQL["next_due"], low)
    return due_us


async def read_open_transactions(connection: Connection) -> frozenset[str]:
    """Name the transactions that are open on the server; each name is used once while the server runs."""
    return frozenset(row["virtualtransaction"] for row in await connection.fetch(_SQL["open_transactions"]))
