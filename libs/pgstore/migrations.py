"""The runner that brings a database up to date: one at a time, one transaction a file, nothing half done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from pgstore.blocks import load_blocks
from pgstore.dsn import check_dsn, describe_dsn
from pgstore.errors import (
    MigrationFailedError,
    MigrationsBusyError,
    MigrationsForbiddenError,
    MigrationsPendingError,
)
from pgstore.grants import check_server, ensure_roles
from pgstore.plan import Applied, left_to_apply, with_shared
from pgstore.refusals import connecting, querying
from pgstore.roles import APP_ROLE, DEFINER_ROLE
from pgstore.tracks import Migration, Track

__all__ = ["migrate", "pending", "require_current"]

_SQL = load_blocks("pgstore", "ledger.sql")
_LOCK = 0x6D65616E74696D65  # "meantime" in ASCII: one runner a database
_SETTINGS = {
    "application_name": "meantime-migrate",
    "timezone": "UTC",
    "statement_timeout": "0",  # building an index takes as long as it takes
    "lock_timeout": "15s",  # but waiting for a table must not hold up everyone behind us
}
_CONNECT_TIMEOUT_S = 10


async def migrate(dsn: str, tracks: Sequence[Track], *, wait_s: int = 60) -> tuple[Migration, ...]:
    """Apply what is pending and return it; creates roles and schemas where they are missing.

    wait_s: how long to wait for another runner. Raises MigrationError, DatabaseUrlError,
    DatabaseUnavailableError. What was applied before an error stays applied.
    """
    async with _connected(dsn) as connection, _locked(connection, wait_s):
        left = await _left(connection, tracks)
        if left:
            await _prepare(connection)
        for schema, migration in left:
            await _apply(connection, schema, migration)
        for schema in dict.fromkeys(track.schema for track in tracks):
            await connection.execute(f"SELECT {schema}.feed_settle()")
    return tuple(migration for _, migration in left)


async def pending(dsn: str, tracks: Sequence[Track]) -> tuple[Migration, ...]:
    """List what `migrate` would apply; changes nothing. Raises as `migrate` does."""
    async with _connected(dsn) as connection:
        return tuple(migration for _, migration in await _left(connection, tracks))


async def require_current(dsn: str, tracks: Sequence[Track]) -> None:
    """Raise MigrationsPendingError unless nothing is pending; DatabaseNewerError as `migrate` does."""
    left = await pending(dsn, tracks)
    if left:
        raise MigrationsPendingError(
            f"{describe_dsn(dsn)} lacks {len(left)} migrations, first {left[0]}: run `meantime migrate`"
        )


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Any]:
    check_dsn(dsn)
    description = describe_dsn(dsn)
    with connecting(description):
        connection = await asyncpg.connect(dsn, server_settings=_SETTINGS, timeout=_CONNECT_TIMEOUT_S)
    try:
        with querying(description, connection):
            await check_server(connection)
            yield connection
    finally:
        await connection.close(timeout=_CONNECT_TIMEOUT_S)


@asynccontextmanager
async def _locked(connection: Any, wait_s: int) -> AsyncIterator[None]:
    """Hold the runner's lock; it is the session's, so it ends with the connection whatever happens."""
    await connection.execute(f"SET lock_timeout = '{int(wait_s)}s'")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    except asyncpg.LockNotAvailableError as error:
        raise MigrationsBusyError(
            f"another `meantime migrate` has been running on this database for over {wait_s} s: let it end"
        ) from error
    await connection.execute(f"SET lock_timeout = '{_SETTINGS['lock_timeout']}'")
    yield


async def _left(connection: Any, tracks: Sequence[Track]) -> list[tuple[str, Migration]]:
    every = with_shared(tracks)
    applied: dict[str, dict[int, Applied]] = {track.name: {} for track in every}
    if await connection.fetchval(_SQL["table_exists"]):
        for row in await connection.fetch(_SQL["read"], list(applied)):
            applied[row["track"]][row["number"]] = Applied(
                number=row["number"], name=row["name"], checksum=row["checksum"]
            )
    return [
        (track.schema, migration)
        for track in every
        for migration in left_to_apply(track, applied[track.name])
    ]


async def _prepare(connection: Any) -> None:
    """Make what the first migration needs: the roles and the record."""
    await ensure_roles(connection)
    if await connection.fetchval(_SQL["table_exists"]):
        return
    try:
        async with connection.transaction():
            await connection.execute(_SQL["create_schema"])
            await connection.execute(_SQL["create_table"])
    except asyncpg.InsufficientPrivilegeError as error:
        raise _forbidden("create a schema", error) from error


async def _apply(connection: Any, schema: str, migration: Migration) -> None:
    """Run one file and record it, in one transaction, with the schema as the only place names are found in.

    The definer may own functions only in a schema where it may create: it may for the length of the file.
    """
    try:
        async with connection.transaction():
            await _enter_schema(connection, schema)
            await connection.execute(f"GRANT CREATE ON SCHEMA {schema} TO {DEFINER_ROLE}")
            await connection.execute(migration.sql)
            await connection.execute(f"REVOKE CREATE ON SCHEMA {schema} FROM {DEFINER_ROLE}")
            await connection.execute(
                _SQL["record"], migration.track, migration.number, migration.name, migration.checksum
            )
    except asyncpg.InsufficientPrivilegeError as error:
        raise _forbidden(f"apply {migration}", error) from error
    except asyncpg.PostgresConnectionError:
        raise
    except asyncpg.PostgresError as error:
        raise MigrationFailedError(f"migration {migration}{_line(migration, error)}: {error}") from error


async def _enter_schema(connection: Any, schema: str) -> None:
    if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", schema):
        await connection.execute(f"CREATE SCHEMA {schema}")
        await connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {APP_ROLE}, {DEFINER_ROLE}")
    await connection.execute(f"SET LOCAL search_path = {schema}, pg_temp")


def _line(migration: Migration, error: Any) -> str:
    """Say on which line of the file PostgreSQL found the fault, where it says so."""
    position = getattr(error, "position", None)
    return f", line {migration.sql[: int(position)].count(chr(10)) + 1}" if position else ""


def _forbidden(deed: str, error: Exception) -> MigrationsForbiddenError:
    return MigrationsForbiddenError(
        f"the user of the database URL may not {deed} ({error}): migrate as the owner of the database"
    )
