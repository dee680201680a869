"""A service's database: a pool that acts as a role without power, one tenant a transaction."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Self, cast

import asyncpg

from pgstore.codecs import set_codecs
from pgstore.connection import Connection
from pgstore.dsn import check_dsn, describe_dsn
from pgstore.errors import (
    DatabaseUnavailableError,
    MigrationsPendingError,
    RoleUnsafeError,
    TenantBusyError,
    TenantInvalidError,
)
from pgstore.refusals import connecting, querying
from pgstore.roles import APP_ROLE, check_identifier
from pgstore.shares import Shares

__all__ = ["Database", "Isolation", "check_tenant", "savepoint"]

Isolation = Literal["read committed", "repeatable read", "serializable"]

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ACQUIRE_TIMEOUT_S = 10
_CLOSE_TIMEOUT_S = 10
_IDLE_S = 30  # a backend that served a burst keeps the megabytes of caches that it grew to while it lives
_COMMAND_TIMEOUT_S = 60  # for a server that is gone without a word; the server's own limit comes first
_SETTINGS = {
    "role": APP_ROLE,
    "timezone": "UTC",
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",  # compiling costs 15 ms for statements that run in one
}
_WHO = "SELECT rolname AS name, rolsuper OR rolbypassrls AS unsafe FROM pg_roles WHERE rolname = current_user"


class Database:
    """A pool of connections to one schema; made by `open`, ended by `close`.

    Connections act as `meantime_app`: no statement sees or writes a row of another tenant than the
    transaction's. jsonb columns take and give Python objects (or `msgspec.Raw`). Tenants share the pool: one
    that has many transactions under way waits for its own to end while others still find a connection.
    """

    def __init__(self, pool: Any, description: str) -> None:
        self._pool = pool
        self._description = description
        self._shares = Shares(pool.get_max_size())

    @classmethod
    async def open(
        cls, dsn: str, *, schema: str, min_size: int = 1, max_size: int = 8, application: str | None = None
    ) -> Self:
        """Open a pool on a schema; `application` is how the server lists it (default: the schema).

        Raises DatabaseUrlError, DatabaseUnavailableError, RoleUnsafeError, and MigrationsPendingError where
        the roles or the schema are not there yet.
        """
        check_dsn(dsn)
        settings = _SETTINGS | {
            "search_path": f"{check_identifier(schema)}, pg_temp",
            "application_name": f"meantime-{application or schema}",
        }
        with connecting(describe_dsn(dsn)):
            pool = await asyncpg.create_pool(
                dsn,
                min_size=min_size,
                max_size=max_size,
                server_settings=settings,
                command_timeout=_COMMAND_TIMEOUT_S,
                timeout=_ACQUIRE_TIMEOUT_S,
                max_inactive_connection_lifetime=_IDLE_S,
                init=set_codecs,
                reset=_leave_as_it_is,
            )
        database = cls(pool, describe_dsn(dsn))
        try:
            await database._check(schema)
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def transaction(
        self, tenant_id: str, *, isolation: Isolation = "read committed", read_only: bool = False
    ) -> AsyncIterator[Connection]:
        """Lend a connection in a transaction of one tenant; committed at the end, rolled back on an error.

        Raises TenantInvalidError, TenantBusyError, DatabaseUnavailableError, TransactionConflictError. For
        a part that may fail by itself, see `savepoint`; `connection.transaction()` of the driver is not for
        here.
        """
        begin = _begin(check_tenant(tenant_id), isolation, read_only=read_only)
        async with self._share(tenant_id), self.connection() as connection:
            await connection.execute(begin)
            try:
                yield connection
                await _commit(connection)
            except BaseException:
                await _roll_back(connection)
                raise

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection without a tenant, for the definer functions; tables answer it nothing.

        Raises DatabaseUnavailableError, TransactionConflictError.
        """
        with connecting(self._description):
            lent = await self._pool.acquire(timeout=_ACQUIRE_TIMEOUT_S)
        try:
            with querying(self._description, lent):
                yield cast("Connection", lent)
        finally:
            await self._pool.release(lent)

    @asynccontextmanager
    async def _share(self, tenant_id: str) -> AsyncIterator[None]:
        try:
            await self._shares.take(tenant_id, patience_s=_ACQUIRE_TIMEOUT_S)
        except TimeoutError:
            raise TenantBusyError("the tenant's own transactions took all of its share of the pool") from None
        try:
            yield
        finally:
            self._shares.give(tenant_id)

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises DatabaseUnavailableError."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1")

    async def close(self) -> None:
        """Close all connections; those that do not come back within ten seconds are cut."""
        try:
            await asyncio.wait_for(self._pool.close(), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            self._pool.terminate()

    async def _check(self, schema: str) -> None:
        async with self.connection() as connection:
            role = await connection.fetchrow(_WHO)
            known = await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", schema)
        if role is None or role["name"] != APP_ROLE or role["unsafe"]:
            raise RoleUnsafeError(
                f"connections to {self._description} must act as {APP_ROLE}, without SUPERUSER and BYPASSRLS:"
                f" ALTER ROLE {APP_ROLE} NOSUPERUSER NOBYPASSRLS, or row-level security does not hold them"
            )
        if not known:
            raise MigrationsPendingError(
                f"{self._description} has no schema {schema}: run `meantime migrate`"
            )


@asynccontextmanager
async def savepoint(connection: Connection) -> AsyncIterator[None]:
    """Undo what the block did if it raises, and keep the transaction; the error goes on to the caller."""
    await connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        await connection.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
        raise
    await connection.execute("RELEASE SAVEPOINT part")


def check_tenant(tenant_id: str) -> str:
    """Return the tenant id if it is one; raises TenantInvalidError."""
    if not _TENANT.fullmatch(tenant_id):
        raise TenantInvalidError(
            "a tenant id has 1 to 63 characters of a-z, 0-9, _ and -, and begins with a letter or digit",
            field="tenant_id",
        )
    return tenant_id


async def _leave_as_it_is(_connection: Any) -> None:
    """Spare the trip that would reset a session: nothing is ever set in one but for a transaction's length.

    A transaction that was left open is rolled back by the pool before this.
    """


def _begin(tenant_id: str, isolation: Isolation, *, read_only: bool) -> str:
    """Compose the one trip that begins a transaction; a checked tenant id needs no quoting."""
    mode = "READ ONLY" if read_only else "READ WRITE"
    return f"BEGIN ISOLATION LEVEL {isolation.upper()} {mode}; SET LOCAL meantime.tenant = '{tenant_id}'"


async def _commit(connection: Connection) -> None:
    """Commit; PostgreSQL answers ROLLBACK, and no error, when a statement failed and nobody minded."""
    if await connection.execute("COMMIT") != "COMMIT":
        raise DatabaseUnavailableError(
            "a statement of the transaction failed and was ignored: nothing was saved"
        )


async def _roll_back(connection: Connection) -> None:
    """Roll back as far as there is still a server to do so; it does by itself when the connection ends."""
    try:
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        pass  # the first error is the one to tell; the pool drops a connection that is not clean
