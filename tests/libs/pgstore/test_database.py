from __future__ import annotations

import asyncio
import secrets
import traceback

import asyncpg
import pytest

from pgstore import database as pools
from pgstore.connection import Connection
from pgstore.database import Database, check_tenant, savepoint
from pgstore.errors import (
    DatabaseUnavailableError,
    MigrationsPendingError,
    TenantBusyError,
    TenantInvalidError,
    TransactionConflictError,
)
from tests.databases import url_of

INSERT = "INSERT INTO notes (note_id, body) VALUES ($1, $2)"
COUNT = "SELECT count(*) FROM notes"


async def test_a_transaction_is_committed_at_its_end(database: Database, tenant: str) -> None:
    """What a block wrote is there afterwards, and jsonb comes back as it was given."""
    async with database.transaction(tenant) as connection:
        await connection.execute(INSERT, "a", {"hours": ["08:00"], "n": 3})
    async with database.transaction(tenant, read_only=True) as connection:
        assert await connection.fetchval("SELECT body FROM notes") == {"hours": ["08:00"], "n": 3}


async def test_an_error_undoes_the_whole_transaction(database: Database, tenant: str) -> None:
    """Nothing is half done, and the error comes out as it went in."""

    async def fail() -> None:
        async with database.transaction(tenant) as connection:
            await connection.execute(INSERT, "a", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction(tenant) as connection:
        assert await connection.fetchval(COUNT) == 0


async def test_a_tenant_whose_transactions_hang_leaves_connections_to_others(
    database: Database, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a pool of twelve one tenant gets six: its seventh is refused in time; another's goes on."""
    monkeypatch.setattr(pools, "_ACQUIRE_TIMEOUT_S", 0.2)
    begun, ended = asyncio.Semaphore(0), asyncio.Event()

    async def hang() -> None:
        async with database.transaction(tenant):
            begun.release()
            await ended.wait()

    async with asyncio.TaskGroup() as tasks:
        hanging = [tasks.create_task(hang()) for _ in range(6)]
        for _ in hanging:
            await begun.acquire()
        with pytest.raises(TenantBusyError):
            await hang()
        async with database.transaction(f"{tenant}-well") as connection:
            assert await connection.fetchval(COUNT) == 0
        ended.set()
    async with database.transaction(tenant) as connection:
        assert await connection.fetchval(COUNT) == 0


async def test_a_cancelled_transaction_is_undone_and_its_connection_lives(
    database_url: str, tenant: str
) -> None:
    """A request that goes away in the middle of a statement leaves a clean connection behind."""
    database = await Database.open(database_url, schema="notes", max_size=1)
    begun = asyncio.Event()

    async def slow() -> None:
        async with database.transaction(tenant) as connection:
            await connection.execute(INSERT, "a", {})
            begun.set()
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(slow())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.transaction(tenant) as connection:
        assert await connection.fetchval(COUNT) == 0
    await database.close()


async def test_an_ignored_failure_is_no_commit(database: Database, tenant: str) -> None:
    """PostgreSQL turns such a commit into a rollback without a word; we do not."""

    async def ignore() -> None:
        async with database.transaction(tenant) as connection:
            await connection.execute(INSERT, "a", {})
            with pytest.raises(asyncpg.DivisionByZeroError):
                await connection.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseUnavailableError, match="nothing was saved"):
        await ignore()


async def insert_both(connection: Connection, inner: str, outer: str) -> None:
    """Insert two notes, one of them in a savepoint within the other's."""
    async with savepoint(connection):
        async with savepoint(connection):
            await connection.execute(INSERT, inner, {})
        await connection.execute(INSERT, outer, {})


async def test_a_savepoint_undoes_a_part(database: Database, tenant: str) -> None:
    """The part is undone, the rest of the transaction is kept, also where parts are nested."""
    async with database.transaction(tenant) as connection:
        await connection.execute(INSERT, "a", {})
        with pytest.raises(asyncpg.UniqueViolationError):
            await insert_both(connection, "b", "a")
        async with savepoint(connection):
            await connection.execute(INSERT, "c", {})
    async with database.transaction(tenant) as connection:
        rows = await connection.fetch("SELECT note_id FROM notes ORDER BY note_id")
    assert [row["note_id"] for row in rows] == ["a", "c"]


async def test_a_read_only_transaction_refuses_to_write(database: Database, tenant: str) -> None:
    """Reading is held to reading."""
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.transaction(tenant, read_only=True) as connection:
            await connection.execute(INSERT, "a", {})


async def test_repeatable_read_sees_one_state(database: Database, tenant: str) -> None:
    """Two reads of such a transaction see the same rows, whatever is committed in between."""
    async with database.transaction(tenant, isolation="repeatable read", read_only=True) as reader:
        assert await reader.fetchval(COUNT) == 0
        async with database.transaction(tenant) as writer:
            await writer.execute(INSERT, "a", {})
        assert await reader.fetchval(COUNT) == 0


async def test_two_transactions_in_each_others_way_are_told_apart(database: Database, tenant: str) -> None:
    """A transaction that would overwrite what it did not see is a conflict that may be tried again."""
    async with database.transaction(tenant) as connection:
        await connection.execute(INSERT, "a", {})
    update = "UPDATE notes SET body = $1"

    async def be_late() -> None:
        async with database.transaction(tenant, isolation="repeatable read") as late:
            await late.fetchval(COUNT)
            async with database.transaction(tenant) as early:
                await early.execute(update, {"by": "early"})
            await late.execute(update, {"by": "late"})

    with pytest.raises(TransactionConflictError):
        await be_late()


async def test_a_statement_over_its_time_is_unavailable(database: Database, tenant: str) -> None:
    """The limit of a statement's time shows as an error of ours, with the server's name."""

    async def last() -> None:
        async with database.transaction(tenant) as connection:
            await connection.execute("SET LOCAL statement_timeout = '10ms'")
            await connection.execute("SELECT pg_sleep(10)")

    with pytest.raises(DatabaseUnavailableError, match=r"postgresql://.* took too long"):
        await last()


async def test_limits_are_set_on_every_connection(database: Database) -> None:
    """No statement, lock or idle transaction of a service lasts for ever, and times are in UTC."""
    async with database.connection() as connection:
        names = (
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "timezone",
            "jit",
        )
        shown = [await connection.fetchval(f"SHOW {name}") for name in names]
    assert shown == ["30s", "10s", "1min", "UTC", "off"]


@pytest.mark.parametrize(
    "tenant_id", ["", "*", "Acme", "a" * 64, "a b", "-a", "a'; DROP TABLE notes; --", "a\n"]
)
async def test_what_is_no_tenant_begins_no_transaction(database: Database, tenant_id: str) -> None:
    """A tenant id is checked before it stands in a statement."""
    with pytest.raises(TenantInvalidError, match="1 to 63 characters"):
        async with database.transaction(tenant_id):
            pass


def test_a_tenant_id_may_have_digits_dashes_and_underscores() -> None:
    """The longest and the shortest id are allowed."""
    assert [check_tenant(one) for one in ("a", "0", "a-b_c", "a" * 63)] == ["a", "0", "a-b_c", "a" * 63]


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    """The error says which database cannot be reached; neither it nor its traceback holds the password."""
    password = secrets.token_hex(8)
    with pytest.raises(
        DatabaseUnavailableError, match=r"postgresql://ada@127.0.0.1:1/meantime cannot"
    ) as refused:
        await Database.open(f"postgresql://ada:{password}@127.0.0.1:1/meantime", schema="notes")
    assert password not in "".join(traceback.format_exception(refused.value))


async def test_a_schema_that_is_not_there_asks_for_migrations(empty_url: str) -> None:
    """A database in which nothing was migrated says so when it is opened, not at the first request."""
    with pytest.raises(MigrationsPendingError, match="run `meantime migrate`"):
        await Database.open(empty_url, schema="notes")


async def test_a_database_that_is_not_there_is_unavailable(database_url: str) -> None:
    """A wrong name of a database is told as PostgreSQL tells it."""
    missing = f"missing_{secrets.token_hex(4)}"
    with pytest.raises(DatabaseUnavailableError, match=f'"{missing}" does not exist'):
        await Database.open(url_of(database_url, missing), schema="notes")


async def test_a_connection_cut_by_the_server_is_unavailable(
    administrator: Connection, database: Database, tenant: str
) -> None:
    """A server that restarts costs the transactions under way an error that says so, and no more."""

    async def be_cut() -> None:
        async with database.transaction(tenant) as connection:
            await connection.execute(INSERT, "a", {})
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            await administrator.execute("SELECT pg_terminate_backend($1, 5000)", pid)
            await connection.fetchval(COUNT)

    with pytest.raises(DatabaseUnavailableError, match="is gone"):
        await be_cut()
    async with database.transaction(tenant) as connection:
        assert await connection.fetchval(COUNT) == 0
    await database.ping()


async def test_a_closed_database_is_unavailable(database_url: str, database: Database) -> None:
    """Work that comes after the end gets a clear error."""
    del database  # its schema is what we open here
    closed = await Database.open(database_url, schema="notes")
    await closed.close()
    with pytest.raises(DatabaseUnavailableError):
        await closed.ping()


async def test_a_connection_that_the_driver_has_lost_is_given_up(database: Database) -> None:
    """Where the server ends amid a statement the driver may be at a loss: unavailable, and not lent again."""
    lost = set[int]()

    async def lose_one() -> None:
        async with database.connection() as connection:
            lost.add(await connection.fetchval("SELECT pg_backend_pid()"))
            raise asyncpg.InternalClientError("cannot switch to state 12")

    with pytest.raises(DatabaseUnavailableError):
        await lose_one()
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT pg_backend_pid()") not in lost
