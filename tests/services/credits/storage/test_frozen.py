"""What a close leaves in the database: balanced, once, told to others, and out of the service's own reach."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from credits.contract import CloseStatement, SaveAgreement
from credits.domain.ledger import Account
from credits.service import CreditsService
from credits.storage.ledger import add_entries, read_entries
from pgstore.database import Database
from serving.context import RequestContext
from tests.services.credits.counted_clocks import CountedClocks
from tests.services.credits.documents import ACME, level


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open the service's schema as the service does."""
    opened = await Database.open(database_url, schema="credits")
    yield opened
    await opened.close()


@pytest.fixture
async def closed(service: CreditsService, clocks: CountedClocks, context: RequestContext) -> int:
    """Close a month of three levels: two missed, one met."""
    clocks.counts |= {"met": (1, 0), "worse": (1, 1)}
    measures = [
        {"kind": "attainment", "policy": key, "metric": "m"} for key in ("resolution", "met", "worse")
    ]
    levels = [level(f"level-{index}", measure=measure) for index, measure in enumerate(measures)]
    document = ACME | {"levels": levels, "cap": {"share_of_fee": "12.345%"}}
    await service.save_agreement(context, SaveAgreement(key="acme", document=document))
    return (
        await service.close_statement(context, CloseStatement(agreement_key="acme", period="2016-03"))
    ).number


async def test_entries_sum_to_the_statement(database: Database, tenant: str, closed: int) -> None:
    """Each level that owes has one entry from expense to payable, and together they are the total."""
    async with database.transaction(tenant) as connection:
        entries = await read_entries(connection, closed)
    assert [(entry.level, entry.amount_minor) for entry in entries] == [
        ("level-0", 41_150),
        ("level-2", 82_300),
    ]
    assert sum(entry.amount_minor for entry in entries) == 123_450
    assert {(entry.debit, entry.credit) for entry in entries} == {
        (Account.CREDITS_EXPENSE, Account.CUSTOMER_PAYABLE)
    }


async def test_an_entry_is_posted_once(database: Database, tenant: str, closed: int) -> None:
    """The permanent key refuses the same entry a second time."""
    async with database.transaction(tenant) as connection:
        entries = await read_entries(connection, closed)
        posted_at = await connection.fetchval("SELECT now()")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction(tenant) as connection:
            await add_entries(connection, entries, statement_number=closed, posted_at=posted_at)


@pytest.mark.parametrize("table", ["agreement_versions", "statements", "ledger_entries"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET tenant_id = tenant_id", "TRUNCATE {}"])
@pytest.mark.usefixtures("closed")
async def test_what_is_frozen_stays(database: Database, tenant: str, table: str, change: str) -> None:
    """The service's role can neither change nor remove a version, a Statement, or an entry."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(tenant) as connection:
            await connection.execute(change.format(table))


async def test_closing_tells_others_once(
    service: CreditsService, database: Database, context: RequestContext, tenant: str, closed: int
) -> None:
    """One message of the closed Statement stands in the outbox, however often the month is closed."""
    await service.close_statement(context, CloseStatement(agreement_key="acme", period="2016-03"))
    async with database.transaction(tenant) as connection:
        rows = await connection.fetch("SELECT type, subject, payload FROM outbox")
    (row,) = rows
    assert (row["type"], row["subject"]) == ("statement.closed", str(closed))
    assert row["payload"]["amount_minor"] == 123_450
    assert (row["payload"]["agreement"], row["payload"]["period"]) == ("acme", "2016-03")
    assert row["payload"]["closed_at"] == "2016-04-20T12:00:00.000000Z"


async def test_tables_hold_rows_of_one_tenant_apart(database: Database, tenant: str, closed: int) -> None:
    """Row-level security is forced on each table, and shows another tenant nothing."""
    assert closed == 1
    async with database.transaction(f"{tenant}-other") as connection:
        tables = await connection.fetch(
            "SELECT relname, relrowsecurity AND relforcerowsecurity AS forced FROM pg_class"
            " WHERE relnamespace = 'credits'::regnamespace AND relkind = 'r'"
        )
        for table in tables:
            assert table["forced"], table["relname"]
        for name in (
            "agreements",
            "agreement_versions",
            "statements",
            "statement_counters",
            "ledger_entries",
        ):
            assert await connection.fetchval(f"SELECT count(*) FROM {name}") == 0  # noqa: S608 - names of ours
