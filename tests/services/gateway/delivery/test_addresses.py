"""Where messages may be sent: not to this machine, nor into private networks, however they are written."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.domain.errors import WebhookInvalidError
from gateway.domain.webhook import check_url
from gateway.upstream.receivers import Receivers
from serving.outgoing import AddressRefusedError, Network
from tests.services.gateway.delivery.conftest import LOOPBACK, Receiver, open_receiver

PRIVATE = [
    "https://127.0.0.1/",
    "https://127.9.9.9:8443/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[ff02::1]/",
]
NAMES = {
    "https://localhost/": [],
    "https://2130706433/": [],
    "https://127.1/": [],
    "https://0x7f.0.0.1/": [],
    "https://017700000001/": [],
    "https://inside.example/": ["10.0.0.1"],
    "https://metadata.example/": ["169.254.169.254"],
    "https://two-faced.example/": ["93.184.216.34", "127.0.0.1"],
    "https://six.example/": ["::1"],
    "https://mapped.example/": ["::ffff:127.0.0.1"],
}


@pytest.mark.parametrize("url", PRIVATE)
async def test_private_addresses(url: str) -> None:
    """An address that is not public is refused, when a webhook is made and when one is sent."""
    with pytest.raises(AddressRefusedError):
        check_url(url, networks=())
    assert "may not be sent to" in await why_not(url)


@pytest.mark.parametrize("url", NAMES)
async def test_names_that_lead_inside(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is refused when it is sent to, if one of its addresses is refused; numbers are no way round."""
    if NAMES[url]:
        resolve_to(monkeypatch, NAMES[url])
    reason = await why_not(url)
    assert "may not be sent to" in reason or "cannot be used" in reason or "no address" in reason, reason


async def test_answer_of_the_resolver_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once: a second answer, which leads inside, is never asked for."""
    async with open_receiver() as receiver:
        asked = resolve_to(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        url = receiver.url.replace("127.0.0.1", "rebound.example")
        async with posting((LOOPBACK,)) as receivers:
            attempt = await receivers.post(url, {}, b"{}")
        assert (attempt.status, len(asked)) == (200, 1)
        host, _, _port = receiver.got[0][0]["host"].partition(":")
        assert host == "rebound.example"


async def test_plain_http_stays_inside() -> None:
    """Plain http is for the networks that the operator has named; the internet is reached by https alone."""
    with pytest.raises(WebhookInvalidError, match="https"):
        check_url("http://hooks.example/", networks=())
    check_url("http://hooks.example/", networks=(LOOPBACK,))
    async with posting((LOOPBACK,)) as receivers:
        attempt = await receivers.post("http://93.184.216.34/", {}, b"{}")
    assert "may not be sent to" in (attempt.error or "")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example/",
        "hooks.example",
        "https://",
        "https://user:pass@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:99999/",
        "https://hooks.example/a b",
        "https://hooks.example/" + "x" * 2_000,
        "https://[::1",
    ],
)
def test_bad_urls(url: str) -> None:
    """What is no URL of a host, or holds a password, is refused when the webhook is made."""
    with pytest.raises((WebhookInvalidError, AddressRefusedError)) as caught:
        check_url(url, networks=(LOOPBACK,))
    assert getattr(caught.value, "field", None) == "url"


async def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of proxies is nothing to webhooks."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with open_receiver() as receiver, posting((LOOPBACK,)) as receivers:
        assert (await receivers.post(receiver.url, {}, b"{}")).status == 200


async def test_no_answer_in_time(receiver: Receiver) -> None:
    """A receiver that does not answer is given up after the timeout."""
    receiver.gate.clear()
    async with posting((LOOPBACK,), timeout_s=0.2) as receivers:
        attempt = await receivers.post(receiver.url, {}, b"{}")
    assert attempt.status is None
    assert "within 0.2 s" in (attempt.error or "")


async def test_endless_answer() -> None:
    """Of an answer that does not end only the beginning is read; its status counts."""
    sent = 0

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(stream, "127.0.0.1", 0)
    async with server, posting((LOOPBACK,), timeout_s=5) as receivers:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        attempt = await receivers.post(url, {}, b"{}")
    assert attempt.status == 200
    assert sent < 20_000_000


async def test_nobody_listens() -> None:
    """A refused connection is told in words that name no address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with posting((LOOPBACK,)) as receivers:
        attempt = await receivers.post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert attempt.error == "no connection could be made"


async def why_not(url: str) -> str:
    """Post where it must not go, and return why it did not."""
    async with posting(()) as receivers:
        attempt = await receivers.post(url, {}, b"{}")
    assert attempt.status is None
    return attempt.error or ""


@asynccontextmanager
async def posting(networks: tuple[Network, ...], timeout_s: float = 3) -> AsyncIterator[Receivers]:
    """Open a way out."""
    receivers = Receivers(networks, timeout_s=timeout_s)
    try:
        yield receivers
    finally:
        await receivers.close()


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have the system's resolver give these answers, one after the other; returns what it was asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
