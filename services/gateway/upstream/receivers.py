"""The way out to webhooks: to addresses that were checked, and no further (see `serving.outgoing`).

No redirect is followed, no proxy of the environment is used, no cookie is kept, and of an answer's body no
more than a little is read, and none of it kept: whoever makes a webhook learns nothing of what is behind us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gateway.domain.retry import Attempt
from serving.outgoing import AddressRefusedError, Network, check_address, open_outgoing

__all__ = ["Receivers"]

USER_AGENT = "Meantime-Webhooks/1"
TIMEOUT_S = 15.0
CONNECT_S = 5.0
MAX_BODY_BYTES = 16 * 1024


class Receivers:
    """Posts to webhooks; `post` has the shape of `deliver_webhooks.Post`.

    networks: those of our own that may be reached; plain http may lead only there.
    """

    def __init__(self, networks: Sequence[Network] = (), *, timeout_s: float = TIMEOUT_S) -> None:
        self._networks = tuple(networks)
        self._timeout_s = timeout_s
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s))
        # Without a limit on connections: each webhook has its own, and there is one on how many are served.
        self._sessions = {
            scheme: open_outgoing(self._networks, public=public, timeout=timeout, limit=0, keep_alive=True)
            for scheme, public in PUBLIC.items()
        }

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        """Post once and say how it went; raises nothing."""
        try:
            return await self._post(url, headers, body)
        except Exception as error:  # noqa: BLE001 - whatever a receiver does, it is its own delivery that fails
            return Attempt(status=None, error=self._describe(error))

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(session.close() for session in self._sessions.values()))

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        scheme = urlsplit(url).scheme
        check_address(url, allowed=self._networks, public=PUBLIC[scheme])
        headers = {"user-agent": USER_AGENT, "accept-encoding": "identity", **headers}
        async with self._sessions[scheme].post(
            url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            retry_after_s = read_seconds(answer.headers.get("retry-after"))
            await read_away(answer)
        return Attempt(
            status=answer.status, retry_after_s=retry_after_s, error=describe_status(answer.status)
        )

    def _describe(self, error: Exception) -> str:
        """Say why there was no answer, without what a prober could learn of networks behind us."""
        for kinds, sentence in REASONS:
            if isinstance(error, kinds):
                return sentence
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout_s:g} s"
        return f"the exchange failed: {type(error).__name__}"


PUBLIC = {"https": True, "http": False}
"""By scheme, whether it may lead to the public internet."""

REASONS: tuple[tuple[Any, str], ...] = (
    (AddressRefusedError, "the host leads to an address that messages may not be sent to"),
    (aiohttp.ClientConnectorDNSError, "the host's name leads to no address"),
    (aiohttp.ClientConnectorCertificateError, "the TLS certificate is not good for this host"),
    (aiohttp.ClientSSLError, "TLS could not be agreed on"),
    (aiohttp.ServerTimeoutError, "the receiver does not answer in time"),
    (aiohttp.ClientConnectorError, "no connection could be made"),
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer"),
    (aiohttp.ClientOSError, "the connection broke"),
    (aiohttp.InvalidURL, "the url cannot be used"),
)


async def read_away(answer: aiohttp.ClientResponse) -> None:
    """Read a short body, so that the connection can be used again; close it rather than read a long one."""
    length = 0
    async for chunk in answer.content.iter_any():
        length += len(chunk)
        if length > MAX_BODY_BYTES:
            answer.close()
            return


def describe_status(status: int) -> str | None:
    """Say what is wrong with a status; None: nothing is."""
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own bounds
        return None
    if 300 <= status < 400:  # noqa: PLR2004 - same
        return f"the receiver answered {status}: redirects are not followed"
    return f"the receiver answered {status}"


def read_seconds(value: str | None) -> int | None:
    """Read a Retry-After in seconds; a date, or nonsense, is None."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 8 else None  # noqa: PLR2004
