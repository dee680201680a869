"""Trimming: what was said and answered long ago is forgotten, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pgstore.blocks import load_blocks
from pgstore.database import Database

__all__ = ["BATCH", "Retention", "Trimmed", "trim_once"]

BATCH = 2_000

_FEED = load_blocks("pgstore", "feed.sql")
_IDEMPOTENCY = load_blocks("pgstore", "idempotency.sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """For how long a service keeps what it said, once all followers have it, and what it answered to keys.

    messages: of the outbox. answers: to requests with an idempotency key.
    """

    messages: timedelta = timedelta(days=7)
    answers: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trimmed:
    """How many rows of each kind were forgotten."""

    messages: int
    answers: int

    @property
    def more(self) -> bool:
        """Say whether there may be more to forget."""
        return BATCH in (self.messages, self.answers)


async def trim_once(database: Database, retention: Retention) -> Trimmed:
    """Forget at most a batch of each kind; a message that some follower has not seen stays, however old."""
    async with database.connection() as connection:
        messages = await connection.fetchval(_FEED["trim_outbox"], retention.messages, BATCH)
        answers = await connection.fetchval(_IDEMPOTENCY["trim"], retention.answers, BATCH)
    return Trimmed(messages=messages, answers=answers)
