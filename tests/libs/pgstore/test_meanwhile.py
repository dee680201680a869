"""Work while PostgreSQL works: both answers come, and an error of either leaves the connection free."""

from __future__ import annotations

import time
from datetime import timedelta

import asyncpg
import pytest

from pgstore.database import Database
from pgstore.meanwhile import meanwhile


async def test_the_statement_is_under_way_while_the_work_is_done(database: Database, tenant: str) -> None:
    """The server began long before the work ended, though nothing was awaited in between."""
    statement = "SELECT clock_timestamp()"
    async with database.transaction(tenant) as connection:
        await connection.fetchval(statement)  # prepared from now on
        began_at, _ = await meanwhile(connection.fetchval(statement), lambda: time.sleep(0.2))
        after = await connection.fetchval("SELECT clock_timestamp()")
    assert after - began_at > timedelta(seconds=0.1)


async def test_an_error_of_the_work_is_raised_when_the_connection_is_free(
    database: Database, tenant: str
) -> None:
    """The transaction can be rolled back, and the connection is lent again."""
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(tenant) as connection:
            await meanwhile(connection.execute("SELECT pg_sleep(5)"), lambda: 1 // 0)
    await database.ping()


async def test_an_error_of_the_statement_is_raised_after_the_work(database: Database, tenant: str) -> None:
    """What the server refuses is the caller's to know."""
    done: list[bool] = []
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with database.transaction(tenant) as connection:
            await meanwhile(connection.fetchval("SELECT 1 / 0"), lambda: done.append(True))
    assert done == [True]
    await database.ping()
