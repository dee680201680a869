"""A message that its follower cannot handle does not keep those that come after it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import pytest

from pgstore.connection import Row
from pgstore.database import Database
from pgstore.errors import DatabaseUnavailableError
from pgstore.feed import DatabaseFeed, FeedMessage
from pgstore.following import MAX_ATTEMPTS, follow_once

from .test_feed import read_until, tell


class Follower:
    """Follows the feed for one tenant, and cannot handle messages about `bad`."""

    def __init__(self, database: Database, tenant: str) -> None:
        self.name = secrets.token_hex(4)
        self.handled: list[str] = []
        self.bad: dict[str, Exception] = {}
        self._database = database
        self._tenant = tenant

    async def handle(self, owner: str, messages: Sequence[FeedMessage]) -> None:
        """Take messages in order, up to one that is bad."""
        for message in messages if owner == self._tenant else ():
            if message.subject in self.bad:
                raise self.bad[message.subject]
            self.handled.append(message.subject)

    async def follow(self, *, limit: int = 200) -> None:
        """Follow the feed to its end, and once more."""
        feed = DatabaseFeed(self._database)
        while await follow_once(self._database, feed, name=self.name, handle=self.handle, limit=limit):
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


async def test_poison_is_set_aside(follower: Follower, tenant: str) -> None:
    """The feed waits so many attempts, then goes on with the next; the row says what failed, and why."""
    for _ in range(MAX_ATTEMPTS - 1):
        with pytest.raises(ZeroDivisionError):
            await follower.follow()
        assert "c" not in follower.handled
        assert await follower.set_aside() == []
    await follower.follow()
    assert follower.handled[-1] == "c"
    (row,) = await follower.set_aside()
    assert (row["tenant_id"], row["subject"], row["type"]) == (tenant, "poison", "note.told")
    assert (row["reason"], row["attempts"]) == ("no such share", MAX_ATTEMPTS)
    assert row["payload"] == {"about": "poison"}


async def test_replay_handles_what_was_set_aside(follower: Follower) -> None:
    """What an operator asks for is tried again, once; what fails again stays listed, with its new reason."""
    for _ in range(MAX_ATTEMPTS - 1):
        with pytest.raises(ZeroDivisionError):
            await follower.follow()
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
    for _ in range(2 * MAX_ATTEMPTS - 2):
        with pytest.raises(ZeroDivisionError):
            await follower.follow()
    await follower.follow()
    follower.bad.clear()
    follower.handled.clear()
    assert await follower.replay() == 2
    for handled in (["a"], ["a", "poison"]):
        await follower.follow(limit=1)
        assert follower.handled == handled


async def test_what_passes_counts_against_no_message(follower: Follower) -> None:
    """While a service or a database is away, the feed waits for as long as that takes."""
    for error in (DatabaseUnavailableError("gone"), ConnectionResetError(), TimeoutError()):
        follower.bad["poison"] = error
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(type(error)):
                await follower.follow()
    assert await follower.set_aside() == []
    follower.bad.clear()
    await follower.follow()
    assert follower.handled[-3:] == ["a", "poison", "c"]
