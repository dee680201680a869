"""Policies and their versions, as documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = [
    "PolicyRow",
    "RuleRow",
    "VersionRow",
    "insert_policy",
    "insert_version",
    "list_policies",
    "lock_policy",
    "read_all_versions",
    "read_policy",
    "read_versions",
    "read_versions_known",
    "update_policy",
]

_SQL = load_blocks("clocks.storage", "policies.sql")


class RuleRow(NamedTuple):
    """A version as it is needed to fold by."""

    policy_key: str
    version: int
    effective_from: datetime | None
    document: dict[str, Any]


class PolicyRow(NamedTuple):
    """A Policy and its latest version's number."""

    policy_key: str
    name: str
    version: int


class VersionRow(NamedTuple):
    """A version as it was saved."""

    policy_key: str
    version: int
    effective_from: datetime | None
    document: dict[str, Any]
    created_at: datetime
    created_by: str


async def read_all_versions(connection: Connection) -> Sequence[RuleRow]:
    """Read every version of every Policy, in order of key and number."""
    return [RuleRow(*row) for row in await connection.fetch(_SQL["read_all_versions"])]


async def read_versions_known(connection: Connection, known_at: datetime) -> Sequence[RuleRow]:
    """Read the versions of every Policy that had been saved by an instant, in order of key and number."""
    return [RuleRow(*row) for row in await connection.fetch(_SQL["read_versions_known"], known_at)]


async def lock_policy(connection: Connection, policy_key: str) -> int:
    """Lock a Policy and answer its latest version's number; 0 where there is none."""
    version: int | None = await connection.fetchval(_SQL["lock_policy"], policy_key)
    return version or 0


async def insert_policy(connection: Connection, policy_key: str, name: str) -> bool:
    """Make a Policy at version 1; tell whether the key was free."""
    return await connection.fetchrow(_SQL["insert_policy"], policy_key, name) is not None


async def update_policy(connection: Connection, row: PolicyRow) -> None:
    """Write a later version's name and number."""
    await connection.execute(_SQL["update_policy"], *row)


async def insert_version(connection: Connection, row: VersionRow) -> None:
    """Write what a version says."""
    await connection.execute(_SQL["insert_version"], *row)


async def read_policy(connection: Connection, policy_key: str) -> PolicyRow | None:
    """Read a Policy by its key."""
    row = await connection.fetchrow(_SQL["read_policy"], policy_key)
    return None if row is None else PolicyRow(*row)


async def list_policies(connection: Connection, *, after: str, limit: int) -> Sequence[PolicyRow]:
    """Read Policies in order of key, those after a key."""
    return [PolicyRow(*row) for row in await connection.fetch(_SQL["list_policies"], after, limit)]


async def read_versions(
    connection: Connection, policy_keys: Sequence[str]
) -> Mapping[str, Sequence[VersionRow]]:
    """Read the versions of Policies, oldest first."""
    versions: dict[str, list[VersionRow]] = {key: [] for key in policy_keys}
    for row in await connection.fetch(_SQL["read_versions"], list(policy_keys)):
        versions[row["policy_key"]].append(VersionRow(*row))
    return versions
