"""The PostgreSQL and Redis of `meantime up`: the user's where URLs name them, else embedded ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.display import Display
from cli.errors import ServerUnreachableError
from cli.supervisor import Supervisor
from cli.tracks import migrate_all
from embedded.command import Command
from pgstore.errors import DatabaseUnavailableError, DatabaseUrlError

__all__ = ["Urls", "migrate_database", "start_servers"]

_REDIS_TIMEOUT_S = 5


@dataclass(frozen=True, kw_only=True)
class Urls:
    """Where the servers answer. *_is_ours: whether it is an embedded one."""

    database: str
    redis: str
    database_is_ours: bool
    redis_is_ours: bool


async def start_servers(
    environ: Mapping[str, str], data: Path, supervisor: Supervisor, display: Display
) -> Urls:
    """Start what no URL names, check what one does, and answer where both are.

    Raises ServerUnreachableError, EmbeddedError.
    """
    database, redis = environ.get("DATABASE_URL", ""), environ.get("REDIS_URL", "")
    if redis:
        await _check_redis(redis)
    if not (database and redis):
        display.announce(f"data of the embedded servers: {data}")
        commands, our_database, our_redis = _embedded(data, postgres=not database, valkey=not redis)
        display.announce(f"starting {', '.join(command.name for command in commands)}")
        await supervisor.start(*commands)
        return Urls(
            database=database or our_database,
            redis=redis or our_redis,
            database_is_ours=not database,
            redis_is_ours=not redis,
        )
    return Urls(database=database, redis=redis, database_is_ours=False, redis_is_ours=False)


async def migrate_database(urls: Urls, display: Display) -> None:
    """Bring the database up to date; raises ServerUnreachableError, PgstoreError."""
    try:
        applied = await migrate_all(urls.database)
    except (DatabaseUnavailableError, DatabaseUrlError) as error:
        if urls.database_is_ours:
            raise
        raise ServerUnreachableError(
            f"DATABASE_URL: {error}. Correct it, start that server, or unset it to use the embedded one",
            field="DATABASE_URL",
        ) from None
    if applied:
        display.announce(f"{len(applied)} migrations applied")


def _embedded(data: Path, *, postgres: bool, valkey: bool) -> tuple[list[Command], str, str]:
    # Imported here: with both URLs set, the embedded servers need not even be installed.
    from embedded.postgres import open_postgres  # noqa: PLC0415 - see above
    from embedded.sockets import socket_directory  # noqa: PLC0415 - see above
    from embedded.valkey import valkey_command, valkey_url  # noqa: PLC0415 - see above

    commands, database_url, redis_url = [], "", ""
    if valkey:
        sockets = socket_directory(data, name="valkey")
        commands.append(valkey_command(sockets=sockets))
        redis_url = valkey_url(sockets=sockets)
    if postgres:
        server = open_postgres(data)
        server.prepare()
        commands.append(server.command())
        database_url = server.url()
    return commands, database_url, redis_url


async def _check_redis(url: str) -> None:
    from redis.asyncio import Redis  # noqa: PLC0415 - only where a URL is to be checked
    from redis.exceptions import RedisError  # noqa: PLC0415 - as above

    try:
        async with Redis.from_url(
            url, socket_connect_timeout=_REDIS_TIMEOUT_S, socket_timeout=_REDIS_TIMEOUT_S
        ) as redis:
            await redis.ping()
    except (RedisError, OSError, ValueError) as error:
        # An error about the URL itself may quote it, with its password.
        why = "it is not a Redis URL" if isinstance(error, ValueError) else str(error)
        raise ServerUnreachableError(
            f"REDIS_URL: the server does not answer: {why}. Expected redis://host:6379/0; correct it, start"
            " that server, or unset it to use the embedded one",
            field="REDIS_URL",
        ) from None
