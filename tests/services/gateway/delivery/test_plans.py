"""The plans of hot reads among 40,000 messages and as many parked retries: an index answers."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from gateway.storage import TRACK
from pgstore.blocks import load_blocks
from pgstore.connection import Connection
from pgstore.database import Database

FILL = """
INSERT INTO tenants (tenant_id, name, created_at)
SELECT $1 || '-' || n, 'x', now() FROM generate_series(0, 9) AS n;
INSERT INTO webhooks (tenant_id, webhook_id, name, url, types, policies, metrics, targets, max_in_flight,
                      secret, created_at, created_by, wake_at)
SELECT $1 || '-' || n % 10, 'we_' || n, 'x', 'https://x/', '{}', '{}', '{}', '{}', 8, 'x', now(), 'x',
       CASE WHEN n % 100 = 0 THEN now() WHEN n % 2 = 0 THEN now() + interval '1 hour' END
FROM generate_series(0, 1999) AS n;
INSERT INTO messages (tenant_id, message_id, source, type, subject, payload, created_at)
SELECT $1 || '-' || n % 10, gen_random_uuid(), 'clocks', 'cycle.changed', 'x', '{}', now()
FROM generate_series(1, 40000) AS n;
INSERT INTO deliveries (tenant_id, webhook_id, position, state, next_attempt_at)
SELECT m.tenant_id, 'we_' || right(m.tenant_id, 1), m.position,
       CASE WHEN m.position % 50 = 0 THEN 'DEAD' WHEN m.position % 3 = 0 THEN 'DELIVERED' ELSE 'PENDING' END,
       now() + (m.position % 1000 - 2) * interval '1 minute'
FROM messages AS m WHERE starts_with(m.tenant_id, $1)
"""
EMPTY = """
DELETE FROM webhooks WHERE starts_with(tenant_id, $1);
DELETE FROM messages WHERE starts_with(tenant_id, $1)
"""
MESSAGES = load_blocks("gateway.storage", "messages.sql")
DELIVERIES = load_blocks("gateway.storage", "deliveries.sql")
CLAIM = """
SELECT tenant_id, webhook_id FROM webhooks
WHERE wake_at <= statement_timestamp() AND disabled_at IS NULL
  AND (leased_until IS NULL OR leased_until <= statement_timestamp())
ORDER BY wake_at LIMIT 32
"""
LATEST = "SELECT position FROM messages WHERE position + 0 > $1 ORDER BY position + 0 LIMIT 100"


@pytest.fixture(scope="module")
def tenant(database_url: str) -> Iterator[str]:
    """Fill the tables, once for all that is read here, and empty them for others."""
    name = f"plans-{secrets.token_hex(4)}"
    asyncio.run(run(database_url, FILL, name))
    yield f"{name}-3"
    asyncio.run(run(database_url, EMPTY, name))


async def run(database_url: str, statements: str, name: str) -> None:
    """Write or remove rows, and have the rest counted."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": TRACK.schema})
    try:
        for statement in statements.split(";"):
            await connection.execute(statement, name)
        await connection.execute("ANALYZE messages, deliveries, webhooks")
    finally:
        await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open the gateway's schema."""
    opened = await Database.open(database_url, schema=TRACK.schema)
    yield opened
    await opened.close()


READS: list[tuple[str, str, tuple[Any, ...], str]] = [
    ("followed", MESSAGES["read_after"], (30_000, 200), "messages_pkey"),
    ("end", MESSAGES["last_position"], (), "messages_pkey"),
    ("due", DELIVERIES["read_due"], ("we_3", 100), "deliveries_due"),
    ("page", DELIVERIES["read_page"], ("we_3", 2**62, None, 51), "deliveries_pkey"),
    ("dead", DELIVERIES["read_page"], ("we_3", 2**62, "DEAD", 51), "deliveries"),
]


@pytest.mark.parametrize(("name", "query", "arguments", "index"), READS, ids=[read[0] for read in READS])
async def test_plan(
    database: Database, tenant: str, name: str, query: str, arguments: tuple[Any, ...], index: str
) -> None:
    """An index answers under row-level security, and no table is read through."""
    async with database.transaction(tenant) as connection:
        plan = await explain(connection, query, tenant, *arguments)
    assert index in plan, name
    assert "Seq Scan" not in plan


@pytest.mark.parametrize(("query", "arguments"), [(CLAIM, ()), (LATEST, (30_000,))], ids=["claim", "latest"])
@pytest.mark.usefixtures("tenant")
async def test_plan_over_all_tenants(database_url: str, query: str, arguments: tuple[Any, ...]) -> None:
    """What workers look for over all tenants is found by an index, however much is parked."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": TRACK.schema})
    try:
        plan = await explain(connection, query, *arguments)
    finally:
        await connection.close()
    assert "Index" in plan
    assert "Seq Scan" not in plan


async def explain(connection: Connection, query: str, *arguments: Any) -> str:
    """Return the plan as text."""
    return json.dumps(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *arguments))
