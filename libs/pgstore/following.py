"""Following another service's feed: at least once, in order, from where we were when we last stopped.

A tenant whose messages cannot be handled keeps nobody else's waiting: they are put into a line of its own
(`feed_failures`), and those of it that come later behind them, so that its order holds. The line is tried
again after pauses that grow. A message that failed `MAX_ATTEMPTS` times is set aside, a dead letter of the
feed, and its line goes on. What is set aside is listed by `feed_set_aside()` and tried again after
`feed_replay(feed)`, two functions in the follower's schema.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from prometheus_client import Counter

from pgstore.blocks import load_blocks
from pgstore.database import Database
from pgstore.errors import CursorAheadError
from pgstore.feed import Feed, FeedMessage, FeedPage, forget_cursor, message_of, read_cursor, save_cursor

__all__ = ["MAX_ATTEMPTS", "Handle", "follow_once", "next_page"]

Handle = Callable[[str, Sequence[FeedMessage]], Awaitable[None]]
"""Takes a tenant and its messages of a page, in order; has its effects in transactions of its own."""

MAX_ATTEMPTS = 8

_PAUSES = (timedelta(seconds=1), timedelta(minutes=2))
"""Before the second attempt, and the longest: it doubles with each."""

_MAX_REASON = 1_000
_BEHIND = "waits for its turn behind a message that failed"
_PASSING = {"unavailable", "too_many"}
"""Kinds of failures that say nothing of the message: it is tried again for as long as they last."""

_SQL = load_blocks("pgstore", "feed.sql")
_LOG = logging.getLogger(__name__)
_FAILED = Counter(
    "meantime_feed_failed_attempts", "Attempts to handle messages of a feed that failed", ("feed",)
)
_SET_ASIDE = Counter(
    "meantime_feed_set_aside", "Messages of a feed that its follower went on without", ("feed",)
)


async def follow_once(database: Database, feed: Feed, *, name: str, handle: Handle, limit: int = 200) -> int:
    """Read a page, hand it over tenant by tenant, save the cursor, and try again what waits and may be tried.

    Returns how many messages were read or tried again. After a crash before the cursor is saved, the same
    messages come again: `handle` must be idempotent by message id. `name` is the feed's.

    Order: a tenant's messages are handled in order, but for those that are set aside, which are handled when
    they are replayed, after later ones.
    """
    page = await next_page(database, feed, name=name, limit=limit)
    if page is None:
        return 0
    for tenant_id, messages in (await _without_waiting(database, name, page)).items():
        await _hand_over(database, name, handle, tenant_id, messages)
    if page.messages:
        async with database.connection() as connection:
            await save_cursor(connection, name, page.cursor)
    else:
        await _replay(database, name, handle, limit)
    return len(page.messages) + await _retry(database, name, handle, limit)


async def next_page(database: Database, feed: Feed, *, name: str, limit: int) -> FeedPage | None:
    """Read a page from where the cursor was saved last; raises what reading raises.

    None: the cursor is from another life of the feed's source, one restored into another server for instance;
    it is forgotten, and the feed is followed again from its start.
    """
    async with database.connection() as connection:
        after = await read_cursor(connection, name)
    try:
        return await feed.read(after, limit)
    except Exception as error:
        if getattr(error, "code", None) != CursorAheadError.code:
            raise
    _LOG.warning("feed %s is not the one that was followed: following it again from its start", name)
    async with database.connection() as connection:
        await forget_cursor(connection, name)
    return None


async def _without_waiting(
    database: Database, name: str, page: FeedPage
) -> Mapping[str, Sequence[FeedMessage]]:
    """Group a page by tenant; what is of a tenant whose messages wait is put behind them."""
    groups: dict[str, list[FeedMessage]] = {}
    for message in page.messages:
        groups.setdefault(message.tenant_id, []).append(message)
    if groups:
        for tenant_id in await _read_waiting(database, name):
            if messages := groups.pop(tenant_id, None):
                await _postpone(database, name, tenant_id, messages)
    return groups


async def _hand_over(
    database: Database, name: str, handle: Handle, tenant_id: str, messages: Sequence[FeedMessage]
) -> None:
    """Hand a tenant's messages over; where that fails they wait, to be tried one by one."""
    try:
        await handle(tenant_id, messages)
    except Exception:  # noqa: BLE001 - whatever a handler meets
        await _postpone(database, name, tenant_id, messages)
        _LOG.warning("feed %s: messages of tenant %s wait", name, tenant_id, exc_info=True)


async def _retry(database: Database, name: str, handle: Handle, limit: int) -> int:
    """Try again what waits, tenant by tenant, each up to the first that fails; returns how many."""
    tried = 0
    for tenant_id, is_due in (await _read_waiting(database, name)).items():
        if not is_due:
            continue
        async with database.transaction(tenant_id, read_only=True) as connection:
            rows = await connection.fetch(_SQL["read_line"], name, limit)
        for message in map(message_of, rows):
            tried += 1
            if not await _hand_over_one(database, name, handle, message):
                break
    return tried


async def _replay(database: Database, name: str, handle: Handle, limit: int) -> None:
    """Try again what an operator asks for, a page at a time; what fails again stays, with its new reason."""
    async with database.connection() as connection:
        rows = await connection.fetch(_SQL["read_asked"], name, limit)
    for message in map(message_of, rows):
        await _hand_over_one(database, name, handle, message)


async def _hand_over_one(database: Database, name: str, handle: Handle, message: FeedMessage) -> bool:
    """Hand one over that waited or was set aside; False: it failed, and those behind it wait on."""
    try:
        await handle(message.tenant_id, [message])
    except Exception as error:  # noqa: BLE001 - whatever a handler meets
        return await _failed(database, name, message, error)
    async with database.transaction(message.tenant_id) as connection:
        await connection.execute(_SQL["settle_failure"], name, message.id)
    return True


async def _failed(database: Database, name: str, message: FeedMessage, error: Exception) -> bool:
    """Note a failure; answer whether the message is set aside now, so that those behind it go on."""
    counts = 0 if _passes(error) else 1
    reason = (str(error) or type(error).__name__).replace("\x00", "")[:_MAX_REASON]
    async with database.transaction(message.tenant_id) as connection:
        is_aside: bool | None = await connection.fetchval(
            _SQL["note_failure"], name, message.id, counts, reason, *_PAUSES, MAX_ATTEMPTS
        )
    _FAILED.labels(name).inc()
    if is_aside:
        _SET_ASIDE.labels(name).inc()
        _LOG.error(
            "feed %s goes on without message %s (%s), which failed too often: see feed_set_aside()",
            name,
            message.id,
            message.type,
            exc_info=error,
        )
    return bool(is_aside)


async def _read_waiting(database: Database, name: str) -> Mapping[str, bool]:
    """Read whose messages wait, and whether they may be tried again now."""
    async with database.connection() as connection:
        rows = await connection.fetch(_SQL["read_waiting"], name)
    return {row["tenant_id"]: row["is_due"] for row in rows}


async def _postpone(database: Database, name: str, tenant_id: str, messages: Sequence[FeedMessage]) -> None:
    columns = [
        [message.id for message in messages],
        [message.type for message in messages],
        [message.subject for message in messages],
        [message.payload for message in messages],
        [message.created_at for message in messages],
    ]
    async with database.transaction(tenant_id) as connection:
        await connection.execute(_SQL["postpone"], name, *columns, _BEHIND)


def _passes(error: Exception) -> bool:
    return getattr(error, "kind", None) in _PASSING or isinstance(error, (OSError, TimeoutError))
