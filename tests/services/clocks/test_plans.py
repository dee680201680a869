"""The plans of hot reads on 60,000 Cycles: an index answers, row-level security and all."""

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
from clocks.storage.board import CycleFilter, CyclePlace, Order, compose_board, read_in_order
from pgstore.blocks import load_blocks
from pgstore.connection import Connection
from pgstore.database import Database

CYCLES = """
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, stopped_at, ended_at,
    breached_at, left_us, fire_at, fire_threshold)
SELECT CASE n % 3 WHEN 0 THEN $1 ELSE $1 || '-' || n % 30 END, 'T-' || n,
       'resolution', 'resolution', 1, 1, 'P1', 3600000000, 'office', 1, 'default', '{office}',
       CASE WHEN paused THEN 'PAUSED' WHEN open THEN 'RUNNING' ELSE 'STOPPED' END,
       CASE WHEN open THEN 'PENDING' WHEN n % 7 = 0 THEN 'BREACHED' ELSE 'MET' END,
       at, CASE WHEN NOT paused THEN at + interval '1 hour' END,
       CASE WHEN NOT open THEN at + interval '59 minutes' END,
       CASE WHEN NOT open THEN at + interval '59 minutes' END,
       CASE WHEN NOT open AND n % 7 = 0 THEN at + interval '1 hour' END,
       CASE WHEN paused THEN n % 11 * bigint '600000000' END,
       CASE WHEN open AND NOT paused THEN ARRAY[at + interval '1 year'] ELSE '{}' END,
       CASE WHEN open AND NOT paused THEN ARRAY['breach'] ELSE '{}' END
FROM (
    SELECT n, n % 10 = 0 AS open, n % 40 = 0 AS paused,
           timestamptz '2026-01-01 00:00Z' + n * interval '1 minute' AS at
    FROM generate_series(1, 60000) AS n
) AS story
"""
SUBJECTS = """
INSERT INTO clocks.subjects (tenant_id, subject_id, state, events)
SELECT tenant_id, subject_id, '\\x80', 1 FROM clocks.cycles WHERE starts_with(tenant_id, $1)
"""
ATTRIBUTES = """
INSERT INTO clocks.subject_attributes (tenant_id, subject_id, name, value)
SELECT tenant_id, subject_id, 'region', 'R' || length(subject_id)
FROM clocks.subjects WHERE starts_with(tenant_id, $1)
"""
NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)
LIMIT = 51
FIRST = None
MIDDLE = CyclePlace(NOON, "T-1", "resolution", "resolution", 1, left_us=1_800_000_000)


@pytest.fixture(scope="module")
def tenant(database_url: str) -> str:
    """Make 60,000 Cycles, a third of them of this tenant, once for all that is read here."""
    name = f"plans-{secrets.token_hex(4)}"
    asyncio.run(fill(database_url, name))
    return name


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open the database as the service does."""
    opened = await Database.open(database_url, schema=TRACK.schema)
    yield opened
    await opened.close()


async def fill(database_url: str, name: str) -> None:
    """Make the Cycles and their Subjects, and have PostgreSQL count them."""
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(CYCLES, name)
        await owner.execute(SUBJECTS, name)
        await owner.execute(ATTRIBUTES, name)
        await owner.execute(
            "ANALYZE clocks.cycles; ANALYZE clocks.subjects; ANALYZE clocks.subject_attributes"
        )
    finally:
        await owner.close()


@pytest.mark.parametrize("place", [FIRST, MIDDLE], ids=["first", "middle"])
async def test_a_page_of_cycles_is_read_from_the_index_in_order(
    database: Database, tenant: str, place: CyclePlace | None
) -> None:
    """The first page and one in the middle read as many Cycles as they show, and sort none."""
    async with database.transaction(tenant) as connection:
        await read_in_order(connection)
        plan = await explain(connection, *board(CycleFilter(), "started", place))
    assert indexes_of(plan) == {"cycles_in_order", "subjects_pkey"}, plan
    assert "Sort" not in node_types(plan), plan
    assert rows_read(plan) == 2 * LIMIT


async def test_a_narrowed_page_reads_no_more_than_what_follows(database: Database, tenant: str) -> None:
    """A page of kept Cycles reads the tenant's Cycles after its place, never the table."""
    narrowed = CycleFilter(policy_key="resolution", metric="resolution", outcome="MET")
    async with database.transaction(tenant) as connection:
        await read_in_order(connection)
        plan = await explain(connection, *board(narrowed, "started", MIDDLE))
    assert "cycles_in_order" in indexes_of(plan), plan
    assert "Seq Scan" not in node_types(plan), plan


@pytest.mark.parametrize("place", [FIRST, MIDDLE], ids=["first", "middle"])
@pytest.mark.parametrize(
    ("narrowed", "order", "index"),
    [
        (CycleFilter(), "due", "cycles_by_due"),
        (CycleFilter(outcome="BREACHED"), "due_latest", "cycles_by_due"),
        (CycleFilter(due_after=NOON), "due", "cycles_by_due"),
        (CycleFilter(phase="RUNNING"), "due", "cycles_open_by_due"),
        (CycleFilter(phase="RUNNING", outcome="PENDING", target="P1"), "due", "cycles_open_by_due"),
        (CycleFilter(phase="PAUSED"), "left", "cycles_paused_by_left"),
        (CycleFilter(phase="PAUSED", outcome="PENDING", target="P1"), "left", "cycles_paused_by_left"),
    ],
)
async def test_a_board_is_read_from_the_index_in_order(
    database: Database,
    tenant: str,
    narrowed: CycleFilter,
    order: Order,
    index: str,
    place: CyclePlace | None,
) -> None:
    """Whatever it is narrowed to, a page comes in order from the index, and is not sorted."""
    async with database.transaction(tenant) as connection:
        await read_in_order(connection)
        plan = await explain(connection, *board(narrowed, order, place))
    assert index in indexes_of(plan), plan
    assert not {"Sort", "Seq Scan"} & node_types(plan), plan
    assert rows_read(plan) <= 12 * LIMIT, plan


