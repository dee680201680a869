"""The gateway's GraphQL as the commands ask it: one request, one answer, a refusal as one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from cli.access import Access
from cli.errors import CliError

__all__ = ["ERRORS", "GatewayClient", "GatewayRefusalError", "GatewayUnreachableError", "open_gateway_client"]

ERRORS = "errors { code kind field message }"
"""The refusals of a mutation's payload, to be asked for in every mutation."""

_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=5)
_OK = 200
_RETRY_AFTER_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_PASSING = frozenset({"too_many", "unavailable"})


class GatewayRefusalError(CliError):
    """The gateway refused; code, kind and field are its own."""

    def __init__(self, message: str, *, code: str, kind: str, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.code = code
        self.kind = kind


class GatewayUnreachableError(CliError):
    """Nobody answers at the gateway's address, or not as a gateway does."""

    code = "gateway_unreachable"
    kind = "unavailable"


class GatewayClient:
    """Asks one gateway with one token; `tenant` is whose it is, `scopes` are what it allows."""

    def __init__(self, session: aiohttp.ClientSession, access: Access) -> None:
        self.tenant = access.tenant or ""
        self.scopes: frozenset[str] = frozenset()
        self._session = session
        self._url = access.url
        self._token = access.token

    async def ask(
        self, document: str, variables: Mapping[str, Any] | None = None, *, patient: bool = False
    ) -> dict[str, Any]:
        """Send a document and give its data.

        patient: wait and send again while the gateway is away or has too much to do, for some seconds; only
        for what may be done twice. Raises GatewayUnreachableError, GatewayRefusalError.
        """
        body = msgspec.json.encode({"query": document, "variables": variables or {}})
        for delay_s in _RETRY_AFTER_S if patient else ():
            try:
                return await self._send(body)
            except CliError as error:
                if error.kind not in _PASSING:
                    raise
                await asyncio.sleep(delay_s)
        return await self._send(body)

    async def change(
        self, document: str, variables: Mapping[str, Any], *, patient: bool = False
    ) -> dict[str, Any]:
        """Send a mutation of one field and give its payload; its errors are raised as GatewayRefusalError."""
        (payload,) = (await self.ask(document, variables, patient=patient)).values()
        for error in payload["errors"]:
            raise _refusal(error["message"], error)
        return dict(payload)

    async def _send(self, body: bytes) -> dict[str, Any]:
        headers = {
            "authorization": f"Bearer {self._token}",
            "content-type": "application/json",
            "accept": "application/json",
        }
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise GatewayUnreachableError(
                f"no gateway answers at {self._url} ({str(error) or type(error).__name__}): start one with"
                " `make run`, or name another with --url",
                field="--url",
            ) from error
        return self._read(response.status, answer)

    def _read(self, status: int, answer: bytes) -> dict[str, Any]:
        try:
            read = msgspec.json.decode(answer, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise GatewayUnreachableError(
                f"what answers at {self._url} is no gateway (it answered {status})", field="--url"
            ) from error
        for said in read.get("errors") or ():
            raise _refusal(said["message"], said.get("extensions") or {})
        if status != _OK or "data" not in read:
            raise _refusal(str(read.get("detail", f"the gateway answered {status}")), read)
        return dict(read["data"])


@asynccontextmanager
async def open_gateway_client(access: Access) -> AsyncIterator[GatewayClient]:
    """Open a client for as long as the block runs, after asking whose the token is.

    Raises GatewayUnreachableError; GatewayRefusalError for a token that is not good, or is another tenant's
    than `access.tenant`.
    """
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = GatewayClient(session, access)
        viewer = (await client.ask("{ viewer { scopes tenant { tenantId } } }"))["viewer"]
        found = viewer["tenant"]["tenantId"]
        if access.tenant is not None and found != access.tenant:
            raise GatewayRefusalError(
                f"the token is one of tenant {found!r}, not of {access.tenant!r}: make another with"
                f" `meantime token --tenant {access.tenant}`, or name --tenant {found}",
                code="tenant_mismatch",
                kind="forbidden",
                field="--tenant",
            )
        client.tenant, client.scopes = found, frozenset(viewer["scopes"])
        yield client


def _refusal(message: str, said: Mapping[str, Any]) -> GatewayRefusalError:
    return GatewayRefusalError(
        message,
        code=str(said.get("code", "refused")),
        kind=str(said.get("kind", "invalid")),
        field=said.get("field"),
    )
