"""What the database itself holds to, whatever the code does."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from calendars.contract import CreateCalendar
from calendars.service import CalendarsService
from pgstore.database import Database, savepoint
from pgstore.errors import PgstoreError
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import LONDON

OWN_TABLES = {"calendar_books", "calendar_references", "calendar_versions", "calendars"}


@pytest.fixture
def database(service: CalendarsService) -> Database:
    """Take the service's own pool, with the service's own rights."""
    return service._database


async def test_every_table_is_held_to_one_tenant(database: Database, tenant: str) -> None:
    """Row-level security is on and forced for all tables, whose keys begin with the tenant."""
    async with database.transaction(tenant) as connection:
        rows = await connection.fetch(
            """
            SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS held, a.attname AS first
            FROM pg_class AS c
            JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE c.relnamespace = 'calendars'::regnamespace AND c.relkind = 'r'
            """
        )
    assert {row["name"] for row in rows} >= OWN_TABLES
    assert {(row["held"], row["first"]) for row in rows} == {(True, "tenant_id")}


async def test_a_tenant_sees_no_row_of_another(
    service: CalendarsService, database: Database, tenant: str
) -> None:
    """Rows are invisible to another tenant's transaction, and may not be written into it."""
    await service.create_calendar(acting_for(tenant), CreateCalendar(key="a", name="A", document=LONDON))
    async with database.transaction(f"{tenant}-other") as connection:
        for table in sorted(OWN_TABLES):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - our own names
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with savepoint(connection):
                await connection.execute(
                    "INSERT INTO calendar_books (tenant_id, revision) VALUES ($1, 1)", tenant
                )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE calendar_versions SET reason = 'other'",
        "UPDATE calendar_versions SET document = '{}'",
        "DELETE FROM calendar_versions",
        "DELETE FROM calendars",
        "UPDATE calendars SET name = 'other'",
        "DELETE FROM calendar_references",
        "DELETE FROM calendar_books",
        "TRUNCATE calendar_versions",
    ],
)
async def test_what_was_said_cannot_be_edited(database: Database, tenant: str, statement: str) -> None:
    """The service has no right to change or delete a version, even its own tenant's."""
    async with database.transaction(tenant) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with savepoint(connection):
                await connection.execute(statement)


async def test_the_audit_is_kept_with_the_row(
    service: CalendarsService, database: Database, context: RequestContext, tenant: str
) -> None:
    """Who and when stand on the Calendar and its version."""
    await service.create_calendar(context, CreateCalendar(key="a", name="A", document=LONDON))
    async with database.transaction(tenant) as connection:
        for table in ("calendars", "calendar_versions"):
            row = await connection.fetchrow(f"SELECT created_at, created_by FROM {table}")  # noqa: S608 - as above
            assert row is not None
            assert tuple(row) == (datetime(2026, 3, 2, 12, tzinfo=UTC), "user:ada")


async def test_a_bad_tenant_is_refused(service: CalendarsService) -> None:
    """A tenant id that is none reaches no row."""
    with pytest.raises(PgstoreError):
        await service.create_calendar(
            acting_for("No Tenant"), CreateCalendar(key="a", name="A", document=LONDON)
        )
