"""Makes migrated databases for the workers of a test run: one template, a cheap copy for each."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

__all__ = ["drop_databases", "make_database", "make_empty_database", "url_of"]

_Answer = TypeVar("_Answer")


def make_database(server_url: str, *, run: str) -> str:
    """Make a migrated database of a run on the server, and answer its URL."""
    return _wait_for(_make_database(server_url, run))


def make_empty_database(server_url: str, *, run: str) -> str:
    """Make a database of a run without anything in it, and answer its URL."""
    return _wait_for(_make_empty_database(server_url, run))


def drop_databases(server_url: str, *, run: str) -> None:
    """Drop every database of a run."""
    _wait_for(_drop_databases(server_url, run))


def url_of(server_url: str, database: str) -> str:
    """Name another database on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))


async def _make_database(server_url: str, run: str) -> str:
    template, name = f"meantime_test_{run}_template", f"meantime_test_{run}_{secrets.token_hex(4)}"
    async with _locked(server_url) as connection:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", template):
            await _make_template(connection, server_url, template)
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return url_of(server_url, name)


async def _make_empty_database(server_url: str, run: str) -> str:
    name = f"meantime_test_{run}_{secrets.token_hex(4)}"
    async with _locked(server_url) as connection:
        await connection.execute(f"CREATE DATABASE {name}")
    return url_of(server_url, name)


async def _make_template(connection: Any, server_url: str, template: str) -> None:
    # Migrated under another name first: a failure leaves no template that looks finished.
    raw = f"{template}_raw"
    await connection.execute(f"DROP DATABASE IF EXISTS {raw}")
    await connection.execute(f"CREATE DATABASE {raw}")
    await _migrate(url_of(server_url, raw))
    await connection.execute(f"ALTER DATABASE {raw} RENAME TO {template}")


async def _migrate(database_url: str) -> None:
    from cli.tracks import migrate_all  # noqa: PLC0415 - a broken service must not break tests without a database

    await migrate_all(database_url)


async def _drop_databases(server_url: str, run: str) -> None:
    async with _locked(server_url) as connection:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, $1)"
        for row in await connection.fetch(query, f"meantime_test_{run}_"):
            await connection.execute(f"DROP DATABASE {row['datname']} WITH (FORCE)")


@asynccontextmanager
async def _locked(server_url: str) -> AsyncIterator[Any]:
    # Workers ask at the same time: the first makes the template, the others wait for it.
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('meantime tests'))")
        yield connection
    finally:
        await connection.close()


def _wait_for(coroutine: Coroutine[Any, Any, _Answer]) -> _Answer:
    # A thread of its own: fixtures leave the test's event loop alone.
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(asyncio.run, coroutine).result()
