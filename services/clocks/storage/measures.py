"""What measures look at: raw events, stopped Cycles, and attributes as they stood at an instant."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from businesstime import Interval, from_us
from clocks.domain.measures.columns import Int64Array
from clocks.domain.measures.item import NO_INSTANTS, Facts, Told
from clocks.storage.portions import instants_us, read_portions
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "MOST",
    "StoppedCycles",
    "facts_of_lasting",
    "facts_of_subjects",
    "read_attributes_at",
    "stopped_cycles",
    "tally_told",
    "told_events",
]

_SQL = load_blocks("clocks.storage", "measures.sql")
MOST = 1_000_000
"""How many events that say the same are summed up at a time, about."""


class StoppedCycles(NamedTuple):
    """Cycles that stopped. states: those of their Subjects, encoded; None: they were not asked for."""

    subjects: Sequence[str]
    stopped_us: Int64Array
    evidence: Sequence[bytes]
    targets: Sequence[str]
    numbers: Sequence[int]
    started_us: Int64Array
    states: Sequence[bytes | None]


async def told_events(
    connection: Connection, event_type: str, attributes: Sequence[str], interval: Interval
) -> AsyncIterator[Told]:
    """Iterate over the events of a type in an Interval, in order of time, with one or two attributes."""
    first, second, *_ = (*attributes, None)
    arguments = (event_type, *_bounds(interval), first, second)
    async for subjects, instants, evidence, *texts in read_portions(
        connection, _SQL["told_events"], *arguments
    ):
        yield Told(subjects, instants_us(instants), texts[: len(attributes)], evidence)


async def tally_told(
    connection: Connection, event_type: str, attributes: Sequence[str], interval: Interval
) -> AsyncIterator[Told]:
    """Iterate over what the same events say and how many say so, a million events at a time at most.

    The evidence of all is a hash of ids and contents, and comes first, alone.
    """
    digest = hashlib.sha256()

    async def take(portion: bytes) -> None:
        digest.update(portion)

    bounds = _bounds(interval)
    await connection.copy_from_query(_SQL["told_evidence"], event_type, *bounds, output=take, format="binary")
    nothing: list[tuple[str | None, ...]] = [()] * len(attributes)
    yield Told((), NO_INSTANTS, nothing, [digest.digest()], NO_INSTANTS)
    first, second, *_ = (*attributes, None)
    async for *texts, counted in read_portions(
        connection, _SQL["tally_told"], event_type, *bounds, first, second
    ):
        counts = np.array(counted, dtype=np.int64)
        while counts.any():
            now = np.minimum(counts, 1 + counts * MOST // counts.sum())
            yield Told((), NO_INSTANTS, texts[: len(attributes)], (), now)
            counts = counts - now


async def facts_of_subjects(
    connection: Connection,
    types: Sequence[str],
    *,
    having: Sequence[str],
    interval: Interval,
    until_us: int,
) -> AsyncIterator[Facts]:
    """Iterate over the events before `until_us`, of Subjects that have one of `having` in the Interval."""
    arguments = (list(types), list(having), *_bounds(interval), from_us(until_us))
    async for portion in read_portions(connection, _SQL["facts_of_subjects"], *arguments):
        yield _facts(*portion)


async def facts_of_lasting(
    connection: Connection, started: str, ended: str, *, interval: Interval, until_us: int
) -> AsyncIterator[Facts]:
    """Iterate over the events before `until_us` that begin and end what touches the Interval.

    They are those of Subjects of which some outage does, and may tell of others beside it.
    """
    arguments = (started, ended, *_bounds(interval), from_us(until_us))
    async for portion in read_portions(connection, _SQL["facts_of_lasting"], *arguments):
        yield _facts(*portion)


async def stopped_cycles(
    connection: Connection,
    policy_key: str,
    metric: str,
    target: str | None,
    interval: Interval,
    *,
    with_states: bool,
) -> AsyncIterator[StoppedCycles]:
    """Iterate over the Cycles of a Metric that stopped in an Interval, in order of time."""
    arguments = (policy_key, metric, *_bounds(interval), target, with_states)
    async for subjects, stopped, evidence, targets, numbers, started, states in read_portions(
        connection, _SQL["stopped_cycles"], *arguments
    ):
        yield StoppedCycles(
            subjects, instants_us(stopped), evidence, targets, numbers, instants_us(started), states
        )


async def read_attributes_at(
    connection: Connection, subjects: Sequence[str], at_us: Int64Array, names: Sequence[str]
) -> list[tuple[str | None, ...]]:
    """Read, for each Subject and instant, the values of the attributes named; None where it has none."""
    instants = list(map(from_us, at_us.tolist()))
    rows = await connection.fetch(_SQL["attributes_at"], list(subjects), instants, list(names))
    return [tuple(row[0]) for row in rows]


def _bounds(interval: Interval) -> tuple[Any, Any]:
    return from_us(interval.start_us), from_us(interval.end_us)


def _facts(
    subjects: Sequence[str], instants: Sequence[bytes], evidence: Sequence[bytes], kinds: Sequence[int]
) -> Facts:
    return Facts(subjects, instants_us(instants), np.array(kinds, dtype=np.int64), evidence)
