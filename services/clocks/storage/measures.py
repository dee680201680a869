"""What measures look at: raw events, stopped Cycles, and attributes as they stood at an instant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from businesstime import Interval, from_us, to_us
from clocks.domain.cycle import SubjectState
from clocks.domain.measures.item import Fact
from clocks.storage.subjects import decode_state
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "StoppedCycle",
    "facts_of_lasting",
    "facts_of_subjects",
    "facts_of_types",
    "read_attributes_at",
    "stopped_cycles",
]

_SQL = load_blocks("clocks.storage", "measures.sql")
_PREFETCH = 1_000
_PORTION = 5_000


class StoppedCycle(NamedTuple):
    """A Cycle that stopped, and the Subject's state to read it from."""

    subject_id: str
    cycle: int
    target: str
    stopped_at: datetime
    revision: int
    state: SubjectState


async def facts_of_types(
    connection: Connection, types: Sequence[str], interval: Interval
) -> AsyncIterator[Fact]:
    """Iterate over the events of types in an Interval, in order of (subject, time)."""
    bounds = (from_us(interval.start_us), from_us(interval.end_us))
    async for row in connection.cursor(_SQL["facts_of_types"], list(types), *bounds, prefetch=_PREFETCH):
        yield _fact(*row)


async def facts_of_subjects(
    connection: Connection,
    types: Sequence[str],
    *,
    having: Sequence[str],
    interval: Interval,
    until_us: int,
) -> AsyncIterator[Fact]:
    """Iterate over the events before `until_us`, of Subjects that have one of `having` in the Interval."""
    bounds = (from_us(interval.start_us), from_us(interval.end_us), from_us(until_us))
    arguments = (list(types), list(having), *bounds)
    async for row in connection.cursor(_SQL["facts_of_subjects"], *arguments, prefetch=_PREFETCH):
        yield _fact(*row)


async def facts_of_lasting(
    connection: Connection, started: str, ended: str, *, interval: Interval, until_us: int
) -> AsyncIterator[Fact]:
    """Iterate over the events before `until_us` that begin and end what touches the Interval.

    They are those of Subjects of which some outage does, and may tell of others beside it.
    """
    bounds = (from_us(interval.start_us), from_us(interval.end_us), from_us(until_us))
    async for row in connection.cursor(_SQL["facts_of_lasting"], started, ended, *bounds, prefetch=_PREFETCH):
        yield _fact(*row)


async def stopped_cycles(
    connection: Connection, policy_key: str, metric: str, target: str | None, interval: Interval
) -> AsyncIterator[StoppedCycle]:
    """Iterate over the Cycles of a Metric that stopped in an Interval, in order of (subject, number)."""
    arguments = (policy_key, metric, from_us(interval.start_us), from_us(interval.end_us), target)
    async for row in connection.cursor(_SQL["stopped_cycles"], *arguments, prefetch=_PREFETCH):
        subject_id, cycle, held, stopped_at, revision, state = row
        yield StoppedCycle(subject_id, cycle, held, stopped_at, revision, decode_state(state))


async def read_attributes_at(
    connection: Connection, asked: Sequence[tuple[str, int]], names: Sequence[str]
) -> list[tuple[str | None, ...]]:
    """Read, for each Subject and instant, the values of the attributes named; None where it has none."""
    values: list[tuple[str | None, ...]] = []
    for start in range(0, len(asked), _PORTION):
        portion = asked[start : start + _PORTION]
        rows = await connection.fetch(
            _SQL["attributes_at"],
            [subject_id for subject_id, _ in portion],
            [from_us(at_us) for _, at_us in portion],
            list(names),
        )
        values.extend(tuple(row[0]) for row in rows)
    return values


def _fact(
    subject_id: str,
    occurred_at: datetime,
    event_type: str,
    attributes: str,
    event_id: str,
    content_hash: bytes,
) -> Fact:
    mark = f"{event_id} {content_hash.hex()}"
    return Fact(subject_id, to_us(occurred_at), event_type, msgspec.json.decode(attributes), mark)
