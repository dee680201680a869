"""Rows of any number, a portion at a time and column by column."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pgstore.connection import Connection

__all__ = ["ROWS", "instants_us", "read_portions"]

ROWS: Final = 4_000
"""How many of them at a time."""

_EPOCH_2000_US: Final = 946_684_800_000_000


async def read_portions(
    connection: Connection, statement: str, *arguments: Any
) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
    """Iterate over the columns of portion after portion of a statement's rows, none of them empty."""
    cursor = await connection.cursor(statement, *arguments)
    while rows := await cursor.fetch(ROWS):
        yield list(zip(*rows, strict=True))


def instants_us(sent: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """Read what `timestamptz_send` gives: microseconds since 2000."""
    return np.frombuffer(b"".join(sent), dtype=">i8").astype(np.int64) + _EPOCH_2000_US
