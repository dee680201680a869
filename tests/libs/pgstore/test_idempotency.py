from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.errors import IdempotencyConflictError
from pgstore.idempotency import hash_request, once, recall, remember


class Ask(msgspec.Struct, frozen=True):
    """A request."""

    name: str
    options: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True):
    """What is answered, with the number of the effect."""

    number: int


class Effects:
    """Counts how often the effect was had."""

    def __init__(self) -> None:
        self.count = 0

    async def have(self) -> Answer:
        """Have the effect."""
        self.count += 1
        return Answer(self.count)

    async def ask(
        self, connection: Connection, key: str | None, request: Ask, operation: str = "ask"
    ) -> Answer:
        """Ask once under a key."""
        return await once(
            connection, key=key, operation=operation, request=request, answer_type=Answer, effect=self.have
        )


async def test_the_same_request_has_one_effect(database: Database, tenant: str) -> None:
    """Asked again under the same key, the same answer comes and nothing else happens."""
    effects = Effects()
    for _ in range(3):
        async with database.transaction(tenant) as connection:
            assert await effects.ask(connection, "k", Ask("a")) == Answer(1)
    assert effects.count == 1


async def test_without_a_key_each_request_has_its_effect(database: Database, tenant: str) -> None:
    """Idempotency is the caller's wish."""
    effects = Effects()
    async with database.transaction(tenant) as connection:
        answers = [await effects.ask(connection, None, Ask("a")) for _ in range(2)]
    assert answers == [Answer(1), Answer(2)]


async def test_another_request_under_the_key_is_a_conflict(database: Database, tenant: str) -> None:
    """A key stands for one request; another one has no effect."""
    effects = Effects()
    async with database.transaction(tenant) as connection:
        await effects.ask(connection, "k", Ask("a"))
    with pytest.raises(IdempotencyConflictError) as refused:
        async with database.transaction(tenant) as connection:
            await effects.ask(connection, "k", Ask("b"))
    assert (refused.value.code, refused.value.kind) == ("idempotency_conflict", "conflict")
    assert effects.count == 1


async def test_operations_and_tenants_have_keys_of_their_own(database: Database, tenant: str) -> None:
    """The same key for another operation, or of another tenant, is another key."""
    effects = Effects()
    for owner, operation in ((tenant, "ask"), (tenant, "tell"), (f"{tenant}-b", "ask")):
        async with database.transaction(owner) as connection:
            await effects.ask(connection, "k", Ask("a"), operation)
    assert effects.count == 3


async def test_what_was_rolled_back_was_not_answered(database: Database, tenant: str) -> None:
    """A key is taken with the effect or not at all."""
    effects = Effects()

    async def fail() -> None:
        async with database.transaction(tenant) as connection:
            await effects.ask(connection, "k", Ask("a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction(tenant) as connection:
        assert await effects.ask(connection, "k", Ask("a")) == Answer(2)


async def test_requests_at_the_same_time_have_one_effect(database: Database, tenant: str) -> None:
    """Of several that come together, one has the effect, and the others wait for its answer."""
    effects = Effects()

    async def ask() -> Answer:
        async with database.transaction(tenant) as connection:
            answer = await effects.ask(connection, "k", Ask("a"))
            await connection.execute("SELECT pg_sleep(0.01)")
            return answer

    assert await asyncio.gather(*(ask() for _ in range(5))) == [Answer(1)] * 5


async def test_whoever_waits_for_a_failure_has_the_effect(database: Database, tenant: str) -> None:
    """When the one that had the key is rolled back, the next in line takes it."""
    claimed = asyncio.Event()

    async def fail() -> None:
        async with database.transaction(tenant) as connection:
            assert await recall(connection, key="k", operation="o", request_hash=b"h") is None
            claimed.set()
            await connection.execute("SELECT pg_sleep(0.05)")
            raise ZeroDivisionError

    async def succeed() -> None:
        await claimed.wait()
        async with database.transaction(tenant) as connection:
            assert await recall(connection, key="k", operation="o", request_hash=b"h") is None
            await remember(connection, key="k", operation="o", answer=b"done")

    failed, _ = await asyncio.gather(fail(), succeed(), return_exceptions=True)
    assert isinstance(failed, ZeroDivisionError)
    async with database.transaction(tenant) as connection:
        assert await recall(connection, key="k", operation="o", request_hash=b"h") == b"done"


def test_equal_requests_have_equal_hashes() -> None:
    """The order in which members of an object were written makes no difference; their values do."""
    assert hash_request(Ask("a", {"x": 1, "y": 2})) == hash_request(Ask("a", {"y": 2, "x": 1}))
    assert hash_request(Ask("a", {"x": 1})) != hash_request(Ask("a", {"x": 2}))
    assert len(hash_request(Ask("a"))) == 32
