"""Requests to addresses that users name: what is asked, and what never is."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest

from serving.outgoing import (
    AddressRefusedError,
    OutgoingUnreachableError,
    check_address,
    fetch,
    open_outgoing,
    parse_networks,
)

LOOPBACK = parse_networks("127.0.0.0/8")

ANSWERS = {
    b"/good": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    b"/moved": b"HTTP/1.1 302 Found\r\nlocation: /good\r\ncontent-length: 0\r\n\r\n",
    b"/zipped": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello",
    b"/endless": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000,
    b"/broken": b"nonsense\r\n\r\n",
}


@pytest.fixture
async def host() -> AsyncIterator[str]:
    """Serve fixed answers on the loopback, and count who came."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1]
        writer.write(ANSWERS[path])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a.ics",
        "file:///etc/passwd",
        "https://",
        "//example.com",
        "https://user:pass@example.com/",
        "https://example.com:port/",
        "https://[::1",
        "https://exa mple.com/",
        "https://example.com/\r\nx: y",
        "https://example.com/" + "a" * 2_000,
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
    ],
)
def test_an_address_that_is_not_public_is_refused(url: str) -> None:
    """What can be told from the text alone is refused before anything is resolved."""
    with pytest.raises(AddressRefusedError) as refused:
        check_address(url)
    assert refused.value.field == "url"
    assert "pass" not in str(refused.value).replace("password", "")


@pytest.mark.parametrize(
    "url", ["https://example.com/a.ics?key=1", "http://8.8.8.8:8080/", "http://[2600::]/"]
)
def test_a_public_address_is_taken(url: str) -> None:
    """Names wait for the resolver; public addresses pass."""
    assert check_address(url) in url


@pytest.mark.parametrize("name", ["localhost", "127.1", "2130706433", "0x7f.1"])
async def test_a_name_of_a_private_address_is_refused_when_it_is_resolved(name: str, host: str) -> None:
    """Whatever the resolver makes of a name is checked before it is connected to."""
    async with open_outgoing() as session:
        with pytest.raises((AddressRefusedError, OutgoingUnreachableError)):
            await fetch(session, f"http://{name}:{host.partition(':')[2]}/good", limit_bytes=100)


async def test_a_name_that_changes_its_mind_is_asked_once(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was checked: a second answer is never asked for."""
    port = int(host.partition(":")[2])
    asked: Iterator[str] = iter(["127.0.0.1", "10.0.0.1"])

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(asked), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with open_outgoing(LOOPBACK) as session:
        got = await fetch(session, f"http://rebinding.test:{port}/good", limit_bytes=100, allowed=LOOPBACK)
    assert got is not None
    assert got.content == b"hello"
    assert next(asked) == "10.0.0.1"


async def test_names_that_hang_delay_no_other(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While forty names are looked up in vain, each once however often asked for, another is found."""
    port, answered, asked = int(host.partition(":")[2]), threading.Event(), Counter[str]()

    def resolve(name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked[name] += 1
        if name.startswith("sick"):
            answered.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with open_outgoing(LOOPBACK, limit=0) as session:
        urls = [f"http://sick{number % 40}.test:{port}/good" for number in range(120)]
        hanging = [
            asyncio.create_task(fetch(session, url, limit_bytes=100, allowed=LOOPBACK)) for url in urls
        ]
        await asyncio.sleep(0)
        try:
            got = await fetch(session, f"http://well.test:{port}/good", limit_bytes=100, allowed=LOOPBACK)
        finally:
            answered.set()
        assert got is not None
        assert len(await asyncio.gather(*hanging)) == 120
    assert set(asked.values()) == {1}


async def test_no_proxy_of_the_environment_is_used(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is named there would be asked in our place."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with open_outgoing(LOOPBACK) as session:
        got = await fetch(session, f"http://{host}/good", limit_bytes=5, allowed=LOOPBACK)
        assert got is not None
        assert got.content == b"hello"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/moved", "status 302"),
        ("/zipped", "encoding"),
        ("/endless", "more than 4 bytes"),
        ("/broken", "did not answer"),
        ("/good", "more than 4 bytes"),
    ],
)
async def test_an_answer_that_was_not_asked_for_is_refused(path: str, reason: str, host: str) -> None:
    """Redirects, compressed bodies, long ones and nonsense end the request."""
    async with open_outgoing(LOOPBACK) as session:
        with pytest.raises(OutgoingUnreachableError, match=reason):
            await fetch(session, f"http://{host}{path}", limit_bytes=4, allowed=LOOPBACK)


def test_networks_are_read() -> None:
    """A list of networks, by commas."""
    assert parse_networks("") == ()
    assert parse_networks("10.0.0.0/8, fd00::/8")[0] == ipaddress.ip_network("10.0.0.0/8")
