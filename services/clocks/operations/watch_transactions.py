"""Tell how long the oldest transaction has been open: what its snapshot may see, no vacuum removes.

Dead entries of the firing index are in the way of whoever looks for what is due. When a transaction began is
shown to privileged roles only, so its age is how long it has been seen.
"""

from __future__ import annotations

from clocks.storage.firing import read_open_transactions
from pgstore.database import Database

__all__ = ["OpenTransactions"]


class OpenTransactions:
    """Remembers since when each open transaction has been seen."""

    def __init__(self) -> None:
        self._seen_s: dict[str, float] = {}

    async def look(self, database: Database, *, now_s: float) -> float:
        """Say for how many seconds the oldest has been seen; 0.0 where all are new. now_s: monotonic."""
        async with database.connection() as connection:
            names = await read_open_transactions(connection)
        self._seen_s = {name: self._seen_s.get(name, now_s) for name in names}
        return now_s - min(self._seen_s.values(), default=now_s)
