"""Read one Policy with all its versions."""

from __future__ import annotations

from clocks.contract import PolicyRecord, ReadPolicy
from clocks.domain.refusals import PolicyUnknownError
from clocks.operations.describe_policy import describe
from clocks.operations.read_values import read_text
from clocks.storage.policies import read_policy, read_versions
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["read", "read_record"]


async def read(context: RequestContext, request: ReadPolicy, *, database: Database) -> PolicyRecord:
    """Read a Policy. Raises PolicyUnknownError."""
    read_text(request.key, field="key")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        return await read_record(connection, request.key)


async def read_record(connection: Connection, key: str) -> PolicyRecord:
    """Read a Policy in the caller's transaction. Raises PolicyUnknownError."""
    policy = await read_policy(connection, key)
    if policy is None:
        raise PolicyUnknownError(f"key: there is no policy {key!r}", field="key")
    return describe(policy, (await read_versions(connection, [key]))[key])
