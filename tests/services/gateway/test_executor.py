"""The short way for plain leaves: the same answers as graphql-core's own executor."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse
from graphql.execution import Executor

from gateway.app import Gateway
from gateway.schema.build import executable_schema
from gateway.schema.executor import LeafExecutor
from gateway.upstream.doors import Doors
from gateway.upstream.session import Session
from serving.context import RequestContext
from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import (
    AGREEMENT,
    CALENDAR,
    CREATE_CALENDAR,
    INGEST,
    POLICY,
    SAVE_AGREEMENT,
    SAVE_POLICY,
    event,
)

QUERIES = [
    "{ viewer { __typename subject scopes tenant { name createdAt } } }",
    "{ a: cycles { nodes { x: elapsedUs elapsedUs ...F dueAt } } } fragment F on Cycle { y: phase id }",
    "{ cycles { edges { node { ... on Node { id } ... on Cycle { calendar { name id } } } cursor } } }",
    '{ subject(subjectId: "INC1") { attributes events cycles { breachedAt ticking } } }',
    "{ calendars { nodes { versions { mode document effectiveFrom @skip(if: true) createdAt } } } }",
    '{ policy(key: "resolution") { key versions { version document } } none: policy(key: "x") { key } }',
    '{ assessment(agreementKey: "acme", period: "2026-03") { agreement { customer } steps { step } } }',
    "{ cycles(first: 0) { nodes { id } } calendars { pageInfo { endCursor hasNextPage } } }",
    '{ assessment(agreementKey: "none", period: "2026-03") { amountMinor } viewer { subject } }',
]


@pytest.mark.parametrize("text", QUERIES, ids=range(len(QUERIES)))
async def test_same_answer_as_the_stock_executor(
    api: Api, doors: Doors, gateway: Gateway, tenant: str, text: str
) -> None:
    """Data, order of fields, and errors with their paths are those of the stock executor."""
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "SP", "document": CALENDAR}})
    await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": POLICY}})
    await api.ask(INGEST, {"events": [event("INC1", "2026-03-02T08:30:00-03:00", "New", number=1)]})
    await api.ask(SAVE_AGREEMENT, {"input": {"key": "acme", "document": AGREEMENT}})
    viewer = (await api.ask("{ viewer { subject scopes } }"))["viewer"]
    context = RequestContext(
        tenant_id=tenant, subject=viewer["subject"], scopes=frozenset(viewer["scopes"]), request_id="r"
    )
    fast, stock = [
        await run(way, text, session_of(context, doors, gateway)) for way in (LeafExecutor, Executor)
    ]
    assert fast == stock
    assert str(fast) == str(stock)


def session_of(context: RequestContext, doors: Doors, gateway: Gateway) -> Session:
    """Make a session of one request."""
    return Session(
        context=context,
        doors=doors,
        read_tenant=gateway.read_tenant,
        webhooks=gateway.webhooks,
        tail=gateway.tail,
    )


async def run(way: type[Executor[Any]], text: str, session: Session) -> tuple[Any, list[Any]]:
    """Run a query with one executor."""
    executor = way.build(executable_schema(), parse(text), context_value=session)
    assert not isinstance(executor, list)
    result: Any = executor.execute_operation()
    if executor.is_awaitable(result):
        result = await result
    return result.data, [(error.path, str(error)) for error in result.errors or []]
