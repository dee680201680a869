"""The rulebook of a tenant: its revision, and which version of which Calendar its Cycles are counted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "CalendarCopy",
    "Revisions",
    "change_calendars",
    "change_policies",
    "ensure_rulebook",
    "hold_rulebook",
    "read_calendar_copies",
    "read_rulebook",
    "read_timelines",
    "save_calendar_copy",
]

_SQL = load_blocks("clocks.storage", "rulebooks.sql")


class Revisions(NamedTuple):
    """revision: of the whole rulebook; policies: the one that last changed the policies."""

    revision: int
    policies: int


class CalendarCopy(NamedTuple):
    """A Calendar's version as taken over, and the content key of its compiled Timeline."""

    calendar_key: str
    version: int
    content_key: str


async def ensure_rulebook(connection: Connection) -> None:
    """Make the tenant's rulebook where there is none, so that it can be held."""
    await connection.execute(_SQL["ensure_rulebook"])


async def hold_rulebook(connection: Connection) -> int | None:
    """Keep the rules as they are until the transaction ends, and answer their revision."""
    revision: int | None = await connection.fetchval(_SQL["hold_rulebook"])
    return revision


async def change_policies(connection: Connection) -> None:
    """Count a change of policies; waits for all that hold the rules."""
    await connection.execute(_SQL["take_turn"])
    await connection.execute(_SQL["change_policies"])


async def change_calendars(connection: Connection) -> None:
    """Count a change of calendar copies; waits for all that hold the rules."""
    await connection.execute(_SQL["take_turn"])
    await connection.execute(_SQL["change_calendars"])


async def read_rulebook(connection: Connection) -> Revisions:
    """Read the revisions as of now."""
    row = await connection.fetchrow(_SQL["read_rulebook"])
    return Revisions(0, 0) if row is None else Revisions(*row)


async def read_calendar_copies(connection: Connection) -> Sequence[CalendarCopy]:
    """Read all copies, in order of key."""
    return [CalendarCopy(*row) for row in await connection.fetch(_SQL["read_calendar_copies"])]


async def read_timelines(connection: Connection, calendar_keys: Sequence[str]) -> Mapping[str, bytes]:
    """Read compiled Timelines, by content key."""
    rows = await connection.fetch(_SQL["read_timelines"], list(calendar_keys))
    return {row["content_key"]: row["blob"] for row in rows}


async def save_calendar_copy(
    connection: Connection, copy: CalendarCopy, *, blob: bytes, revision: int, compiled_anew: bool
) -> bool:
    """Take a version over, unless it is known or older; tell whether it was taken.

    compiled_anew: take it over also where the version is known, and was compiled to another Timeline.
    """
    row = await connection.fetchrow(_SQL["save_calendar_copy"], *copy, blob, revision, compiled_anew)
    return row is not None
