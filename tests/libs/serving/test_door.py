from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Protocol

import aiohttp
import msgspec
import pytest

from serving.application import build_application
from serving.bodies import MAX_BODY_BYTES
from serving.client import DoorClient
from serving.context import RequestContext
from serving.door import door_routes
from serving.problems import Problem
from serving.scopes import require
from serving.tokens import InternalTokens

from .conftest import NOON, Serve


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request."""

    word: str
    options: dict[str, Any] = {}
    wait_s: float = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered."""

    word: str
    blob: bytes
    context: RequestContext


class Door(Protocol):
    """A door with one call."""

    async def echo(self, context: RequestContext, request: Ask) -> Answer:
        """Say it again."""
        ...


class DomainError(Exception):
    """An error of a domain."""

    code = "word_unknown"
    kind = "not_found"
    field = "word"


class Service:
    """The service behind the door."""

    async def echo(self, context: RequestContext, request: Ask) -> Answer:
        """Say it again, or refuse."""
        require(context, "read")
        if request.word == "unknown":
            raise DomainError("there is no such word")
        if request.word == "broken":
            raise RuntimeError("postgresql://ada:hush@db/meantime")
        await asyncio.sleep(request.wait_s)
        return Answer(word=request.word, blob=b"\x00\xff", context=context)


@pytest.fixture
async def url(serve: Serve, tokens: InternalTokens) -> str:
    """Serve the door."""
    return await serve(build_application(service="echoes", routes=door_routes(Door, Service(), tokens)))


@pytest.fixture
def door(url: str, tokens: InternalTokens, session: aiohttp.ClientSession) -> DoorClient:
    """Hold the door's client."""
    return DoorClient(url, tokens, session)


async def test_a_call_through_http_is_a_call(door: DoorClient, context: RequestContext) -> None:
    """The request and the context come in as they were, the answer comes back as it was, bytes included."""
    request = Ask(word="héllo", options={"a": [1, None]})
    assert await door.call(context, "echo", request, Answer) == await Service().echo(context, request)


@pytest.mark.parametrize(
    ("request_", "scopes", "expected"),
    [
        (Ask(word="unknown"), {"read"}, ("word_unknown", "not_found", "word", "there is no such word")),
        (Ask(word="a"), set(), ("scope_missing", "forbidden", None, "this needs the scope read")),
        (Ask(word="broken"), {"read"}, ("internal", "internal", None, "something went wrong on our side")),
        ({"word": 7}, {"read"}, ("request_invalid", "invalid", "word", "Expected `str`, got `int`")),
        ({}, {"read"}, ("request_invalid", "invalid", None, "Object missing required field `word`")),
    ],
)
async def test_a_refusal_comes_out_as_it_went_in(
    door: DoorClient, context: RequestContext, request_: object, scopes: set[str], expected: tuple[Any, ...]
) -> None:
    """Code, kind, field and message are the service's; a fault of ours says nothing of itself."""
    caller = msgspec.structs.replace(context, scopes=frozenset(scopes))
    with pytest.raises(Problem) as refused:
        await door.call(caller, "echo", request_, Answer)
    error = refused.value
    assert (error.code, error.kind, error.field, str(error)) == expected


async def test_a_door_without_a_token_is_closed(url: str, session: aiohttp.ClientSession) -> None:
    """Without a token, or with one of another secret, nothing is asked of the service."""
    other = InternalTokens("another secret of 32 characters!", now=lambda: NOON)
    for headers in ({}, {"authorization": "Bearer abc"}, {"authorization": "Basic YWRhOmE="}):
        async with session.post(f"{url}/doors/echo", data=b"{}", headers=headers) as response:
            assert response.status == 401
            assert response.content_type == "application/problem+json"
    with pytest.raises(Problem, match="not valid"):
        await DoorClient(url, other, session).call(
            RequestContext(tenant_id="t", subject="s", scopes=frozenset(), request_id="r"), "echo", {}, Answer
        )