async def test_attributes_are_looked_up_by_index(database: Database, tenant: str) -> None:
    """A board of one region reads open Cycles and the rows of their Subjects, neither table as a whole."""
    narrowed = CycleFilter(phase="RUNNING", attributes={"region": "R7"})
    async with database.transaction(tenant) as connection:
        await read_in_order(connection)
        plan = await explain(connection, *board(narrowed, "due", MIDDLE))
    assert "cycles_open_by_due" in indexes_of(plan), plan
    assert indexes_of(plan) & {"subject_attributes_pkey", "subject_attributes_by_value"}, plan
    assert "Seq Scan" not in node_types(plan), plan


async def test_a_prefix_of_an_id_is_a_range_of_the_key(database: Database, tenant: str) -> None:
    """Some of the Subjects are found by the primary key, row-level security and all."""
    async with database.transaction(tenant) as connection:
        await read_in_order(connection)
        plan = await explain(connection, *board(CycleFilter(subject_prefix="T-300"), "due", None))
    assert "cycles_pkey" in indexes_of(plan), plan
    assert rows_read(plan) <= 3 * LIMIT, plan


async def test_a_part_of_an_id_is_looked_for_in_the_key_alone(database: Database, tenant: str) -> None:
    """The ids of the tenant are looked through, and no other's, without reading a row."""
    holding = load_blocks("clocks.storage", "board.sql")["subjects_holding"]
    async with database.transaction(tenant) as connection:
        await read_in_order(connection)
        plan = await explain(connection, holding, "9999", 1_001)
        ids = ["T-3000", "T-6000", "T-9000"]
        page = await explain(connection, *board(CycleFilter(subject_ids=ids), "due", None))
        many = await explain(connection, *board(CycleFilter(subject_contains="0"), "due", None))
    assert indexes_of(plan) == {"subjects_pkey"}, plan
    assert node_types(plan) <= {"Limit", "Index Only Scan"}, plan
    assert "cycles_pkey" in indexes_of(page), page
    assert rows_read(page) <= 3 * len(ids), page
    assert indexes_of(many) == {"cycles_by_due", "subjects_pkey"}, many
    assert "Sort" not in node_types(many), many


async def test_a_measure_reads_the_index_of_what_is_counted(database: Database, tenant: str) -> None:
    """Attainment of a day reads the Cycles of that day."""
    counted = load_blocks("clocks.storage", "promises.sql")["counted"]
    async with database.transaction(tenant) as connection:
        plan = await explain(
            connection, counted, "resolution", "resolution", NOON, NOON.replace(day=3), NOON, None
        )
    assert indexes_of(plan) == {"cycles_counted", "cycles_to_fire"}, plan
    assert "Seq Scan" not in node_types(plan), plan


async def test_a_page_of_a_backtest_is_read_from_the_key_in_order(database: Database, tenant: str) -> None:
    """The next Subjects come from the primary key, as many as are asked for, and are not sorted."""
    page = load_blocks("clocks.storage", "subjects.sql")["read_subjects_page"]
    async with database.transaction(tenant) as connection:
        plan = await explain(connection, page, "T-300", LIMIT)
    assert indexes_of(plan) == {"subjects_pkey"}, plan
    assert "Sort" not in node_types(plan), plan
    assert rows_read(plan) == LIMIT


async def test_a_plan_of_an_amendment_reads_a_portion_at_a_time(database: Database, tenant: str) -> None:
    """The next ended Cycles come from the primary key, unsorted, and their states by their own."""
    blocks = load_blocks("clocks.storage", "amendments.sql")
    async with database.transaction(tenant) as connection:
        await read_in_order(connection)
        plan = await explain(connection, blocks["other_cycles"], ["office"], "T-300", NOON, LIMIT)
        states = await explain(connection, blocks["states"], ["T-300", "T-303", "T-306"])
    assert indexes_of(plan) == {"cycles_pkey"}, plan
    assert not {"Sort", "Seq Scan"} & node_types(plan), plan
    assert indexes_of(states) == {"subjects_pkey"}, states
    assert rows_read(states) == 3


async def test_a_subject_is_read_by_its_key(database: Database, tenant: str) -> None:
    """One Subject's Cycles and state come from the primary keys."""
    cycles = load_blocks("clocks.storage", "readings.sql")["read_subject_cycles"]
    subject = load_blocks("clocks.storage", "subjects.sql")["read_subject"]
    async with database.transaction(tenant) as connection:
        for statement in (cycles, subject):
            plan = await explain(connection, statement, "T-300")
            assert indexes_of(plan) <= {"cycles_pkey", "subjects_pkey"}, plan
            assert "Seq Scan" not in node_types(plan), plan


def board(narrowed: CycleFilter, order: Order, after: CyclePlace | None) -> tuple[Any, ...]:
    """Put a page's statement together, with its values."""
    statement, values = compose_board(narrowed, order=order, after=after, limit=LIMIT, now=NOON)
    return (statement, *values)


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


def rows_read(plan: dict[str, Any]) -> int:
    """Count the rows that a plan's scans gave or filtered away."""
    return int(
        sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in nodes(plan)
            if node["Node Type"].endswith("Scan")
        )
    )
