"""Looks into the catalog of a migrated database, so that no table of any service is ever left out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from pgstore.connection import Connection, Row
from pgstore.roles import APP_ROLE, DEFINER_ROLE

TENANT_RULE = "(tenant_id = NULLIF(current_setting('meantime.tenant'::text), ''::text))"
SERVICE_SCHEMAS = "n.nspname !~ '^(pg_|information_schema$|public$|meantime$)'"
SHARED_TABLES = {"outbox", "feed_cursors", "feed_failures", "feed_followers", "feed_trimmed", "idempotency"}

TABLES = f"""
SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AS guarded, c.relforcerowsecurity AS forced,
       pg_get_userbyid(c.relowner) AS owner, c.oid
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND {SERVICE_SCHEMAS}
ORDER BY name
"""  # noqa: S608 - a constant of this module

KEYS = f"""
SELECT n.nspname || '.' || c.relname || ' ' || i.relname AS name, x.indisprimary AS is_primary,
       c.oid, a.attname AS first_column
FROM pg_index AS x
JOIN pg_class AS i ON i.oid = x.indexrelid
JOIN pg_class AS c ON c.oid = x.indrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
WHERE x.indisunique AND c.relkind IN ('r', 'p') AND {SERVICE_SCHEMAS}
"""  # noqa: S608 - a constant of this module

FOREIGN_KEYS = f"""
SELECT n.nspname || '.' || c.relname || ' ' || k.conname AS name, a.attname AS first_column,
       t.attname AS first_target, c.relnamespace = r.relnamespace AS same_schema
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_class AS r ON r.oid = k.confrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
JOIN pg_attribute AS t ON t.attrelid = k.confrelid AND t.attnum = k.confkey[1]
WHERE k.contype = 'f' AND {SERVICE_SCHEMAS}
"""  # noqa: S608 - a constant of this module

POLICIES = f"""
SELECT n.nspname || '.' || c.relname || ' ' || p.polname AS name, c.oid,
       (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r) END, ', ')
        FROM unnest(p.polroles) AS r) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS rule, pg_get_expr(p.polwithcheck, p.polrelid) AS check_rule
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE {SERVICE_SCHEMAS}
"""  # noqa: S608 - a constant of this module

FUNCTIONS = f"""
SELECT f.oid::regprocedure::text AS name, n.nspname AS schema, pg_get_userbyid(f.proowner) AS owner,
       f.proconfig AS settings, has_function_privilege('public', f.oid, 'EXECUTE') AS public_may
FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
WHERE f.prosecdef AND {SERVICE_SCHEMAS}
"""  # noqa: S608 - a constant of this module

VIEWS = f"""
SELECT n.nspname || '.' || c.relname AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (c.relkind = 'm'
       OR c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false))
  AND {SERVICE_SCHEMAS}
"""  # noqa: S608 - a constant of this module


@pytest.fixture
async def catalog(database_url: str) -> AsyncIterator[Connection]:
    """Connect to the migrated database as the one who migrated it."""
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


def names(rows: list[Row]) -> list[str]:
    """List the names in rows."""
    return sorted(row["name"] for row in rows)


async def test_each_service_has_its_own_shared_tables(catalog: Connection) -> None:
    """The check sees what it is meant to see: every service's schema with outbox, cursors and idempotency."""
    tables = {tuple(name.split(".")) for name in names(await catalog.fetch(TABLES))}
    for schema in ("calendars", "clocks", "credits"):
        assert SHARED_TABLES - {table for owner, table in tables if owner == schema} == set()


async def test_every_table_has_forced_row_level_security(catalog: Connection) -> None:
    """Whoever is not a superuser is held by it, the table's owner included."""
    tables = await catalog.fetch(TABLES)
    assert names([row for row in tables if not (row["guarded"] and row["forced"])]) == []


async def test_no_table_belongs_to_a_role_that_it_must_hold(catalog: Connection) -> None:
    """The roles that services act as own no table."""
    tables = await catalog.fetch(TABLES)
    assert names([row for row in tables if row["owner"] in {APP_ROLE, DEFINER_ROLE}]) == []


async def test_every_unique_key_begins_with_the_tenant(catalog: Connection) -> None:
    """Keys see through row-level security, and a sharded database needs the tenant in them."""
    keys = await catalog.fetch(KEYS)
    assert names([row for row in keys if row["first_column"] != "tenant_id"]) == []
    with_primary = {row["oid"] for row in keys if row["is_primary"]}
    assert names([row for row in await catalog.fetch(TABLES) if row["oid"] not in with_primary]) == []


async def test_every_foreign_key_begins_with_the_tenant(catalog: Connection) -> None:
    """No row refers to another tenant's, or to another service's."""
    keys = await catalog.fetch(FOREIGN_KEYS)
    wrong = [
        row
        for row in keys
        if (row["first_column"], row["first_target"]) != ("tenant_id", "tenant_id") or not row["same_schema"]
    ]
    assert names(wrong) == []


async def test_every_policy_is_one_of_two(catalog: Connection) -> None:
    """The role of services is held to its tenant, for reading and writing; the definer sees all."""
    rules = {APP_ROLE: TENANT_RULE, DEFINER_ROLE: "true"}
    policies = await catalog.fetch(POLICIES)
    wrong = [
        row
        for row in policies
        if row["roles"] not in rules
        or not {row["rule"], row["check_rule"]} <= {rules[row["roles"]], None}
        or (row["rule"] is None and row["check_rule"] is None)
    ]
    assert names(wrong) == [], f"a policy reads {TENANT_RULE}: see libs/pgstore/README.md"
    with_policy = {row["oid"] for row in policies}
    assert names([row for row in await catalog.fetch(TABLES) if row["oid"] not in with_policy]) == []


async def test_services_may_not_empty_or_bind_tables(catalog: Connection) -> None:
    """TRUNCATE, REFERENCES and TRIGGER pass by row-level security: nobody holds them."""
    loose = [
        f"{row['name']}: {role} {privilege}"
        for row in await catalog.fetch(TABLES)
        for role in (APP_ROLE, DEFINER_ROLE)
        for privilege in ("TRUNCATE", "REFERENCES", "TRIGGER")
        if await catalog.fetchval("SELECT has_table_privilege($1, $2::oid, $3)", role, row["oid"], privilege)
    ]
    assert loose == []


async def test_every_definer_function_is_narrow(catalog: Connection) -> None:
    """It acts as the role made for it, finds names in its own schema only, and is granted, not public."""
    functions = await catalog.fetch(FUNCTIONS)
    assert functions != []
    for row in functions:
        path = f"search_path={row['schema']}, pg_temp"
        assert row["owner"] == DEFINER_ROLE, row["name"]
        assert path in (row["settings"] or []), row["name"]
        assert not row["public_may"], row["name"]


async def test_no_view_looks_past_row_level_security(catalog: Connection) -> None:
    """A view reads as its owner unless it says otherwise; a materialized one always does."""
    assert names(await catalog.fetch(VIEWS)) == []
