from __future__ import annotations

import asyncpg
import pytest

from pgstore.database import Database
from pgstore.roles import APP_ROLE, DEFINER_ROLE

INSERT = "INSERT INTO notes (tenant_id, note_id) VALUES ($1, $2)"
COUNT = "SELECT count(*) FROM notes"
OTHER = "somebody-else"


@pytest.fixture
async def noted(database: Database, tenant: str) -> Database:
    """Let the tenant and another one have a note each."""
    for owner in (tenant, OTHER):
        async with database.transaction(owner) as connection:
            await connection.execute("DELETE FROM notes")
            await connection.execute(INSERT, owner, "a")
    return database


async def test_a_tenant_sees_its_own_rows_only(noted: Database, tenant: str) -> None:
    """A statement that forgets the tenant still sees one tenant's rows."""
    async with noted.transaction(tenant) as connection:
        rows = await connection.fetch("SELECT tenant_id FROM notes")
    assert [row["tenant_id"] for row in rows] == [tenant]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notes SET body = '{}' WHERE tenant_id = 'somebody-else'",
        "DELETE FROM notes WHERE tenant_id = 'somebody-else'",
    ],
)
async def test_a_tenant_changes_no_row_of_another(noted: Database, tenant: str, statement: str) -> None:
    """Rows of others are not there to be changed."""
    async with noted.transaction(tenant) as connection:
        assert (await connection.execute(statement)).endswith(" 0")


async def test_a_row_for_another_tenant_is_refused(noted: Database, tenant: str) -> None:
    """Writing into another tenant is an error, not a row."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with noted.transaction(tenant) as connection:
            await connection.execute(INSERT, OTHER, "b")


async def test_a_row_cannot_be_given_away(noted: Database, tenant: str) -> None:
    """Nor does a row change its tenant."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with noted.transaction(tenant) as connection:
            await connection.execute("UPDATE notes SET tenant_id = $1", OTHER)


async def test_without_a_tenant_nothing_is_seen(database_url: str, noted: Database, tenant: str) -> None:
    """A connection that never had a tenant gets an error that names the missing setting."""
    del noted, tenant  # there are rows to be seen
    fresh = await Database.open(database_url, schema="notes", max_size=1)
    with pytest.raises(asyncpg.UndefinedObjectError, match=r"meantime\.tenant"):
        async with fresh.connection() as connection:
            await connection.fetchval(COUNT)
    await fresh.close()


async def test_the_tenant_ends_with_its_transaction(database_url: str, noted: Database, tenant: str) -> None:
    """The next one who gets the connection does not get the tenant with it."""
    del noted  # its rows are what must not be seen
    single = await Database.open(database_url, schema="notes", max_size=1)
    async with single.transaction(tenant) as connection:
        assert await connection.fetchval(COUNT) == 1
    async with single.connection() as connection:
        assert await connection.fetchval(COUNT) == 0
        assert await connection.fetchval("SELECT current_setting('meantime.tenant')") == ""
    await single.close()


async def test_without_a_tenant_nothing_is_written(noted: Database) -> None:
    """No row gets in that belongs to nobody, or to whoever a statement names."""
    for owner in ("", OTHER):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError)):
            async with noted.connection() as connection:
                await connection.execute(INSERT, owner, "c")


@pytest.mark.parametrize("role", [APP_ROLE, DEFINER_ROLE])
async def test_the_roles_have_no_power(database: Database, role: str) -> None:
    """Neither role logs in, owns a table, passes row-level security, or may give itself more."""
    async with database.connection() as connection:
        powers = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication"
            " FROM pg_roles WHERE rolname = $1",
            role,
        )
        owned = await connection.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1::regrole", role)
        memberships = await connection.fetchval(
            "SELECT count(*) FROM pg_auth_members WHERE member = $1::regrole", role
        )
    assert powers is not None
    assert not any(powers)
    assert (owned, memberships) == (0, 0)


async def test_a_service_cannot_turn_its_guard_off(noted: Database, tenant: str) -> None:
    """The role that is held does not own the tables, so it cannot loosen what holds it."""
    for statement in (
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON notes",
        "TRUNCATE notes",
        "CREATE TABLE more (a int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with noted.transaction(tenant) as connection:
                await connection.execute(statement)


async def test_a_service_reads_no_other_services_record(database: Database, tenant: str) -> None:
    """The runner's record is not for services."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(tenant) as connection:
            await connection.fetch("SELECT * FROM meantime.migrations")
