"""The plans of the hot reads: each finds its rows by index, however many tenants and Calendars there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest

from calendars.service import CalendarsService
from pgstore.blocks import load_blocks

SQL = load_blocks("calendars.storage", "calendars.sql")

FILL = """
INSERT INTO calendars.calendar_books (tenant_id, revision)
SELECT $1 || t, 1 FROM generate_series(1, 2000) AS t;
INSERT INTO calendars.calendars (tenant_id, key, name, version, created_at, created_by)
SELECT $1 || t, 'k' || k, 'name', 2, now(), 'test'
FROM generate_series(1, 20) AS t, generate_series(1, 200) AS k;
INSERT INTO calendars.calendar_versions
    (tenant_id, key, version, mode, effective_from, document, document_digest, created_at, created_by)
SELECT $1 || t, 'k' || k, v, 'FORWARD', CASE WHEN v > 1 THEN now() END, '{}', sha256('x'), now(), 'test'
FROM generate_series(1, 20) AS t, generate_series(1, 200) AS k, generate_series(1, 2) AS v;
INSERT INTO calendars.calendar_references (tenant_id, key, version, refers_to)
SELECT $1 || t, 'k' || k, 1, 'k' || (k + 1) FROM generate_series(1, 20) AS t, generate_series(1, 199) AS k;
"""


@pytest.fixture
async def filled(database_url: str, tenant: str) -> AsyncIterator[str]:
    """Fill the tables with twenty tenants, and give one of them; workers of other tests meet none of them."""
    connection = await asyncpg.connect(database_url)
    try:
        for statement in FILL.strip().removesuffix(";").split(";\n"):
            await connection.execute(statement.replace("$1", f"'{tenant}-'"))
        await connection.execute("ANALYZE calendars.calendars, calendars.calendar_versions")
        await connection.execute("ANALYZE calendars.calendar_books, calendars.calendar_references")
        yield f"{tenant}-7"
        await connection.execute(
            "DELETE FROM calendars.calendar_books WHERE starts_with(tenant_id, $1)", tenant
        )
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("block", "arguments"),
    [
        ("read_outlines", [["k1", "k100"]]),
        ("read_calendars", [["k1", "k100"]]),
        ("list_keys", ["k1", 50]),
        ("list_dependants", [["k100"]]),
    ],
)
async def test_hot_reads_scan_no_table(
    service: CalendarsService, filled: str, block: str, arguments: list[Any]
) -> None:
    """No sequential scan stands in the plan, under row-level security, as the service runs it."""
    async with service._database.transaction(filled) as connection:
        plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {SQL[block]}", filled, *arguments)
    scans = [node for node in walk(msgspec.json.decode(plan)[0]["Plan"]) if "Scan" in node["Node Type"]]
    assert scans
    assert [node for node in scans if node["Node Type"] == "Seq Scan"] == []
    for node in scans:
        if "Index" in node["Node Type"]:
            assert "tenant_id" in str(node.get("Index Cond")), node


def walk(node: dict[str, Any]) -> list[dict[str, Any]]:
    """List a plan's nodes."""
    return [node, *(inner for child in node.get("Plans", []) for inner in walk(child))]
