"""The plans of what measures read, on 60,000 events: an index answers, row-level security and all."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from clocks.storage import TRACK
from pgstore.blocks import load_blocks
from pgstore.connection import Connection
from pgstore.database import Database

EVENTS = """
INSERT INTO clocks.events (
    tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
SELECT CASE n % 3 WHEN 0 THEN $1 ELSE $1 || '-' || n % 30 END, 'E-' || n, 'T-' || n / 10,
       timestamptz '2026-01-01 00:00Z' + n * interval '1 minute', 0,
       CASE n % 100 WHEN 0 THEN 'outage.started' WHEN 6 THEN 'outage.ended' ELSE 'updated' END,
       json_build_object('region', 'r' || n % 4, 'note', 'n'), '\\x00'
FROM generate_series(1, 60000) AS n
"""
CYCLES = """
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, stopped_at, ended_at)
SELECT CASE n % 3 WHEN 0 THEN $1 ELSE $1 || '-' || n % 30 END, 'T-' || n, 'resolution', 'resolution', 1, 1,
       'P1', 3600000000, 'office', 1, 'default', '{office}', 'STOPPED', 'MET', at, at + interval '1 hour',
       at + interval '59 minutes', at + interval '59 minutes'
FROM (
    SELECT n, timestamptz '2026-01-01 00:00Z' + n * interval '1 minute' AS at
    FROM generate_series(1, 60000) AS n
) AS story
"""
SUBJECTS = """
INSERT INTO clocks.subjects (tenant_id, subject_id, state, events)
SELECT tenant_id, subject_id, '\\x80', 1 FROM clocks.cycles WHERE starts_with(tenant_id, $1)
"""
START = datetime(2026, 2, 1, tzinfo=UTC)
NEXT = datetime(2026, 2, 1, 2, tzinfo=UTC)
END = datetime(2026, 2, 2, tzinfo=UTC)
LATE = datetime(2026, 2, 11, tzinfo=UTC)
WITH_STATES = True
SQL = load_blocks("clocks.storage", "measures.sql")


@pytest.fixture(scope="module")
def tenant(database_url: str) -> str:
    """Make the events and Cycles once for all that is read here, a third of them of this tenant."""
    name = f"measures-{secrets.token_hex(4)}"
    asyncio.run(fill(database_url, name))
    return name


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open the database as the service does."""
    opened = await Database.open(database_url, schema=TRACK.schema)
    yield opened
    await opened.close()


async def fill(database_url: str, name: str) -> None:
    """Make the rows, and have PostgreSQL count them."""
    owner = await asyncpg.connect(database_url)
    try:
        for statement in (EVENTS, CYCLES, SUBJECTS):
            await owner.execute(statement, name)
        await owner.execute("ANALYZE clocks.events; ANALYZE clocks.cycles; ANALYZE clocks.subjects")
    finally:
        await owner.close()


async def test_events_of_a_type_are_read_from_its_index(database: Database, tenant: str) -> None:
    """A day's outages are found without looking at what else happened."""
    async with database.transaction(tenant) as connection:
        plan = await explain(connection, SQL["told_events"], "outage.started", START, END, "region", None)
    assert indexes_of(plan) == {"events_by_type"}, plan
    assert rows_removed(plan) == 0


async def test_outages_that_touch_a_day_are_read_and_no_others(database: Database, tenant: str) -> None:
    """Weeks of outages before it are told by their type and instant; only what touches the day is read."""
    async with database.transaction(tenant) as connection:
        plan = await explain(
            connection, SQL["facts_of_lasting"], "outage.started", "outage.ended", START, END, END
        )
    assert indexes_of(plan) == {"events_by_type", "events_in_order"}, plan
    assert "Seq Scan" not in node_types(plan), plan
    (told,) = (node for node in nodes(plan) if node.get("Index Name") == "events_in_order")
    assert told["Actual Loops"] < 20, plan


async def test_events_of_subjects_are_read_from_their_log(database: Database, tenant: str) -> None:
    """Who has such an event is told by its type; the rest of the log comes by Subject."""
    async with database.transaction(tenant) as connection:
        plan = await explain(
            connection,
            SQL["facts_of_subjects"],
            ["updated", "outage.ended"],
            ["outage.ended"],
            START,
            END,
            END,
        )
    assert indexes_of(plan) == {"events_by_type", "events_in_order"}, plan
    assert "Seq Scan" not in node_types(plan), plan


async def test_stopped_cycles_are_read_from_their_index(database: Database, tenant: str) -> None:
    """The Cycles of two hours are found by when they stopped, their states by key."""
    async with database.transaction(tenant) as connection:
        asked = ("resolution", "resolution", START, NEXT, None, WITH_STATES)
        plan = await explain(connection, SQL["stopped_cycles"], *asked)
    assert indexes_of(plan) == {"cycles_stopped", "subjects_pkey"}, plan
    assert "Seq Scan" not in node_types(plan), plan


async def test_promises_are_counted_by_indexes(database: Database, tenant: str) -> None:
    """What was kept and broken in two hours, and what was neither at their end, is found by when."""
    counted = load_blocks("clocks.storage", "promises.sql")["counted"]
    pending = load_blocks("clocks.storage", "promises.sql")["pending"]
    async with database.transaction(tenant) as connection:
        asked = ("resolution", "resolution")
        plans = [
            await explain(connection, counted, *asked, START, NEXT, END, None),
            await explain(connection, pending, *asked, LATE, LATE, None),
        ]
    assert indexes_of(plans[0]) == {"cycles_counted", "cycles_to_fire"}, plans
    assert indexes_of(plans[1]) == {"cycles_counted", "cycles_open_by_due", "cycles_cancelled"}, plans
    assert not any("Seq Scan" in node_types(plan) for plan in plans), plans


async def test_attributes_are_read_backwards_from_their_instant(database: Database, tenant: str) -> None:
    """An attribute's value is the last one told: one event is looked at, however long the log."""
    subjects = [f"T-{n}" for n in range(3000, 3100)]
    async with database.transaction(tenant) as connection:
        plan = await explain(connection, SQL["attributes_at"], subjects, [END] * 100, ["region"])
    assert indexes_of(plan) == {"events_in_order"}, plan
    assert "Seq Scan" not in node_types(plan), plan
    assert "Sort" not in {node["Node Type"] for node in nodes(plan) if "events" in json.dumps(node)}, plan


async def explain(connection: Connection, statement: str, *arguments: Any) -> dict[str, Any]:
    """Run a statement and give its plan."""
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *arguments)
    root: dict[str, Any] = json.loads(rows[0][0])[0]["Plan"]
    return root


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """List a plan's nodes."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def indexes_of(plan: dict[str, Any]) -> set[str]:
    """Name the indexes that a plan reads."""
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


def node_types(plan: dict[str, Any]) -> set[str]:
    """Name the kinds of node in a plan."""
    return {node["Node Type"] for node in nodes(plan)}


def rows_removed(plan: dict[str, Any]) -> int:
    """Count the rows that were read and not wanted."""
    return sum(int(node.get("Rows Removed by Filter", 0)) for node in nodes(plan))
