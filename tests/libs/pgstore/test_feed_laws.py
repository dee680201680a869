"""Transactions that write, commit and are undone in any order, read all the while: the laws of a feed."""

from __future__ import annotations

import random
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field

import pytest

from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.feed import START, DatabaseFeed, FeedCursor
from pgstore.outbox import Message, append

STEPS = 150
MAX_OPEN = 4


class UndoneError(Exception):
    """What a transaction is undone with."""


@dataclass
class Open:
    """A transaction under way, and what it has written."""

    block: AbstractAsyncContextManager[Connection]
    connection: Connection
    written: list[str] = field(default_factory=list)


@dataclass
class Story:
    """Steps at random, and what a follower must see of them.

    causes: what was committed before a message was written, by the message.
    """

    database: Database
    tenant: str
    chance: random.Random
    open: list[Open] = field(default_factory=list)
    committed: list[str] = field(default_factory=list)
    causes: dict[str, frozenset[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    cursor: FeedCursor = START

    async def step(self) -> None:
        """Begin, write, end or read."""
        choices = [self.read]
        if len(self.open) < MAX_OPEN:
            choices += [self.begin] * 2
        if self.open:
            choices += [self.write] * 4 + [self.end] * 2
        await self.chance.choice(choices)()

    async def begin(self) -> None:
        """Begin a transaction, which may take its id at once, long before it writes a message."""
        block = self.database.transaction(self.tenant)
        connection = await block.__aenter__()
        if self.chance.random() < 0.5:
            await connection.fetchval("SELECT pg_current_xact_id()")
        self.open.append(Open(block, connection))

    async def write(self) -> None:
        """Write one message, or a few."""
        transaction = self.chance.choice(self.open)
        subjects = [f"{len(self.causes) + more}" for more in range(self.chance.randint(1, 3))]
        for subject in subjects:
            self.causes[subject] = frozenset(self.committed)
        await append(transaction.connection, [Message(type="t", subject=one, payload={}) for one in subjects])
        transaction.written += subjects

    async def end(self) -> None:
        """Commit, or undo."""
        transaction = self.open.pop(self.chance.randrange(len(self.open)))
        if self.chance.random() < 0.7:
            await transaction.block.__aexit__(None, None, None)
            self.committed += transaction.written
            return
        with suppress(UndoneError):
            await transaction.block.__aexit__(UndoneError, UndoneError(), None)

    async def read(self) -> None:
        """Read a page of any size."""
        page = await DatabaseFeed(self.database).read(self.cursor, self.chance.choice((1, 2, 7, 100)))
        self.seen += [one.subject for one in page.messages if one.tenant_id == self.tenant]
        self.cursor = page.cursor

    async def read_to_the_end(self) -> None:
        """End all transactions, and read what is left."""
        while self.open:
            await self.end()
        page = await DatabaseFeed(self.database).read(self.cursor, 100)
        while page.messages:
            self.seen += [one.subject for one in page.messages if one.tenant_id == self.tenant]
            page = await DatabaseFeed(self.database).read(page.cursor, 100)


@pytest.mark.parametrize("seed", range(6))
async def test_a_follower_sees_each_message_once_and_after_its_causes(
    database: Database, tenant: str, seed: int
) -> None:
    """Nothing is skipped, nothing comes twice, nothing that was undone, and no effect before its cause."""
    story = Story(database, tenant, random.Random(seed))  # noqa: S311 - no secret
    for _ in range(STEPS):
        await story.step()
    await story.read_to_the_end()
    assert sorted(story.seen) == sorted(story.committed)
    before: set[str] = set()
    for subject in story.seen:
        assert story.causes[subject] <= before, f"{subject} came before what it follows from"
        before.add(subject)
    assert len(before) == len(story.seen) > STEPS / 5
