"""A feed across a crash of PostgreSQL: ids of transactions that left no trace are given out again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from pgstore import outbox
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.feed import DatabaseFeed
from tests.faults.mortal_servers import MortalServers


async def test_a_message_of_a_transaction_whose_id_was_used_before_is_not_skipped(tenant: str) -> None:
    """Seen rolled back before the crash, the same id commits after it: who saw the first gets the second."""
    with MortalServers() as servers:
        await servers.migrate()
        await lazily_written(servers.host.database_url)
        async with opened(servers) as database:
            before = [await take_back(database, tenant) for _ in range(3)]
            page = await DatabaseFeed(database).read(None, 100)
        await servers.kill_postgres()
        async with opened(servers) as database:
            after = [await say(database, tenant) for _ in range(6)]
            found = await DatabaseFeed(database).read(page.cursor, 100)
    assert [one.subject for one in found.messages] == after, f"{before}, then {after}"


@asynccontextmanager
async def opened(servers: MortalServers) -> AsyncIterator[Database]:
    """Open the database of a service."""
    database = await Database.open(servers.host.database_url, schema="clocks")
    try:
        yield database
    finally:
        await database.close()


async def lazily_written(database_url: str) -> None:
    """Have the log written by those who commit alone, and not besides, every 200 ms."""
    owner = await asyncpg.connect(database_url)
    await owner.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
    await owner.execute("SELECT pg_reload_conf()")
    await owner.close()


async def take_back(database: Database, tenant: str) -> str:
    """Say something and roll it back; the id of the transaction."""
    name = ""
    with suppress(TakenBackError):
        async with database.transaction(tenant) as connection:
            name = await write(connection)
            raise TakenBackError
    return name


async def say(database: Database, tenant: str) -> str:
    """Say one thing, and name it by the id of its transaction."""
    async with database.transaction(tenant) as connection:
        return await write(connection)


async def write(connection: Connection) -> str:
    """Write a message about the transaction, and give the transaction's id."""
    name: str = await connection.fetchval("SELECT pg_current_xact_id()::text")
    await outbox.append(connection, [outbox.Message(type="said", subject=name, payload={})])
    return name


class TakenBackError(Exception):
    """Ends a transaction."""
