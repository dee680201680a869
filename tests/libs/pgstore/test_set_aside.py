"""A message that its follower cannot handle keeps no other tenant's waiting, and its own in order."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

import pytest

from pgstore import following
from pgstore.connection import Row
from pgstore.database import Database
from pgstore.errors import DatabaseUnavailableError
from pgstore.feed import DatabaseFeed, FeedMessage
from pgstore.following import MAX_ATTEMPTS, follow_once

from .test_feed import read_until, tell

EARLIER = (
    "UPDATE feed_failures SET (retry_at, failed_at) = (retry_at - interval '9 h', failed_at - interval '9 h')"
)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what failed be tried again at once."""
    monkeypatch.setattr(following, "_PAUSES", (timedelta(0), timedelta(0)))


class Follower:
    """Follows the feed for one tenant and those named after it, and cannot handle messages about `bad`."""

    def __init__(self, database: Database, tenant: str) -> None:
        self.name = secrets.token_hex(4)
        self.handled: list[str] = []
        self.bad: dict[str, Exception] = {}
        self._database = database
        self._tenant = tenant

    async def handle(self, owner: str, messages: Sequence[FeedMessage]) -> None:
        """Take messages in order, up to one that is bad."""
        for message in messages if owner.startswith(self._tenant) else ():
            if message.subject in self.bad:
                raise self.bad[message.subject]
            self.handled.append(message.subject)

    async def step(self, *, limit: int = 200) -> int:
        """Read a page, and try again what waits."""
        feed = DatabaseFeed(self._database)
        return await follow_once(self._database, feed, name=self.name, handle=self.handle, limit=limit)

    async def follow(self, *, limit: int = 200) -> None:
        """Follow the feed to its end, until nothing waits, and once more."""
        while await self.step(limit=limit):
            pass

    async def set_aside(self) -> list[Row]:
        """List what an operator would see."""
        async with self._database.connection() as connection:
            return await connection.fetch("SELECT * FROM feed_set_aside() WHERE feed = $1", self.name)

    async def replay(self) -> int:
        """Ask for what is set aside to be tried again."""
        async with self._database.connection() as connection:
            asked: int = await connection.fetchval("SELECT feed_replay($1)", self.name)
        return asked


@pytest.fixture
async def follower(database: Database, tenant: str) -> Follower:
    """Have three messages said, of which the second cannot be handled."""
    await tell(database, tenant, "a", "poison", "c")
    await read_until(database, tenant, 3)
    follower = Follower(database, tenant)
    follower.bad["poison"] = ZeroDivisionError("no such share")
    return follower


async def test_a_sick_message_keeps_no_other_tenants_waiting(
    follower: Follower, database: Database, tenant: str
) -> None:
    """In the very step in which one fails, what another tenant was told after it is handled."""
    await tell(database, f"{tenant}-well", "theirs")
    while "theirs" not in follower.handled:
        assert await follower.step()
    assert "c" not in follower.handled
    assert await follower.set_aside() == []


async def test_poison_is_set_aside(follower: Follower, tenant: str) -> None:
    """Those of its tenant wait behind it so many attempts, then go on; the row says what failed, and why."""
    await follower.follow()
    assert follower.handled[-2:] == ["a", "c"]
    (row,) = await follower.set_aside()
    assert (row["tenant_id"], row["subject"], row["type"]) == (tenant, "poison", "note.told")
    assert (row["reason"], row["attempts"]) == ("no such share", MAX_ATTEMPTS)
    assert row["payload"] == {"about": "poison"}


async def test_what_comes_later_waits_behind_it(follower: Follower, database: Database, tenant: str) -> None:
    """A tenant's order holds while one of its messages is tried again, also over pages."""
    while not follower.handled:
        await follower.step()
    await tell(database, tenant, "d", "e")
    for _ in range(3):
        await follower.step()
    assert set(follower.handled) == {"a"}
    follower.bad.clear()
    await follower.follow()
    assert list(dict.fromkeys(follower.handled)) == ["a", "poison", "c", "d", "e"]
    assert follower.handled[-4:] == ["poison", "c", "d", "e"]


async def test_pauses_grow(
    follower: Follower, database: Database, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed is not tried again before its time, and each pause is twice the last, up to a bound."""
    monkeypatch.setattr(following, "_PAUSES", (timedelta(hours=1), timedelta(hours=3)))
    pauses = []
    for _ in range(4):
        await follower.follow()
        async with database.transaction(tenant) as connection:
            pauses.append(await connection.fetchval("SELECT max(retry_at - failed_at) FROM feed_failures"))
            await connection.execute(EARLIER)
    assert pauses == [timedelta(hours=hours) for hours in (1, 2, 3, 3)]


async def test_replay_handles_what_was_set_aside(follower: Follower) -> None:
    """What an operator asks for is tried again, once; what fails again stays listed, with its new reason."""
    await follower.follow()
    follower.bad["poison"] = ValueError("still none")
    assert await follower.replay() == 1
    await follower.follow()
    await follower.follow()
    (row,) = await follower.set_aside()
    assert (row["reason"], row["attempts"]) == ("still none", MAX_ATTEMPTS + 1)
    del follower.bad["poison"]
    assert await follower.replay() == 1
    await follower.follow()
    assert follower.handled[-1] == "poison"
    assert await follower.set_aside() == []


async def test_replay_reads_a_page_at_a_time(follower: Follower) -> None:
    """However much is asked for at once, no more than a page of it is held, the oldest first."""
    follower.bad["a"] = ZeroDivisionError("no such share")
    await follower.follow()
    follower.bad.clear()
    follower.handled.clear()
    assert await follower.replay() == 2
    for handled in (["a"], ["a", "poison"]):
        await follower.step(limit=1)
        assert follower.handled == handled


async def test_what_passes_counts_against_no_message(follower: Follower) -> None:
    """While a service or a database is away, messages wait for as long as that takes."""
    for error in (DatabaseUnavailableError("gone"), ConnectionResetError(), TimeoutError()):
        follower.bad["poison"] = error
        for _ in range(MAX_ATTEMPTS + 2):
            await follower.step()
    assert await follower.set_aside() == []
    assert "c" not in follower.handled
    follower.bad.clear()
    await follower.follow()
    assert follower.handled[-2:] == ["poison", "c"]
