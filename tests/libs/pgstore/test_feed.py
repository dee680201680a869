from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Sequence

import pytest

from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.errors import CursorAheadError, CursorInvalidError
from pgstore.feed import (
    START,
    DatabaseFeed,
    FeedCursor,
    FeedMessage,
    FeedPage,
    parse_cursor,
    read_cursor,
    save_cursor,
)
from pgstore.following import Handle, follow_once
from pgstore.migrations import migrate
from pgstore.outbox import Message, append

from .conftest import NOTES

PATIENCE_S = 20
LATER = f"{2**61 + 3}:{2**62 + 3}:"


def told(subject: str) -> Message:
    """Make a message about a subject."""
    return Message(type="note.told", subject=subject, payload={"about": subject})


async def tell(database: Database, tenant: str, *subjects: str) -> None:
    """Write messages in a transaction of their own."""
    async with database.transaction(tenant) as connection:
        await append(connection, [told(subject) for subject in subjects])


async def read_until(
    database: Database, tenant: str, count: int, after: FeedCursor | None = None
) -> FeedPage:
    """Read on until a tenant's messages are `count`, which they may become only while we read."""
    feed, cursor = DatabaseFeed(database), after or START
    messages: list[FeedMessage] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(messages) < count:
            page = await feed.read(cursor, 100)
            messages += [message for message in page.messages if message.tenant_id == tenant]
            cursor = page.cursor
            await asyncio.sleep(0 if page.messages else 0.01)
    return FeedPage(messages=tuple(messages), cursor=cursor)


async def follow_all(database: Database, name: str, handle: Handle) -> None:
    """Follow the feed to its end, in small pages."""
    while await follow_once(database, DatabaseFeed(database), name=name, handle=handle, limit=3):
        pass


async def test_messages_come_in_the_order_of_writing(database: Database, tenant: str) -> None:
    """Within and across transactions, each with its tenant, type, subject, payload and time."""
    await tell(database, tenant, "a", "b", "c")
    await tell(database, tenant, "d")
    page = await read_until(database, tenant, 4)
    assert [message.subject for message in page.messages] == ["a", "b", "c", "d"]
    assert page.messages[0].payload == {"about": "a"}
    assert page.messages[0].type == "note.told"
    assert page.messages[0].created_at.utcoffset() is not None
    assert len({message.id for message in page.messages}) == 4


async def test_pages_add_up_to_the_feed(database: Database, tenant: str) -> None:
    """Reading in pages of any size gives each message once, also where a transaction spans pages."""
    await tell(database, tenant, *(f"{number:02}" for number in range(25)))
    start = (await read_until(database, tenant, 25)).messages
    for limit in (1, 7, 25):
        subjects: list[str] = []
        page = await DatabaseFeed(database).read(None, limit)
        while page.messages:
            subjects += [message.subject for message in page.messages if message.tenant_id == tenant]
            page = await DatabaseFeed(database).read(page.cursor, limit)
        assert subjects == [message.subject for message in start]


