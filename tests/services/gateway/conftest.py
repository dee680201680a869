"""The gateway on real servers: its app on a real socket, over services in process or over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from calendars.app import build_app as build_calendars
from calendars.app import open_calendars
from calendars.client import CalendarsClient
from calendars.settings import Settings as CalendarsSettings
from clocks.app import build_app as build_clocks
from clocks.app import open_clocks
from clocks.client import ClocksClient
from clocks.settings import Settings as ClocksSettings
from credits.app import build_app as build_credits
from credits.app import open_credits
from credits.client import CreditsClient
from credits.settings import Settings as CreditsSettings
from gateway.app import Gateway, build_app, open_gateway
from gateway.operations.create_api_key import create_api_key
from gateway.operations.create_tenant import create_tenant
from gateway.settings import Delivery, Settings
from gateway.upstream.doors import Doors
from serving.client import open_session
from serving.context import SCOPES
from serving.tokens import InternalTokens
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

SECRET = "a secret of tests, longer than 32 characters"  # noqa: S105 - guards nothing


class Reply(msgspec.Struct, frozen=True):
    """What came back over HTTP: status, headers in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)


class Api:
    """A client of the gateway, with a token of one tenant."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self._http = http
        self.url = url
        self.token = token

    def holding(self, token: str | None) -> Api:
        """Return a client with another token, or none."""
        return Api(self._http, self.url, token)

    async def send(self, method: str, path: str = "/graphql", **arguments: Any) -> Reply:
        """Send a request as it is, with the token if there is one."""
        headers = {k: v for k, v in arguments.pop("headers", {}).items() if v is not None}
        if self.token is not None:
            headers.setdefault("authorization", f"Bearer {self.token}")
        async with self._http.request(
            method, self.url + path, headers=headers, allow_redirects=False, **arguments
        ) as answer:
            found = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, found, await answer.read())

    async def post(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> Reply:
        """Send a GraphQL request."""
        headers = {"accept": "application/graphql-response+json"}
        return await self.send("POST", json={"query": query, "variables": variables, **more}, headers=headers)

    async def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """Send a GraphQL request that must succeed, and return its data."""
        reply = await self.post(query, variables)
        assert "errors" not in reply.json, reply.json
        return reply.json["data"]

    async def refusal(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a GraphQL request that must be refused once, and return the error with its extensions."""
        reply = await self.post(query, variables)
        (error,) = reply.json["errors"]
        return {"message": error["message"], "status": reply.status, **error["extensions"]}


@pytest.fixture
def clock() -> StandingTime:
    """Stand at noon of Monday, 2 March 2026."""
    return StandingTime()


@pytest.fixture
async def gateway(database_url: str, clock: StandingTime) -> AsyncIterator[Gateway]:
    """Open the gateway's own part."""
    settings = Settings(database_url=database_url, delivery=Delivery(webhook_key=SECRET))
    async with open_gateway(settings, now=clock) as opened:
        yield opened


@pytest.fixture
def composition() -> str:
    """Say how the services are reached; the conformance suite runs on both ways."""
    return "in process"


@pytest.fixture
async def doors(
    composition: str, database_url: str, redis_url: str, clock: StandingTime
) -> AsyncIterator[Doors]:
    """Open the three services, and reach them in process or by HTTP."""
    open_doors = doors_in_process if composition == "in process" else doors_over_http
    async with open_doors(database_url, redis_url, clock) as opened:
        yield opened


@pytest.fixture
async def api(gateway: Gateway, doors: Doors, tenant: str, clock: StandingTime) -> AsyncIterator[Api]:
    """Serve the gateway, and hold a key of this test's tenant with all scopes."""
    await create_tenant(gateway.database, tenant_id=tenant, name="Test", now=clock())
    token = await key_for(gateway, tenant, clock)
    async with listening(build_app(gateway, doors)) as url, aiohttp.ClientSession() as http:
        yield Api(http, url, token)


async def key_for(gateway: Gateway, tenant: str, clock: StandingTime, scopes: Iterable[str] = SCOPES) -> str:
    """Make a key and return its token."""
    issued = await create_api_key(
        gateway.database, tenant_id=tenant, name="test", scopes=scopes, created_by="test", now=clock()
    )
    return issued.token


@asynccontextmanager
async def doors_in_process(database_url: str, redis_url: str, clock: StandingTime) -> AsyncIterator[Doors]:
    """Open the services in this process: each takes the one below it as its door."""
    where: dict[str, Any] = {"database_url": database_url, "redis_url": redis_url, "internal_secret": SECRET}
    async with (
        open_calendars(CalendarsSettings(**where), now=clock) as calendars,
        open_clocks(ClocksSettings(**where), calendars=calendars, now=clock) as clocks,
        open_credits(credits_settings(database_url), clocks=clocks, now=clock) as credits_,
    ):
        yield Doors(calendars, clocks, credits_)


@asynccontextmanager
async def doors_over_http(database_url: str, redis_url: str, clock: StandingTime) -> AsyncIterator[Doors]:
    """Open each service behind HTTP on a port of its own, and reach it, and one another, by its client."""
    where: dict[str, Any] = {"database_url": database_url, "redis_url": redis_url, "internal_secret": SECRET}
    tokens = InternalTokens(SECRET, now=clock)
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        session = await enter(open_session())
        calendars_settings, clocks_settings = CalendarsSettings(**where), ClocksSettings(**where)
        calendars = await enter(open_calendars(calendars_settings, now=clock))
        url = await enter(listening(build_calendars(calendars, calendars_settings, now=clock)))
        calendars_client = CalendarsClient(url, tokens, session)
        clocks = await enter(open_clocks(clocks_settings, calendars=calendars_client, now=clock))
        url = await enter(listening(build_clocks(clocks, clocks_settings, now=clock)))
        clocks_client = ClocksClient(url, tokens, session)
        settings = credits_settings(database_url)
        credits_ = await enter(open_credits(settings, clocks=clocks_client, now=clock))
        url = await enter(listening(build_credits(credits_, settings, now=clock)))
        yield Doors(calendars_client, clocks_client, CreditsClient(url, tokens, session))


def credits_settings(database_url: str) -> CreditsSettings:
    """Make the settings of the credits service."""
    return CreditsSettings(database_url=database_url, internal_secret=SECRET)
