"""The commands' GraphQL client: what it waits for, and what it says of what it does not understand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from cli.access import Access
from cli.graphql import GatewayRefusalError, GatewayUnreachableError, open_gateway_client

VIEWER = {"data": {"viewer": {"scopes": ["read"], "tenant": {"tenantId": "t"}}}}
BUSY = {"errors": [{"message": "too much", "extensions": {"code": "busy", "kind": "too_many"}}]}


@asynccontextmanager
async def answering(answer: Callable[[], web.Response]) -> AsyncIterator[Access]:
    """Serve one answer after another, whatever is asked."""

    async def serve(_request: web.Request) -> web.Response:
        return answer()

    app = web.Application()
    app.router.add_post("/graphql", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield Access(url=f"http://{host}:{port}/graphql", token="x", tenant=None)  # noqa: S106 - opens nothing
    finally:
        await runner.cleanup()


async def test_patience_outlasts_a_busy_gateway() -> None:
    """A patient request is sent again while the gateway has too much to do; another is not."""
    answers = [VIEWER, BUSY, BUSY, {"data": {"a": 1}}, BUSY]

    def answer() -> web.Response:
        return web.json_response(answers.pop(0))

    async with answering(answer) as access, open_gateway_client(access) as client:
        assert await client.ask("{ a }", patient=True) == {"a": 1}
        with pytest.raises(GatewayRefusalError, match="too much"):
            await client.ask("{ a }")
    assert answers == []


async def test_patience_ends_at_a_refusal() -> None:
    """What will not pass is not asked twice."""
    refusal = {"errors": [{"message": "no", "extensions": {"code": "scope_missing", "kind": "forbidden"}}]}
    answers = [VIEWER, refusal]

    def answer() -> web.Response:
        return web.json_response(answers.pop(0))

    async with answering(answer) as access, open_gateway_client(access) as client:
        with pytest.raises(GatewayRefusalError) as refused:
            await client.ask("{ a }", patient=True)
    assert (refused.value.code, refused.value.kind) == ("scope_missing", "forbidden")


@pytest.mark.parametrize("body", ["<html>", "[]", '"x"', ""])
async def test_what_is_no_gateway_is_told(body: str) -> None:
    """Something else that listens there is called that."""
    async with answering(lambda: web.Response(text=body, status=404)) as access:
        with pytest.raises(GatewayUnreachableError, match=r"is no gateway \(it answered 404\)"):
            async with open_gateway_client(access):
                pass


async def test_many_at_once(access: Access) -> None:
    """One client asks a real gateway many things at the same time."""
    async with open_gateway_client(access) as client:
        answers = await asyncio.gather(*(client.ask("{ viewer { tenant { tenantId } } }") for _ in range(20)))
    assert {answer["viewer"]["tenant"]["tenantId"] for answer in answers} == {access.tenant}
