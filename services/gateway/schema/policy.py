"""Policies: which promises are made about which Subjects."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from clocks import contract
from gateway.domain.global_id import encode_global_id
from gateway.schema.declare import input_type, node_type, object_type, resolved
from gateway.schema.failures import Advice, UserError, find, settle
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect_by_key, read_cursor
from gateway.schema.scalars import JSONObject

__all__ = ["Policy", "PolicyPayload", "list_policies", "read_policy", "save_policy"]


@object_type
class PolicyVersion:
    """What a Policy said at one time.

    version: counts from 1.
    effective_from: Cycles that start at or after it are governed by this version; null: always.
    document: the policy document as it was sent.
    created_by: who said it: a key or a user.
    """

    version: int
    effective_from: datetime | None
    document: JSONObject
    created_at: datetime
    created_by: str


def policy_id(root: contract.PolicyRecord) -> ID:
    """Its global id."""
    return ID(encode_global_id("Policy", root.key))


@node_type(contract.PolicyRecord)
class Policy(Node):
    """Which Subjects are covered, and the Metrics that are timed on them; each saving adds a version.

    key: unique in the tenant.
    version: the latest one's number.
    versions: all of them, oldest first.
    """

    id: ID = resolved(policy_id)
    key: str
    name: str
    version: int
    versions: list[PolicyVersion]


@input_type
class SavePolicyInput:
    """A new Policy, or a new version of one.

    document: a policy document: name, covers, calendars, metrics.
    expected_version: the latest version that this one was made on, 0 for none; another one is a conflict.
    effective_from: null: always for a first version, now for a later one.
    """

    key: str
    document: JSONObject
    expected_version: int = 0
    effective_from: datetime | None = None


@object_type
class PolicyPayload:
    """The Policy as it now stands, or why it was refused.

    advice: what in its document has no effect, such as a Target behind one that always holds.
    """

    policy: Policy | None
    advice: list[Advice]
    errors: list[UserError]


async def read_policy(info: Info, key: str) -> contract.PolicyRecord | None:
    """One Policy; null where there is none of that key."""
    return await find(info.context.policy_by_key.get(key))


async def list_policies(
    info: Info, first: int = DEFAULT_PAGE, after: str | None = None
) -> Connection[contract.PolicyRecord]:
    """Policies in order of key."""
    session = info.context
    request = contract.ListPolicies(first=check_first(first), after=read_cursor("Policy", after, str))
    page = await session.clocks.list_policies(session.context, request)
    return connect_by_key("Policy", page.policies, has_next=page.has_next, after=after)


async def save_policy(
    info: Info,
    request: Annotated[SavePolicyInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> PolicyPayload:
    """Save a version of a Policy. Scope: policies."""
    context = info.context.keyed(idempotency_key)
    asked = contract.SavePolicy(
        key=request.key,
        document=request.document,
        expected_version=request.expected_version,
        effective_from=request.effective_from,
    )
    policy, errors = await settle(info.context.clocks.save_policy, context, asked)
    return PolicyPayload(policy=policy, advice=policy.advice if policy else [], errors=errors)
