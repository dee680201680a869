"""The other side of a door over HTTP: asks where the service is, and raises what it refuses as a Problem."""

from __future__ import annotations

import asyncio
import io
from typing import Any, TypeVar

import aiohttp
import msgspec

from serving.bodies import MAX_BODY_BYTES, body_too_long
from serving.context import RequestContext
from serving.problems import Problem, read_problem
from serving.request_ids import HEADER
from serving.tokens import InternalTokens

__all__ = ["DoorClient", "open_session"]

Answer = TypeVar("Answer")

_TIMEOUT = aiohttp.ClientTimeout(total=35, connect=3)  # a statement of the other side may take 30 s
_KEEP_ALIVE_S = 3  # below the 5 s after which uvicorn closes, so that no request meets a closing connection
_MAX_CONNECTIONS = 100
_LARGE_BYTES = 1024 * 1024
_MAX_ANSWER_BYTES = 64 * 1024 * 1024


def open_session() -> aiohttp.ClientSession:
    """Open the session that all DoorClients of a process share; close it at the end."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_MAX_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=_TIMEOUT,
        trust_env=False,
    )


class DoorClient:
    """Calls one service's door at `base_url`, such as http://127.0.0.1:8701."""

    def __init__(self, base_url: str, tokens: InternalTokens, session: aiohttp.ClientSession) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens = tokens
        self._session = session

    async def call(
        self, context: RequestContext, name: str, request: Any, answer_type: type[Answer]
    ) -> Answer:
        """Ask `POST /doors/<name>`; raises its Problem, or one of kind unavailable."""
        data = msgspec.json.encode(request)
        if len(data) > MAX_BODY_BYTES:
            raise body_too_long()  # the service would cut the connection while we still send
        body = await self.fetch(context, "POST", f"/doors/{name}", data=_payload(data))
        return _decode(body, answer_type)

    async def get(
        self, context: RequestContext, path: str, parameters: dict[str, str], answer_type: type[Answer]
    ) -> Answer:
        """Ask `GET <path>`; raises as `call` does."""
        return _decode(await self.fetch(context, "GET", path, params=parameters), answer_type)

    async def fetch(self, context: RequestContext, method: str, path: str, **arguments: Any) -> bytes:
        """Ask for a path and return the body of a success; raises as `call` does."""
        headers = {
            "authorization": f"Bearer {self._tokens.mint(context)}",
            "content-type": "application/json",
            HEADER: context.request_id,
        }
        url = self._base_url + path
        try:
            async with self._session.request(
                method, url, headers=headers, allow_redirects=False, **arguments
            ) as response:
                body = await _read(response)
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise _unavailable(f"the service at {self._base_url} does not answer") from error
        if response.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise read_problem(response.status, body)
        return body


def _payload(data: bytes) -> bytes | io.BytesIO:
    """Have a large body sent in portions, so that other requests are served in between."""
    return data if len(data) < _LARGE_BYTES else io.BytesIO(data)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    length = 0
    async for chunk in response.content.iter_any():
        length += len(chunk)
        if length > _MAX_ANSWER_BYTES:
            raise _unavailable(f"the service answers with more than {_MAX_ANSWER_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _decode(body: bytes, answer_type: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(body, type=answer_type)
    except msgspec.DecodeError as error:
        raise _unavailable(
            "the service answers in another shape: are all services of one version?"
        ) from error


def _unavailable(message: str) -> Problem:
    return Problem(message, code="service_unavailable", kind="unavailable")
