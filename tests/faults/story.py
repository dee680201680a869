"""A log of short promises, and an account of what must have been said of it, kept from the log alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from calendars.contract import CreateCalendar
from clocks.contract import EventRecord, SavePolicy
from pgstore.database import Database
from pgstore.errors import CursorAheadError, PgstoreError
from pgstore.feed import DatabaseFeed, FeedMessage
from tests.faults.crew import Host, acting_for, open_doors

__all__ = ["Follower", "check", "following", "nothing_left", "prepare", "still_to_come", "tell"]

PROMISE = timedelta(seconds=1)
THRESHOLDS = {"P1:25%": PROMISE / 4, "P1:50%": PROMISE / 2, "breach": PROMISE}
ALWAYS: dict[str, Any] = {"zone": "Etc/UTC", "hours": {"mon-sun": ["00:00-24:00"]}}
SHORT: dict[str, Any] = {
    "name": "Short",
    "calendars": {"default": "always"},
    "metrics": {
        "response": {
            "start": 'event.type == "opened"',
            "stop": 'event.type == "done"',
            "targets": [{"name": "P1", "when": "true", "duration": "1s", "warnings": ["25%", "50%"]}],
        }
    },
}
ALL_THREE = {("P1:25%", "warning.fired"): 1, ("P1:50%", "warning.fired"): 1, ("breach", "breach.fired"): 1}
TO_COME = "SELECT subject_id FROM clocks.cycles WHERE tenant_id = $1 AND next_fire_at IS NOT NULL"
EVENTS = "SELECT event_id, received_at FROM clocks.events WHERE tenant_id = $1"
LEDGER = "SELECT subject_id, threshold, at, fired_at FROM clocks.firings WHERE tenant_id = $1"
MESSAGES = "SELECT message_id FROM clocks.outbox WHERE tenant_id = $1"


async def prepare(host: Host, tenant: str) -> None:
    """Give a tenant the Calendar and the Policy."""
    async with open_doors(host) as (clocks, calendars):
        context = acting_for(tenant)
        await calendars.create_calendar(context, CreateCalendar(key="always", name="Always", document=ALWAYS))
        await clocks.save_policy(context, SavePolicy(key="short", document=SHORT))


def tell(
    started: datetime, *, chance: Random, batches: int, size: int, apart: timedelta, name: str = "T"
) -> list[list[EventRecord]]:
    """Tell of Subjects that are opened, some of which are done before due and others later; in batches."""
    story: list[list[EventRecord]] = []
    for number in range(batches):
        at = started + number * apart
        opened = [_event(f"{name}-{number}-{place}", "opened", at, place) for place in range(size)]
        earlier = story[-1] if story else []
        done = [
            _event(event.subject_id, "done", at, size + place)
            for place, event in enumerate(earlier)
            if event.type == "opened" and chance.random() < 0.3
        ]
        story.append(opened + done)
    return story


def _event(subject_id: str, type_: str, at: datetime, place: int) -> EventRecord:
    return EventRecord(
        event_id=f"{subject_id} {type_}",
        subject_id=subject_id,
        occurred_at=at + timedelta(microseconds=place),
        type=type_,
    )


@dataclass
class Follower:
    """Reads the feed from its start all along, whatever becomes of the database meanwhile.

    found: the messages of its tenant by their ids, in the order in which they came first.
    """

    tenant: str
    found: dict[UUID, FeedMessage] = field(default_factory=dict)
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, database_url: str) -> None:
        """Read until cancelled."""
        database = await Database.open(database_url, schema="clocks", max_size=2)
        feed, cursor = DatabaseFeed(database), None
        try:
            while True:
                try:
                    page = await feed.read(cursor, 200)
                    cursor = page.cursor
                    self.found |= {one.id: one for one in page.messages if one.tenant_id == self.tenant}
                    if page.messages:
                        continue
                    self.caught_up.set()
                except CursorAheadError:
                    cursor = (
                        None  # as every follower does: from the start, and each message is known by its id
                    )
                except PgstoreError:
                    pass  # the database is gone for a while
                await asyncio.sleep(0.05)
        finally:
            await database.close()


@asynccontextmanager
async def following(database_url: str, tenant: str) -> AsyncIterator[Follower]:
    """Follow the feed for as long as the block runs."""
    follower = Follower(tenant)
    task = asyncio.create_task(follower.follow(database_url))
    try:
        yield follower
    finally:
        task.cancel()
        (failure,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(failure, asyncio.CancelledError), failure


async def nothing_left(database_url: str, tenant: str) -> bool:
    """Tell whether no threshold of the tenant is to come; False also while the database is not there."""
    try:
        return not await still_to_come(database_url, tenant)
    except (OSError, asyncpg.PostgresError):
        return False


async def still_to_come(database_url: str, tenant: str) -> set[str]:
    """Name the Subjects of a tenant that have a threshold to come."""
    connection = await asyncpg.connect(database_url, timeout=5)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connection.close)
        return {row[0] for row in await connection.fetch(TO_COME, tenant)}


async def check(
    database_url: str,
    follower: Follower,
    log: Sequence[EventRecord],
    *,
    to_come: AbstractSet[str] = frozenset(),
) -> None:
    """Count what is in the database and in the feed against the log.

    Early is what the ledger says by PostgreSQL's clock; a message is stamped with the beginning
    of its transaction. to_come: the Subjects of which nothing may have been said yet.
    """
    connection = await asyncpg.connect(database_url)
    try:
        events = dict(await connection.fetch(EVENTS, follower.tenant))
        outbox = await connection.fetch(MESSAGES, follower.tenant)
        ledger = await connection.fetch(LEDGER, follower.tenant)
    finally:
        await connection.close()
    assert events.keys() == {event.event_id for event in log}
    async with asyncio.timeout(20):
        while len(follower.found) < len(outbox):
            follower.caught_up.clear()
            await follower.caught_up.wait()
    assert follower.found.keys() == {row["message_id"] for row in outbox}
    said = [one for one in follower.found.values() if one.type != "cycle.changed"]
    assert not {one.subject for one in said} & to_come
    fired = Counter((one.subject, one.payload["threshold"]) for one in said if one.type.endswith(".fired"))
    assert fired == Counter((row["subject_id"], row["threshold"]) for row in ledger)
    assert [row for row in ledger if row["fired_at"] <= row["at"]] == []
    _check_thresholds(said, [event for event in log if event.subject_id not in to_come], received=events)


def _check_thresholds(
    messages: Iterable[FeedMessage], log: Sequence[EventRecord], *, received: Mapping[str, datetime]
) -> None:
    """Hold warnings and breaches against the log: none lost or doubled; each at its true time."""
    opened = {event.subject_id: event for event in log if event.type == "opened"}
    done = {event.subject_id for event in log if event.type == "done"}
    said: dict[str, Counter[tuple[str, str]]] = {subject: Counter() for subject in opened}
    for one in messages:
        threshold, at = one.payload["threshold"], datetime.fromisoformat(one.payload["at"])
        assert at == opened[one.subject].occurred_at + THRESHOLDS[threshold], one
        said[one.subject][threshold, one.type] += 1
    for subject, counts in said.items():
        assert set(counts.values()) <= {1}, f"{subject}: {counts}"
        if subject in done:
            # Whether that was told in time is the machine's doing; what was said too much was taken back.
            assert counts["breach", "breach.fired"] == counts["breach", "breach.revoked"], subject
        elif received[opened[subject].event_id] < opened[subject].occurred_at + PROMISE / 2:
            assert counts == ALL_THREE, f"{subject}: {counts}"
        else:
            # Of what is told after its breach no warning is sent any more.
            assert counts["breach", "breach.fired"] == 1, subject