async def test_what_is_rolled_back_was_never_told(database: Database, tenant: str) -> None:
    """A message exists if and only if its change does."""

    async def fail() -> None:
        async with database.transaction(tenant) as connection:
            await append(connection, [told("undone")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await tell(database, tenant, "done")
    page = await read_until(database, tenant, 1)
    assert [message.subject for message in page.messages] == ["done"]


async def test_a_message_with_the_same_id_is_told_once(database: Database, tenant: str) -> None:
    """A name-based id makes a second writing of the same message no message."""
    message = Message(type="breach.fired", subject="a", payload={}, id=uuid.uuid5(uuid.NAMESPACE_URL, tenant))
    for _ in range(2):
        async with database.transaction(tenant) as connection:
            await append(connection, [message])
    await tell(database, tenant, "last")
    page = await read_until(database, tenant, 2)
    assert [one.subject for one in page.messages] == ["a", "last"]


async def test_two_tenants_may_use_the_same_message_id(database: Database, tenant: str) -> None:
    """Ids are unique in a tenant: one tenant cannot keep another's message from being told."""
    message = Message(type="note.told", subject="a", payload={})
    for owner in (tenant, f"{tenant}-b"):
        async with database.transaction(owner) as connection:
            await append(connection, [message])
        assert len((await read_until(database, owner, 1)).messages) == 1


async def test_a_late_commit_is_not_skipped(database: Database, tenant: str) -> None:
    """What began first and commits last comes after what was read meanwhile, and does not hold it up."""
    before = (await read_until(database, tenant, 0)).cursor
    async with database.transaction(tenant) as slow:
        await append(slow, [told("began first")])
        await tell(database, tenant, "committed first")
        page = await read_until(database, tenant, 1, after=before)
        assert [one.subject for one in page.messages] == ["committed first"]
        cursor = page.cursor
    page = await read_until(database, tenant, 1, after=cursor)
    assert [one.subject for one in page.messages] == ["began first"]


async def test_messages_come_in_the_order_of_locks(database: Database, tenant: str) -> None:
    """Whoever began first, and wrote second since it waited for a lock, is read second, also in one page."""
    lock = (
        "INSERT INTO notes (note_id) VALUES ('a') ON CONFLICT (tenant_id, note_id) DO UPDATE SET body = '{}'"
    )
    began, held, before = asyncio.Event(), asyncio.Event(), (await read_until(database, tenant, 0)).cursor

    async def wait_for_lock() -> None:
        async with database.transaction(tenant) as waiting:
            await waiting.fetchval("SELECT pg_current_xact_id()")
            began.set()
            await held.wait()
            await waiting.execute(lock)
            await append(waiting, [told("revoked")])

    async with database.transaction(tenant) as quick:
        waiter = asyncio.create_task(wait_for_lock())
        await began.wait()
        await quick.execute(lock)
        held.set()
        await append(quick, [told("fired")])
    await waiter
    page = await read_until(database, tenant, 2, after=before)
    assert [one.subject for one in page.messages] == ["fired", "revoked"]
    assert [one.subject for one in (await read_until(database, tenant, 2)).messages] == ["fired", "revoked"]


async def test_a_late_rollback_is_no_gap(database: Database, tenant: str) -> None:
    """A transaction that is rolled back leaves no gap behind and nothing out of place."""

    async def fail() -> None:
        async with database.transaction(tenant) as slow:
            await append(slow, [told("undone")])
            await tell(database, tenant, "done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    page = await read_until(database, tenant, 1)
    assert [one.subject for one in page.messages] == ["done"]


async def test_two_open_transactions_commit_crosswise(database: Database, tenant: str) -> None:
    """Messages written in turns by two transactions come complete to a follower who reads all the while."""
    first, second = database.transaction(tenant), database.transaction(tenant)
    follower = asyncio.create_task(read_until(database, tenant, 4))
    one, two = await first.__aenter__(), await second.__aenter__()
    await append(one, [told("1a")])
    await append(two, [told("2a")])
    await append(one, [told("1b")])
    await append(two, [told("2b")])
    await second.__aexit__(None, None, None)
    await DatabaseFeed(database).read(None, 10)
    await first.__aexit__(None, None, None)
    page = await follower
    assert sorted(message.subject for message in page.messages) == ["1a", "1b", "2a", "2b"]


async def test_a_follower_misses_nothing_of_many_writers(database: Database, tenant: str) -> None:
    """Each of many concurrent transactions of various length is seen once, whole, in its own order."""
    writers, each = 20, 3

    async def write(writer: int) -> None:
        async with database.transaction(tenant) as connection:
            for number in range(each):
                await append(connection, [told(f"{writer}-{number}")])
                await connection.execute("SELECT pg_sleep(0.001 * $1::int)", writer % 4)

    follower = asyncio.create_task(read_until(database, tenant, writers * each))
    await asyncio.gather(*(write(writer) for writer in range(writers)))
    subjects = [message.subject for message in (await follower).messages]
    assert sorted(subjects) == sorted(
        f"{writer}-{number}" for writer in range(writers) for number in range(each)
    )
    for writer in range(writers):
        own = [subject for subject in subjects if subject.startswith(f"{writer}-")]
        assert own == [f"{writer}-{number}" for number in range(each)]


async def test_a_cursor_from_another_life_is_refused(database: Database) -> None:
    """A cursor past all transactions would wait for ever: it is an error instead."""
    for cursor in (FeedCursor(LATER), FeedCursor("1:1:", LATER, 7)):
        with pytest.raises(CursorAheadError):
            await DatabaseFeed(database).read(cursor, 10)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1:2",
        "1:2:/",
        "1:2:/3:4:",
        "1:2:/3:4:/x",
        "1:2:/3:4:/-1",
        "0:1:",
        "3:2:",
        f"1:{2**32}:",
        "1:5:5",
        "2:5:1",
        "1:5:3,2",
        "1:5:2,2",
        "1:5:2,",
        f"1:{2**63}:",
        "\uff11:2:",
        "1:2:\n",
        f"1:2:/1:2:/{10**18}",
        f"1:9999999:{','.join(str(one) for one in range(1, 9999))}",
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """A cursor is one snapshot, or two and a position, as PostgreSQL takes them."""
    with pytest.raises(CursorInvalidError):
        parse_cursor(text)


def test_a_cursor_survives_its_wire_form() -> None:
    """What was written is what is read, up to the largest."""
    for cursor in (START, FeedCursor("10:20:10,14,19"), FeedCursor("1:1:", f"7:{2**63 - 1}:9", 10**18 - 1)):
        assert parse_cursor(str(cursor)) == cursor


async def test_cursors_are_what_postgresql_takes(database: Database) -> None:
    """What passes here passes there: a cursor that came by HTTP is no fault in the database."""
    for text in ("1:1:", "10:20:10,14,19", "1:2:/1:3:2/7"):
        assert len((await DatabaseFeed(database).read(parse_cursor(text), 1)).messages) <= 1


async def test_a_follower_goes_on_where_it_stopped(database: Database, tenant: str) -> None:
    """Each message is handed over once, grouped by tenant, and the cursor is kept in the database."""
    name, seen = secrets.token_hex(4), list[str]()

    async def handle(owner: str, messages: Sequence[FeedMessage]) -> None:
        seen.extend(message.subject for message in messages if owner == tenant)

    for subjects in (("a", "b", "c", "d"), ("e",)):
        await tell(database, tenant, *subjects)
        await read_until(database, tenant, len(seen) + len(subjects))
        await follow_all(database, name, handle)
    assert seen == ["a", "b", "c", "d", "e"]


async def test_what_could_not_be_handled_comes_again(database: Database, tenant: str) -> None:
    """What a handler raised at is kept, and handed over again at once, then after pauses."""
    name, tries = secrets.token_hex(4), 0

    async def handle(owner: str, messages: Sequence[FeedMessage]) -> None:
        nonlocal tries
        tries += owner == tenant
        if owner == tenant and tries == 1:
            raise ZeroDivisionError(len(messages))

    await tell(database, tenant, "a")
    await read_until(database, tenant, 1)
    await follow_all(database, name, handle)
    assert tries == 2


async def test_a_follower_begins_again_after_a_restore(database: Database, tenant: str) -> None:
    """A source whose transactions count from lower than the cursor is followed from its start."""
    name, seen = secrets.token_hex(4), list[str]()

    async def handle(owner: str, messages: Sequence[FeedMessage]) -> None:
        seen.extend(message.subject for message in messages if owner == tenant)

    await tell(database, tenant, "a")
    await read_until(database, tenant, 1)
    async with database.connection() as connection:
        await save_cursor(connection, name, FeedCursor(LATER))
    feed = DatabaseFeed(database)
    assert await follow_once(database, feed, name=name, handle=handle) == 0
    await follow_all(database, name, handle)
    assert seen == ["a"]


async def test_a_saved_cursor_does_not_move_back(database: Database) -> None:
    """Of two followers of one feed, the one behind does not undo what the other has saved."""
    name = secrets.token_hex(4)
    async with database.connection() as connection:
        assert await read_cursor(connection, name) is None
        for cursor in (FeedCursor("5:9:"), FeedCursor("5:8:"), FeedCursor("4:9:", "8:9:", 3)):
            await save_cursor(connection, name, cursor)
        assert await read_cursor(connection, name) == FeedCursor("5:9:")
        for cursor in (FeedCursor("5:9:", "8:12:", 3), FeedCursor("8:12:")):
            await save_cursor(connection, name, cursor)
            assert await read_cursor(connection, name) == cursor


async def test_a_restored_outbox_is_read_from_its_start(
    database_url: str, database: Database, administrator: Connection, tenant: str
) -> None:
    """Messages of transactions that this server has not reached come first, once migrations have run."""
    await tell(database, tenant, "said before", "and this")
    await administrator.execute("UPDATE notes.outbox SET txid = $1 WHERE tenant_id = $2", 2**61 + 3, tenant)
    await tell(database, tenant, "said since")
    assert [one.subject for one in (await read_until(database, tenant, 1)).messages] == ["said since"]
    await migrate(database_url, [NOTES])
    subjects = [one.subject for one in (await read_until(database, tenant, 3)).messages]
    assert subjects == ["said before", "and this", "said since"]
