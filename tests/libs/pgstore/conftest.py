"""A service's schema for the tests of the store that services stand on."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.migrations import migrate
from pgstore.tracks import Track
from tests.databases import url_of

NOTES = Track(schema="notes", package="tests.libs.pgstore.notes")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open a pool on a schema with the shared tables and one table of its own."""
    await migrate(database_url, [NOTES])
    database = await Database.open(database_url, schema="notes", max_size=12)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def administrator(database_url: str) -> AsyncIterator[Connection]:
    """Connect as the user that migrates, who is an administrator of the server."""
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def empty_url(database_url: str, administrator: Connection) -> AsyncIterator[str]:
    """Name a database of the same server in which nothing was ever migrated."""
    name = f"meantime_test_empty_{secrets.token_hex(4)}"
    await administrator.execute(f"CREATE DATABASE {name}")
    yield url_of(database_url, name)
    await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
