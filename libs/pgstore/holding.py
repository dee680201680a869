"""What a follower holds back, for operators: messages that failed, and those that wait behind them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["Follower", "HeldMessage", "forget_follower", "list_followers", "list_held", "replay"]

_SQL = load_blocks("pgstore", "feed.sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldMessage:
    """A message that was not handled yet.

    feed: whose message it is, a service's name. set_aside_at: None while it waits to be tried again
    at retry_at.
    """

    feed: str
    tenant_id: str
    message_id: uuid.UUID
    type: str
    subject: str
    attempts: int
    reason: str
    created_at: datetime
    retry_at: datetime
    set_aside_at: datetime | None
    replay_asked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """Who reads a service's feed, and when it last came further; what it has not seen is kept."""

    follower: str
    moved_at: datetime


async def list_held(connection: Connection) -> list[HeldMessage]:
    """List what waits and what is set aside, of all tenants, feed by feed and in order."""
    return [HeldMessage(**dict(row.items())) for row in await connection.fetch(_SQL["list_held"])]


async def list_followers(connection: Connection) -> list[Follower]:
    """List who follows this service's feed."""
    return [Follower(**dict(row.items())) for row in await connection.fetch(_SQL["list_followers"])]


async def replay(connection: Connection, feed: str, message_id: uuid.UUID | None = None) -> int:
    """Ask for what is set aside of a feed, or one message, to be tried again; returns how many there are."""
    asked: int = await connection.fetchval(_SQL["replay"], feed, message_id)
    return asked


async def forget_follower(connection: Connection, follower: str) -> None:
    """Keep nothing for a follower that is gone for good; one that comes back is told that it is too late."""
    await connection.execute(_SQL["forget_follower"], follower)
