from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from serving.guarded_redis import Circuit, GuardedRedis, open_redis


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        """Read it."""
        return self.at_s


@pytest.fixture
async def guarded(redis_url: str) -> AsyncIterator[GuardedRedis]:
    """Guard a real server."""
    guarded = open_redis(redis_url)
    assert guarded is not None
    yield guarded
    await guarded.close()


def test_a_circuit_opens_at_a_failure_and_probes_after_its_cool_down() -> None:
    """Closed, open, one probe at a time, closed by a success."""
    seconds = Seconds()
    circuit = Circuit(cool_down_s=1.0, monotonic=seconds)
    assert [circuit.allows(), circuit.allows()] == [True, True]
    circuit.failed()
    assert [circuit.allows(), circuit.allows()] == [False, False]
    seconds.at_s = 0.999
    assert not circuit.allows()
    seconds.at_s = 1.0
    assert [circuit.allows(), circuit.allows(), circuit.allows()] == [True, False, False]
    circuit.failed()
    seconds.at_s = 1.5
    assert not circuit.allows()
    seconds.at_s = 2.0
    assert circuit.allows()
    circuit.succeeded()
    assert [circuit.allows(), circuit.allows()] == [True, True]


def test_a_probe_that_never_ends_is_followed_by_another() -> None:
    """A probe that was cancelled does not keep the circuit open for ever."""
    seconds = Seconds()
    circuit = Circuit(cool_down_s=1.0, monotonic=seconds)
    circuit.failed()
    seconds.at_s = 1.0
    assert circuit.allows()
    seconds.at_s = 2.0
    assert circuit.allows()


async def test_values_are_bytes(guarded: GuardedRedis) -> None:
    """What is put comes back as it was, or as None where there is none."""
    key = f"test:{secrets.token_hex(4)}"
    assert await guarded.call(lambda client: client.set(key, b"\x00\xff", ex=60))
    assert await guarded.call(lambda client: client.get(key)) == b"\x00\xff"
    assert await guarded.call(lambda client: client.get(key + "-not")) is None
    await guarded.check()


async def test_a_command_that_is_refused_raises_nothing(guarded: GuardedRedis) -> None:
    """The answer is none, as when Redis is gone."""
    assert await guarded.call(lambda client: client.eval("return redis.error_reply('no')", 0)) is None


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock"])
async def test_a_redis_that_is_gone_is_no_error(url: str) -> None:
    """Calls answer none; the check, which is asked to tell, raises."""
    guarded = open_redis(url)
    assert guarded is not None
    assert await guarded.call(lambda client: client.get("a")) is None
    with pytest.raises(Exception, match=r"1|nowhere|No such file"):
        await guarded.check()
    await guarded.close()


async def test_a_redis_that_hangs_costs_one_wait() -> None:
    """A server that takes connections and says nothing is given up on, then left alone for a while."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    seconds = Seconds()
    guarded = open_redis(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", monotonic=seconds)
    assert guarded is not None
    for _ in range(50):
        assert await guarded.call(lambda client: client.get("a")) is None
    assert len(held) == 1
    await guarded.close()
    for writer in held:
        writer.close()
    server.close()


def test_without_a_url_there_is_no_redis() -> None:
    """Redis is never needed."""
    assert open_redis(None) is None
