"""The server and the roles that migrations stand on: checked, and made where they are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from pgstore.blocks import load_blocks
from pgstore.errors import MigrationsForbiddenError, ServerUnsuitableError
from pgstore.roles import APP_ROLE, DEFINER_ROLE

__all__ = ["check_server", "ensure_roles"]

_SQL = load_blocks("pgstore", "roles.sql")
_OLDEST_VERSION = 150000
_ATTEMPTS = 10
_RACES = (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError, asyncpg.InternalServerError)


async def check_server(connection: Any) -> None:
    """Raise ServerUnsuitableError if the server is too old or the database is not in UTF-8."""
    server = await connection.fetchrow(_SQL["server"])
    if server["version"] < _OLDEST_VERSION:
        raise ServerUnsuitableError(f"PostgreSQL 15 or later is needed, this is {server['version_name']}")
    if server["encoding"] != "UTF8":
        raise ServerUnsuitableError(
            f"the database must be encoded in UTF8, this one is in {server['encoding']}"
        )


async def ensure_roles(connection: Any, roles: Sequence[str] = (APP_ROLE, DEFINER_ROLE)) -> None:
    """Create roles where missing and let the current user act as them; raises MigrationsForbiddenError.

    Roles belong to the whole server, and the runner's lock to one database: runners of two databases may
    meet here, and whoever loses looks again.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await _create_missing(connection, roles)
            await _grant_unheld(connection, roles)
        except asyncpg.InsufficientPrivilegeError as error:
            raise _forbidden(error, roles) from error
        except _RACES:
            if attempt == _ATTEMPTS:
                raise
        else:
            return


async def _create_missing(connection: Any, roles: Sequence[str]) -> None:
    for row in await connection.fetch(_SQL["missing_roles"], list(roles)):
        await connection.execute(f"CREATE ROLE {row['name']} NOLOGIN")


async def _grant_unheld(connection: Any, roles: Sequence[str]) -> None:
    for row in await connection.fetch(_SQL["unheld_roles"], list(roles)):
        await connection.execute(f"GRANT {row['name']} TO CURRENT_USER")


def _forbidden(error: Exception, roles: Sequence[str]) -> MigrationsForbiddenError:
    made = "; ".join(f"CREATE ROLE {role} NOLOGIN" for role in roles)
    return MigrationsForbiddenError(
        f"the user of the database URL may not create or hold roles ({error}): give it CREATEROLE, or run"
        f" once as an administrator: {made}; GRANT {', '.join(roles)} TO that user"
    )
