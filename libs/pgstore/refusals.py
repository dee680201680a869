"""What the driver raises and a service cannot help, told as our errors, which never hold a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from pgstore.errors import DatabaseUnavailableError, MigrationsPendingError, TransactionConflictError
from pgstore.roles import APP_ROLE

__all__ = ["connecting", "querying", "taken_meanwhile"]

_NO_ROLE = (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError)
_NO_CONNECTION = (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError)
_MET_ANOTHER = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


@contextmanager
def connecting(description: str) -> Iterator[None]:
    """Wrap the making of a connection; raises DatabaseUnavailableError or MigrationsPendingError."""
    try:
        yield
    except _NO_ROLE as error:
        raise MigrationsPendingError(
            f"{description} does not let us act as {APP_ROLE} ({error}): run `meantime migrate`"
        ) from None
    except _NO_CONNECTION as error:
        raise DatabaseUnavailableError(f"{description} cannot be reached: {_reason(error)}") from None


@contextmanager
def querying(description: str, connection: Any) -> Iterator[None]:
    """Wrap the use of a connection; raises DatabaseUnavailableError or TransactionConflictError."""
    try:
        yield
    except _MET_ANOTHER as error:
        raise TransactionConflictError(f"{description}: {error}") from error
    except asyncpg.QueryCanceledError as error:
        raise DatabaseUnavailableError(f"{description}: a statement took too long") from error
    except _GONE as error:
        raise DatabaseUnavailableError(f"{description} is gone: {error}") from error
    except asyncpg.InternalClientError as error:
        connection.terminate()  # the server ended amid a statement, and the driver knows neither's end
        raise DatabaseUnavailableError(f"{description} is gone: the connection was cut") from error
    except asyncpg.InterfaceError as error:
        if not _is_closed(connection):
            raise
        raise DatabaseUnavailableError(f"{description} is gone: the connection was closed") from error


@contextmanager
def taken_meanwhile() -> Iterator[None]:
    """Wrap an insert of keys that were free when last looked at; raises TransactionConflictError."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise TransactionConflictError(f"another transaction was first: {error}") from error


def _is_closed(connection: Any) -> bool:
    """Say whether the connection is closed; one that the pool has taken back raises when asked."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def _reason(error: Exception) -> str:
    """Quote the error, but not one about the URL: it may quote the password."""
    if isinstance(error, ValueError):
        return "a part of the URL is not accepted"
    return str(error) or "no answer in time"
