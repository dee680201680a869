"""Read a page of Policies, in order of key."""

from __future__ import annotations

from clocks.contract import ListPolicies, PolicyPage
from clocks.domain.refusals import PageTooLargeError
from clocks.operations.describe_policy import describe
from clocks.operations.read_values import read_text
from clocks.storage.policies import list_policies, read_versions
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_PAGE", "read"]

MAX_PAGE = 200


async def read(context: RequestContext, request: ListPolicies, *, database: Database) -> PolicyPage:
    """Read a page. Raises PageTooLargeError."""
    if not 1 <= request.first <= MAX_PAGE:
        raise PageTooLargeError(f"first: from 1 to {MAX_PAGE}, not {request.first}", field="first")
    after = read_text(request.after or "", field="after")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        found = await list_policies(connection, after=after, limit=request.first + 1)
        page = found[: request.first]
        versions = await read_versions(connection, [policy.policy_key for policy in page])
    return PolicyPage(
        policies=tuple(describe(policy, versions[policy.policy_key]) for policy in page),
        has_next=len(found) > request.first,
    )
