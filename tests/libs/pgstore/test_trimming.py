"""What is trimmed, and what never is; a database for each test, since followers are the database's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from pgstore import idempotency
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.errors import CursorExpiredError
from pgstore.feed import DatabaseFeed, FeedCursor
from pgstore.migrations import migrate
from pgstore.trimming import Retention, Trimmed, trim_once

from .conftest import NOTES
from .test_feed import tell

RETENTION = Retention(messages=timedelta(days=7), answers=timedelta(days=7))
NOTHING = Trimmed(messages=0, answers=0)


@pytest.fixture
async def fresh(empty_url: str) -> AsyncIterator[Database]:
    """Open a schema that nobody else uses."""
    await migrate(empty_url, [NOTES])
    database = await Database.open(empty_url, schema="notes", max_size=4)
    yield database
    await database.close()


@pytest.fixture
async def owner(empty_url: str) -> AsyncIterator[Connection]:
    """Connect to the same database as who may change the past."""
    import asyncpg  # noqa: PLC0415 - the only place that goes past Database

    connection = await asyncpg.connect(empty_url, server_settings={"search_path": "notes"})
    yield connection
    await connection.close()


async def age(owner: Connection, days: float = 8) -> None:
    """Make everything older."""
    for table in ("outbox", "idempotency"):
        await owner.execute(f"UPDATE {table} SET created_at = created_at - interval '{days} days'")  # noqa: S608


async def read_on(feed: DatabaseFeed, cursor: FeedCursor | None, limit: int = 100) -> FeedCursor:
    """Read a page and return the cursor after it."""
    return (await feed.read(cursor, limit)).cursor


async def trimmed(database: Database, places: dict[DatabaseFeed, FeedCursor]) -> int:
    """Read on and trim until something goes: a transaction in any database of the server delays it."""
    async with asyncio.timeout(30):
        while True:
            for feed, cursor in places.items():
                places[feed] = await read_on(feed, cursor)
            if gone := (await trim_once(database, RETENTION)).messages:
                return gone
            await asyncio.sleep(0.05)


async def said(owner: Connection) -> list[str]:
    """Return what the outbox holds."""
    return [row["subject"] for row in await owner.fetch("SELECT subject FROM outbox ORDER BY position")]


async def test_old_messages_that_all_have_seen_go(fresh: Database, owner: Connection, tenant: str) -> None:
    """Not what is young, and not what some follower has not shown to have seen."""
    await tell(fresh, tenant, "a", "b")
    fast, slow = (DatabaseFeed(fresh, follower=name) for name in ("fast", "slow"))
    end = await read_on(fast, None)
    await read_on(fast, end)
    assert (await trim_once(fresh, RETENTION), await said(owner)) == (NOTHING, ["a", "b"])  # young
    await age(owner)
    begun = await read_on(slow, None, limit=1)
    await read_on(slow, begun, limit=1)
    assert (await trim_once(fresh, RETENTION), await said(owner)) == (NOTHING, ["a", "b"])  # slow is behind
    await tell(fresh, tenant, "c")
    assert await trimmed(fresh, {fast: end, slow: end}) == 2
    assert await said(owner) == ["c"]
    assert [it.subject for it in (await DatabaseFeed(fresh).read(None, 9)).messages] == ["c"]


async def test_nothing_goes_where_nobody_follows(fresh: Database, owner: Connection, tenant: str) -> None:
    """Who is yet to come, or reads without a name, has no place: all is kept until a follower has one."""
    await tell(fresh, tenant, "a")
    await read_on(DatabaseFeed(fresh), None)
    await age(owner)
    assert await trim_once(fresh, RETENTION) == NOTHING


async def test_cursor_too_old_is_refused(fresh: Database, owner: Connection, tenant: str) -> None:
    """A cursor before what was trimmed is an error and no gap; a new follower begins at what is kept."""
    feed = DatabaseFeed(fresh, follower="one")
    early = await read_on(feed, None)
    await tell(fresh, tenant, "a")
    await age(owner)
    assert await trimmed(fresh, {feed: early}) == 1
    await tell(fresh, tenant, "b")
    with pytest.raises(CursorExpiredError, match="too old"):
        await DatabaseFeed(fresh, follower="another").read(early, 9)
    assert [it.subject for it in (await DatabaseFeed(fresh).read(None, 9)).messages] == ["b"]


async def test_a_follower_that_was_forgotten_holds_nothing(
    fresh: Database, owner: Connection, tenant: str
) -> None:
    """An operator says that one will not come again."""
    gone, here = (DatabaseFeed(fresh, follower=name) for name in ("gone", "here"))
    await tell(fresh, tenant, "a")
    await read_on(gone, None)
    end = await read_on(here, None)
    await age(owner)
    assert (await trim_once(fresh, RETENTION)).messages == 0
    async with fresh.connection() as connection:
        await connection.execute("SELECT feed_follower_forget('gone')")
    assert await trimmed(fresh, {here: end}) == 1


async def test_an_open_transaction_is_waited_for(fresh: Database, owner: Connection, tenant: str) -> None:
    """What may be written by a transaction that is still open is not trimmed from under anybody."""
    feed = DatabaseFeed(fresh, follower="one")
    async with fresh.transaction(tenant) as connection:
        await connection.execute("SELECT pg_current_xact_id()")
        await tell(fresh, tenant, "a")
        await read_on(feed, await read_on(feed, None))
        await age(owner)
        await owner.execute("SELECT outbox_trim('7 days', 9)")
        assert await said(owner) == ["a"]


async def test_old_answers_go(fresh: Database, owner: Connection, tenant: str) -> None:
    """After its time a key is free again; a younger one still answers."""
    for key in ("old", "young"):
        async with fresh.transaction(tenant) as connection:
            assert await idempotency.recall(connection, key=key, operation="x", request_hash=b"1") is None
            await idempotency.remember(connection, key=key, operation="x", answer=b"done")
        await age(owner, 5 if key == "old" else 3)
    assert (await trim_once(fresh, RETENTION)).answers == 1
    async with fresh.transaction(tenant) as connection:
        assert await idempotency.recall(connection, key="young", operation="x", request_hash=b"1") == b"done"
        assert await idempotency.recall(connection, key="old", operation="x", request_hash=b"2") is None
