"""The outbox: what a service tells others, written in the transaction of the change itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["Message", "append"]

_SQL = load_blocks("pgstore", "feed.sql")


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one change tells others.

    type: such as `calendar.amended`. subject: what it is about, by the tenant's own id or key.
    payload: a JSON object: a dict, a msgspec struct, or `msgspec.Raw` of encoded JSON.
    id: give a name-based UUID (uuid5 of what makes the message one) where the same message may be written
    twice; the second is dropped. None: the database gives it a random one.
    """

    type: str
    subject: str
    payload: Any
    id: uuid.UUID | None = None


async def append(connection: Connection, messages: Sequence[Message]) -> None:
    """Write messages of the transaction's tenant; followers get them in this order, after the commit."""
    if not messages:
        return
    columns = [
        [message.type for message in messages],
        [message.subject for message in messages],
        [message.payload for message in messages],
    ]
    ids = [message.id for message in messages]
    if any(ids):
        await connection.execute(_SQL["append_once"], ids, *columns)
    else:  # nothing can be there already, and looking for it has its price
        await connection.execute(_SQL["append"], *columns)
