"""The servers that a block runs."""

from __future__ import annotations

import asyncpg
from redis.asyncio import Redis

from embedded.running import temporary_servers


async def test_servers_answer_within_the_block() -> None:
    """PostgreSQL answers on its socket, Valkey on its own, both without a TCP port."""
    with temporary_servers() as servers:
        connection = await asyncpg.connect(servers.database_url)
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SELECT datname FROM pg_database WHERE datname = 'meantime'") == "meantime"
        await connection.close()
        async with Redis.from_url(servers.redis_url) as valkey:
            assert await valkey.ping()
            assert await valkey.config_get("port") == {"port": "0"}


async def test_the_database_of_a_worker_is_migrated(database_url: str, redis_url: str, tenant: str) -> None:
    """The fixtures give a database and a Valkey that answer."""
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT current_database()") in database_url
    await connection.close()
    async with Redis.from_url(redis_url) as valkey:
        await valkey.set(tenant, "1")
        assert await valkey.get(tenant) == b"1"
