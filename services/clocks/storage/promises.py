"""Promises that were kept or broken in a period: counted by the database, with the evidence beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from clocks.domain.measures.item import Items
from clocks.storage.portions import instants_us, read_portions
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["Promises", "TargetTally", "count_pending", "digest_promises", "read_promises", "tally_promises"]

_BLOCKS = load_blocks("clocks.storage", "promises.sql")
_SQL = {name: text.replace("/* counted */", _BLOCKS["counted"]) for name, text in _BLOCKS.items()}


class Promises(NamedTuple):
    """Which Cycles of a Metric count: those of [start, end), as known at `now`; of one Target, or of all."""

    policy_key: str
    metric: str
    start: datetime
    end: datetime
    now: datetime
    target: str | None


class TargetTally(NamedTuple):
    """How many promises of a Target were met and breached."""

    target: str
    met: int
    breached: int


async def tally_promises(connection: Connection, promises: Promises) -> Sequence[TargetTally]:
    """Count the Cycles met or breached, by Target, in order of it."""
    return [TargetTally(*row) for row in await connection.fetch(_SQL["tally"], *promises)]


async def digest_promises(
    connection: Connection, promises: Promises, update: Callable[[bytes], None]
) -> None:
    """Give a hash the subject, number, outcome, instant and revision of each, in order of instant.

    They come as rows in the binary format of COPY, cut anywhere.
    """

    async def take(portion: bytes) -> None:
        update(portion)

    await connection.copy_from_query(_SQL["evidence"], *promises, output=take, format="binary")


async def read_promises(connection: Connection, promises: Promises) -> AsyncIterator[Items]:
    """Iterate over the Cycles met or breached, in order of instant, with whether they were met."""
    async for subjects, instants, evidence, targets, kept in read_portions(
        connection, _SQL["promises"], *promises
    ):
        yield Items(
            subjects=subjects,
            at_us=instants_us(instants),
            contents=(np.array(kept, dtype=np.bool_),),
            evidence=evidence,
            labels={"target": targets},
        )


async def count_pending(connection: Connection, promises: Promises) -> int:
    """Count the Cycles that were open at the period's end and neither met nor breached."""
    policy_key, metric, _, end, now, target = promises
    counted: int = await connection.fetchval(_SQL["pending"], policy_key, metric, end, now, target)
    return counted
