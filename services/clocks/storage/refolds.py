"""Work left after a change of rules: which Subjects are to be looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "Refold",
    "Scope",
    "advance_refold",
    "claim_refold",
    "delete_refold",
    "insert_refold",
    "postpone_refold",
    "subjects_to_refold",
    "tenants_to_refold",
    "widen_refold",
]

Scope = Literal["all", "plain", "rest"]

_MAX_REASON = 1_000
_SQL = load_blocks("clocks.storage", "refolds.sql")


class Refold(NamedTuple):
    """Work in hand.

    cause: written into the revisions. calendar_key: only Subjects with a Cycle on this Calendar; None: all.
    since: only Cycles open, or Subjects with an event, at or after it; None: always.
    after_subject_id: how far the work has come. scope: all such Cycles, only plain ones, or the rest.
    """

    refold_id: int
    cause: str
    calendar_key: str | None
    since: datetime | None
    after_subject_id: str
    scope: Scope


async def insert_refold(
    connection: Connection,
    *,
    cause: str,
    calendar_key: str | None,
    since: datetime | None,
    scope: Scope = "all",
) -> None:
    """Leave work for a worker, in the transaction of the change that makes it."""
    await connection.execute(_SQL["insert_refold"], cause, calendar_key, since, scope)


async def tenants_to_refold(connection: Connection, *, limit: int) -> Sequence[str]:
    """List tenants for which work is left; on a connection without a tenant."""
    return [row[0] for row in await connection.fetch(_SQL["tenants_to_refold"], limit)]


async def claim_refold(connection: Connection) -> Refold | None:
    """Take the tenant's oldest work that no other worker has in hand and that is not put off."""
    row = await connection.fetchrow(_SQL["claim_refold"])
    return None if row is None else Refold(*row)


async def subjects_to_refold(connection: Connection, refold: Refold, *, limit: int) -> list[str]:
    """List the next Subjects of the work, in order of id."""
    if refold.calendar_key is None:
        rows = await connection.fetch(_SQL["subjects_since"], refold.after_subject_id, refold.since, limit)
    else:
        rows = await connection.fetch(
            _SQL["subjects_on_calendar"],
            refold.after_subject_id,
            refold.calendar_key,
            refold.since,
            limit,
            refold.scope == "all",
        )
    return [row[0] for row in rows]


async def advance_refold(connection: Connection, refold: Refold, *, after_subject_id: str) -> None:
    """Note how far the work has come."""
    await connection.execute(_SQL["advance_refold"], refold.refold_id, after_subject_id)


async def postpone_refold(connection: Connection, *, reason: str) -> None:
    """Put off the tenant's oldest work, which failed for that reason: longer each time, up to a minute."""
    await connection.execute(_SQL["postpone_refold"], reason.replace("\x00", "")[:_MAX_REASON])


async def widen_refold(connection: Connection, refold: Refold) -> None:
    """Let work on plain Cycles go on as work on all of them, from where it is."""
    await connection.execute(_SQL["widen_refold"], refold.refold_id)


async def delete_refold(connection: Connection, refold: Refold) -> None:
    """Strike the work off: it is done."""
    await connection.execute(_SQL["delete_refold"], refold.refold_id)
