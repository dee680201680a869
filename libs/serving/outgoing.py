"""Requests to addresses that users name: resolved once, checked, and connected to as checked.

A name that resolves to a host of our own network would let a user look behind our walls. So the addresses
that a name has are checked at the moment of connecting, and the connection goes to just those: a second
answer of the resolver changes nothing. No redirect is followed, and no proxy is taken from the environment.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from serving.lookups import Lookups

__all__ = [
    "NOTHING_KNOWN",
    "AddressRefusedError",
    "Fetched",
    "Network",
    "OutgoingError",
    "OutgoingUnreachableError",
    "Validators",
    "check_address",
    "fetch",
    "open_outgoing",
    "parse_networks",
]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
_CHUNK_BYTES = 64 * 1024
_LONGEST_URL = 2_000
_LONGEST_VALIDATOR = 1_000
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class OutgoingError(Exception):
    """The root: a request to the outside that was not made, or did not succeed."""

    code = "outgoing_failed"
    kind = "invalid"

    def __init__(self, message: str, *, field: str | None = "url") -> None:
        super().__init__(message)
        self.field = field


class AddressRefusedError(OutgoingError):
    """The URL is none that we ask, or its host has an address that is not of the public internet."""

    code = "address_refused"


class OutgoingUnreachableError(OutgoingError):
    """The host did not answer, or not with what was asked for."""

    code = "outgoing_unreachable"


@dataclass(frozen=True, kw_only=True, slots=True)
class _GuardedResolver(AbstractResolver):
    """Resolves by the system, and answers only if every address may be connected to."""

    lookups: Lookups
    allowed: tuple[Network, ...]
    public: bool

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        inner = ThreadedResolver(cast("Any", self.lookups))  # it asks nothing else of an event loop
        found = await inner.resolve(host, port, family)
        for each in found:
            address = ipaddress.ip_address(each["host"].partition("%")[0])
            _check_ip(address, self.allowed, public=self.public)
        return found

    async def close(self) -> None:
        self.lookups.close()


def open_outgoing(
    allowed: Iterable[Network] = (),
    *,
    public: bool = True,
    timeout: aiohttp.ClientTimeout = _TIMEOUT,
    limit: int = 20,
    keep_alive: bool = False,
) -> aiohttp.ClientSession:
    """Open a session for such requests. allowed: networks of one's own that may be asked none the less.

    public: whether others than those may be asked at all. limit: connections at once; 0: as many as it takes.
    """
    resolver = _GuardedResolver(lookups=Lookups(), allowed=tuple(allowed), public=public)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=resolver, use_dns_cache=False, limit=limit, force_close=not keep_alive
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        trust_env=False,
        auto_decompress=False,
    )


def check_address(url: str, *, allowed: Sequence[Network] = (), public: bool = True) -> str:
    """Return the host of a URL that may be asked, as far as can be told without resolving its name.

    public: whether others than the networks allowed may be asked at all.
    Raises AddressRefusedError: no http or https, no host, a user or password, a private address.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise AddressRefusedError("url: is no URL") from None
    if len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        raise AddressRefusedError(f"url: is at most {_LONGEST_URL} printable characters without blanks")
    if parts.scheme not in {"http", "https"} or not host:
        raise AddressRefusedError("url: begins with https:// or http:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError("url: holds a user or password, which is not sent")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    _check_ip(address, tuple(allowed), public=public)
    return host


class Validators(NamedTuple):
    """What a server says about content, to be asked whether it has changed (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


NOTHING_KNOWN = Validators()


class Fetched(NamedTuple):
    """Content, and its validators."""

    content: bytes
    validators: Validators


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    *,
    limit_bytes: int,
    allowed: Sequence[Network] = (),
    known: Validators = NOTHING_KNOWN,
) -> Fetched | None:
    """Get what a URL answers, at most `limit_bytes`; `session` is of `open_outgoing` with the same networks.

    known: of content that was fetched before; None comes back where it is the same still.
    Raises AddressRefusedError, OutgoingUnreachableError. Neither quotes more of the URL than its host.
    """
    host = check_address(url, allowed=allowed)
    headers = {"accept-encoding": "identity", "user-agent": "meantime"}
    asked = (("if-none-match", known.etag), ("if-modified-since", known.last_modified))
    headers |= {name: value for name, value in asked if value is not None}
    try:
        async with session.get(url, allow_redirects=False, headers=headers) as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED and known != NOTHING_KNOWN:
                return None
            if answer.status != HTTPStatus.OK:
                raise OutgoingUnreachableError(f"url: {host} answered with status {answer.status}")
            return Fetched(await _read(answer, host, limit_bytes), _validators(answer))
    except aiohttp.ClientConnectorDNSError as error:
        raise OutgoingUnreachableError(f"url: {host} has no address") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise OutgoingUnreachableError(f"url: {host} did not answer ({type(error).__name__})") from error


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read networks such as `10.1.0.0/16, fd00::/8`; raises ValueError."""
    return tuple(ipaddress.ip_network(each.strip()) for each in text.split(",") if each.strip())


def _validators(answer: aiohttp.ClientResponse) -> Validators:
    """Take the validators that are short, and text."""
    etag, last_modified = (
        value if value is not None and len(value) <= _LONGEST_VALIDATOR and value.isprintable() else None
        for value in (answer.headers.get("etag"), answer.headers.get("last-modified"))
    )
    return Validators(etag, last_modified)


async def _read(answer: aiohttp.ClientResponse, host: str, limit_bytes: int) -> bytes:
    """Read a body as it comes, and stop where it is longer than the limit."""
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise OutgoingUnreachableError(f"url: {host} answered in an encoding that was not asked for")
    pieces, length = [], 0
    async for piece in answer.content.iter_chunked(_CHUNK_BYTES):
        length += len(piece)
        if length > limit_bytes:
            raise OutgoingUnreachableError(f"url: {host} answered with more than {limit_bytes} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _check_ip(address: Address, allowed: Sequence[Network], *, public: bool) -> None:
    inner = _embedded(address)
    if any(each.version == network.version and each in network for each in inner for network in allowed):
        return
    if not public or not all(
        each.is_global and not each.is_multicast and not each.is_reserved for each in inner
    ):
        raise AddressRefusedError("url: its host is not on the public internet")


def _embedded(address: Address) -> list[Address]:
    """List an address and those that a translator would reach by it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inner: list[Address] = [address]
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.extend(address.teredo)
    if address in _TRANSLATED:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return inner
