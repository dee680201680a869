"""The feeds between services, looked at from all of their schemas: for operators, beside the services."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.errors import OptionError
from cli.tracks import SERVICES
from pgstore import holding
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.holding import Follower, HeldMessage

__all__ = ["forget_follower", "list_followers", "list_held", "replay"]


async def list_held(database_url: str) -> dict[str, list[HeldMessage]]:
    """List what waits and what is set aside, by the service that could not handle it."""
    held = {}
    for service in SERVICES:
        async with _connection(database_url, service) as connection:
            held[service] = await holding.list_held(connection)
    return held


async def list_followers(database_url: str) -> dict[str, list[Follower]]:
    """List who follows each service's feed."""
    followers = {}
    for service in SERVICES:
        async with _connection(database_url, service) as connection:
            followers[service] = await holding.list_followers(connection)
    return followers


async def replay(database_url: str, service: str, feed: str, message_id: uuid.UUID | None) -> int:
    """Ask a service to try again what it has set aside of a feed; raises OptionError."""
    async with _connection(database_url, service) as connection:
        return await holding.replay(connection, feed, message_id)


async def forget_follower(database_url: str, service: str, follower: str) -> None:
    """Keep nothing of a service's feed for a follower any more; raises OptionError."""
    async with _connection(database_url, service) as connection:
        if follower not in {each.follower for each in await holding.list_followers(connection)}:
            raise OptionError(f"{follower!r} does not follow {service}: see `meantime feeds followers`")
        await holding.forget_follower(connection, follower)


@asynccontextmanager
async def _connection(database_url: str, service: str) -> AsyncIterator[Connection]:
    if service not in SERVICES:
        raise OptionError(f"{service!r} is no service: name one of {', '.join(SERVICES)}")
    database = await Database.open(database_url, schema=service, max_size=1, application="meantime-cli")
    try:
        async with database.connection() as connection:
            yield connection
    finally:
        await database.close()
