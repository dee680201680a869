"""What an operator does about messages that a service could not handle, from the command line."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from cli.commands.feeds import app
from cli.tracks import migrate_all
from pgstore import following, outbox
from pgstore.database import Database
from pgstore.feed import DatabaseFeed, FeedMessage
from pgstore.following import follow_once


class UnfitError(Exception):
    """Ends a follower that cannot handle a message."""


async def follow(clocks: Database, tenant: str, feed: str, *, fails: bool) -> list[str]:
    """Follow the feed to its end; returns what was handled for the tenant."""
    handled: list[str] = []

    async def handle(owner: str, messages: Sequence[FeedMessage]) -> None:
        if owner == tenant and fails:
            raise UnfitError("no such calendar")
        handled.extend(message.subject for message in messages if owner == tenant)

    source = DatabaseFeed(clocks)
    while await follow_once(clocks, source, name=feed, handle=handle):
        pass
    return handled


async def test_what_is_set_aside_is_listed_and_replayed(
    database_url: str, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the list with its reason until it was replayed, and is handled then."""
    monkeypatch.setattr(following, "_PAUSES", (timedelta(0), timedelta(0)))
    monkeypatch.setenv("DATABASE_URL", database_url)
    feed, said = f"calendars-{tenant}", uuid.uuid4()
    await migrate_all(database_url)
    clocks = await Database.open(database_url, schema="clocks")
    try:
        async with clocks.transaction(tenant) as connection:
            await outbox.append(connection, [outbox.Message(type="t", subject="office", payload={}, id=said)])
        assert await follow(clocks, tenant, feed, fails=True) == []
        (line,) = await lines_of("held", feed)
        assert f"clocks {feed} {tenant} {said} t office: set aside " in line
        assert line.endswith("8 attempts: no such calendar")
        assert await lines_of("replay", "1", "clocks", feed, "--message", str(said))
        assert "to be tried again" in (await lines_of("held", feed))[0]
        assert await follow(clocks, tenant, feed, fails=False) == ["office"]
        assert await lines_of("held", feed) == []
    finally:
        await clocks.close()


async def test_a_follower_is_listed_and_forgotten(
    database_url: str, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks is listed with when it came further; one that is forgotten is not, and cannot be again."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    credits_ = await Database.open(database_url, schema="credits")
    try:
        await DatabaseFeed(credits_, follower=tenant).read(None, 1)
    finally:
        await credits_.close()
    assert len(await lines_of("followers", f"credits {tenant} ")) == 1
    assert await lines_of("forget", "nothing", "credits", tenant)
    assert await lines_of("followers", tenant) == []
    refused = await run("forget", "credits", tenant)
    assert "does not follow credits" in str(refused.exception)
    refused = await run("replay", "nobody", "calendars")
    assert "'nobody' is no service" in str(refused.exception)


async def lines_of(command: str, holding: str, *arguments: str) -> list[str]:
    """Run a command, and return the lines that hold a text."""
    ended = await run(command, *arguments)
    assert ended.exit_code == 0, ended.output
    return [line for line in ended.output.splitlines() if holding in line]


async def run(*arguments: str) -> Result:
    """Run a command, which has an event loop of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments))