async def test_the_request_id_travels(url: str, session: aiohttp.ClientSession) -> None:
    """It goes out with a success and with a problem, as the caller gave it, or made if that is not sane."""
    for offered, kept in (("abc-1.X_z", True), ("a b", False), ("x" * 65, False), ("", False), (None, False)):
        headers = {} if offered is None else {"x-request-id": offered}
        async with session.post(f"{url}/doors/echo", data=b"{}", headers=headers) as response:
            answered = response.headers["x-request-id"]
            assert (answered == offered) is kept
            assert len(answered) == 32 or kept
            assert (await response.json(content_type=None))["request_id"] == answered


async def test_a_body_over_the_limit_is_refused(
    url: str, tokens: InternalTokens, context: RequestContext, session: aiohttp.ClientSession
) -> None:
    """By what it announces, and by what streams in without an announcement."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 4 * MAX_BODY_BYTES:
            sent += 1024 * 1024
            yield b" " * 1024 * 1024

    headers = {"authorization": f"Bearer {tokens.mint(context)}"}
    announced = headers | {"content-length": str(MAX_BODY_BYTES + 1)}
    async with session.post(f"{url}/doors/echo", data=io.BytesIO(b"  "), headers=announced) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (400, "body_too_long")
    with suppress(aiohttp.ClientOSError):  # the server may close while we still send
        async with session.post(f"{url}/doors/echo", data=endless(), headers=headers) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (
                400,
                "body_too_long",
            )
    assert sent < 4 * MAX_BODY_BYTES


async def test_a_body_up_to_the_limit_is_taken(door: DoorClient, context: RequestContext) -> None:
    """A large request is served; one over the limit is refused before it is sent."""
    word = "a" * (MAX_BODY_BYTES - 1024)
    assert (await door.call(context, "echo", Ask(word=word), Answer)).word == word
    with pytest.raises(Problem) as refused:
        await door.call(context, "echo", Ask(word=word + "a" * 1024), Answer)
    assert (refused.value.code, refused.value.kind) == ("body_too_long", "invalid")


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "request_invalid"), (b"\xff", "request_invalid"), (b"[" * 100_000, "request_invalid")],
)
async def test_what_is_not_json_is_refused(
    url: str,
    tokens: InternalTokens,
    context: RequestContext,
    session: aiohttp.ClientSession,
    body: bytes,
    code: str,
) -> None:
    """Broken, undecodable or bottomless text is a problem of the caller's."""
    with pytest.raises(Problem) as refused:
        await DoorClient(url, tokens, session).fetch(context, "POST", "/doors/echo", data=body)
    assert (refused.value.code, refused.value.kind) == (code, "invalid")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/doors/echo", 405, "method_not_allowed"), ("POST", "/doors/nothing", 404, "not_found")],
)
async def test_a_way_that_is_not_there_is_a_problem(
    url: str, session: aiohttp.ClientSession, method: str, path: str, status: int, code: str
) -> None:
    """Also what Starlette refuses by itself is a document with a code."""
    async with session.request(method, url + path) as response:
        document = await response.json(content_type="application/problem+json")
        assert (response.status, document["code"], document["status"]) == (status, code, status)


async def test_a_service_that_is_not_there_is_unavailable(
    tokens: InternalTokens, context: RequestContext, session: aiohttp.ClientSession
) -> None:
    """A refused connection is a problem with the service's address."""
    client = DoorClient("http://127.0.0.1:1", tokens, session)
    with pytest.raises(Problem, match=r"http://127\.0\.0\.1:1 does not answer") as refused:
        await client.call(context, "echo", Ask(word="a"), Answer)
    assert (refused.value.code, refused.value.kind) == ("service_unavailable", "unavailable")


async def test_a_service_that_takes_too_long_is_unavailable(
    url: str, tokens: InternalTokens, context: RequestContext
) -> None:
    """The client does not wait for ever."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.05)) as hasty:
        with pytest.raises(Problem) as refused:
            await DoorClient(url, tokens, hasty).call(context, "echo", Ask(word="a", wait_s=1), Answer)
    assert refused.value.kind == "unavailable"


async def test_a_service_of_another_version_is_unavailable(door: DoorClient, context: RequestContext) -> None:
    """An answer of another shape is told as that, not as a fault in the middle of a program."""
    with pytest.raises(Problem, match="another shape"):
        await door.call(context, "echo", Ask(word="a"), list[int])
