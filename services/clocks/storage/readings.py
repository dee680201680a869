"""Cycles as they are read: pages, one Subject's, and those that a measure counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from clocks.domain.cycle import Outcome, Phase, SubjectState
from clocks.domain.standing import CycleKey
from clocks.storage.subjects import decode_state
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "CountedCycle",
    "CycleFilter",
    "CyclePlace",
    "Edition",
    "ListedCycle",
    "Period",
    "counted_cycles",
    "list_cycles",
    "pending_cycles",
    "read_revisions_known",
    "read_subject_cycles",
]

_SQL = load_blocks("clocks.storage", "readings.sql")
_PREFETCH = 1_000


class Edition(NamedTuple):
    """What a Cycle's row knows and its state does not."""

    calendar_version: int
    revision: int


class CyclePlace(NamedTuple):
    """A place in the order of lists."""

    started_at: datetime
    subject_id: str
    policy_key: str
    metric: str
    cycle: int


class CycleFilter(NamedTuple):
    """What a list is narrowed to; None narrows nothing."""

    policy_key: str | None
    metric: str | None
    target: str | None
    phase: Phase | None
    outcome: Outcome | None
    due_before: datetime | None


class ListedCycle(NamedTuple):
    """A Cycle on a page: its key and edition, and the Subject's state to read it from."""

    key: CycleKey
    edition: Edition
    place: CyclePlace
    state: SubjectState


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


async def list_cycles(
    connection: Connection, narrowed: CycleFilter, *, after: CyclePlace | None, limit: int, now: datetime
) -> Sequence[ListedCycle]:
    """Read Cycles in order of place, those after one."""
    place = after or (None, "", "", "", 0)
    rows = await connection.fetch(_SQL["list_cycles"], *narrowed, *place, limit, now)
    return [
        ListedCycle(
            CycleKey(row["subject_id"], row["policy_key"], row["metric"], row["cycle"]),
            Edition(row["calendar_version"], row["revision"]),
            CyclePlace(row["started_at"], row["subject_id"], row["policy_key"], row["metric"], row["cycle"]),
            decode_state(row["state"]),
        )
        for row in rows
    ]


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
