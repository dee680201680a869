"""Following another service's feed: at least once, in order, from where we were when we last stopped.

A message that cannot be handled is tried `MAX_ATTEMPTS` times and then set aside, a dead letter of the feed,
so that it does not keep all that come after it. What is set aside is listed by `feed_set_aside()` and tried
again after `feed_replay(feed)`, two functions in the follower's schema.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Counter

from pgstore.blocks import load_blocks
from pgstore.database import Database
from pgstore.errors import CursorAheadError
from pgstore.feed import Feed, FeedMessage, FeedPage, forget_cursor, message_of, read_cursor, save_cursor

__all__ = ["MAX_ATTEMPTS", "Handle", "follow_once", "next_page"]

Handle = Callable[[str, Sequence[FeedMessage]], Awaitable[None]]
"""Takes a tenant and its messages of a page, in order; has its effects in transactions of its own."""

MAX_ATTEMPTS = 8

_MAX_REASON = 1_000
_PASSING = {"unavailable", "too_many"}
"""Kinds of failures that say nothing of the message: the feed waits until they have passed."""

_SQL = load_blocks("pgstore", "feed.sql")
_LOG = logging.getLogger(__name__)
_SET_ASIDE = Counter(
    "meantime_feed_set_aside", "Messages of a feed that its follower went on without", ("feed",)
)


async def follow_once(database: Database, feed: Feed, *, name: str, handle: Handle, limit: int = 200) -> int:
    """Read a page, hand it over tenant by tenant, save the cursor; returns the number of messages.

    After an error, or a crash before the cursor is saved, the same messages come again: `handle` must be
    idempotent by message id. If it raises, the feed waits and the message is tried again, until it is set
    aside; those of a page that were handled before it come again with it. `name` is the feed's.

    Order: a tenant's messages are handled in order, but for those that are set aside, which are handled when
    they are replayed, after later ones.
    """
    page = await next_page(database, feed, name=name, limit=limit)
    if page is None:
        return 0
    for tenant_id, messages in _by_tenant(page).items():
        await _hand_over(database, name, handle, tenant_id, messages)
    if page.messages:
        async with database.connection() as connection:
            await save_cursor(connection, name, page.cursor)
    else:
        await _replay(database, name, handle, limit)
    return len(page.messages)


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


async def _hand_over(
    database: Database, name: str, handle: Handle, tenant_id: str, messages: Sequence[FeedMessage]
) -> None:
    """Hand all over at once; where that fails, one by one, to know which of them it is."""
    try:
        await handle(tenant_id, messages)
    except Exception as error:
        if _passes(error):
            raise
        if len(messages) == 1:
            await _failed(database, name, messages[0], error)
            return
        for message in messages:
            await _hand_over_one(database, name, handle, message)


async def _hand_over_one(database: Database, name: str, handle: Handle, message: FeedMessage) -> None:
    try:
        await handle(message.tenant_id, [message])
    except Exception as error:  # noqa: BLE001 - whatever a handler meets; raised again until it was often enough
        await _failed(database, name, message, error)
    else:
        async with database.transaction(message.tenant_id) as connection:
            await connection.execute(_SQL["settle_failure"], name, message.id)


async def _failed(database: Database, name: str, message: FeedMessage, error: Exception) -> None:
    """Raise the handler's error, until that was often enough to set the message aside."""
    if _passes(error) or await _count_failure(database, name, message, error) < MAX_ATTEMPTS:
        raise error
    await _set_aside(database, name, message)


async def _count_failure(database: Database, name: str, message: FeedMessage, error: Exception) -> int:
    reason = (str(error) or type(error).__name__).replace("\x00", "")[:_MAX_REASON]
    async with database.transaction(message.tenant_id) as connection:
        attempts: int = await connection.fetchval(
            _SQL["count_failure"],
            name,
            message.id,
            message.type,
            message.subject,
            message.payload,
            message.created_at,
            reason,
        )
    return attempts


async def _set_aside(database: Database, name: str, message: FeedMessage) -> None:
    async with database.transaction(message.tenant_id) as connection:
        await connection.execute(_SQL["set_aside"], name, message.id)
    _SET_ASIDE.labels(name).inc()
    _LOG.error(
        "feed %s goes on without message %s (%s), which failed %d times: see feed_set_aside()",
        name,
        message.id,
        message.type,
        MAX_ATTEMPTS,
        exc_info=True,
    )


async def _replay(database: Database, name: str, handle: Handle, limit: int) -> None:
    """Try again what an operator asks for, a page at a time; what fails again stays, with its new reason."""
    async with database.connection() as connection:
        rows = await connection.fetch(_SQL["read_asked"], name, limit)
    for message in map(message_of, rows):
        await _hand_over_one(database, name, handle, message)


def _passes(error: Exception) -> bool:
    return getattr(error, "kind", None) in _PASSING or isinstance(error, (OSError, TimeoutError))


def _by_tenant(page: FeedPage) -> dict[str, list[FeedMessage]]:
    groups: dict[str, list[FeedMessage]] = {}
    for message in page.messages:
        groups.setdefault(message.tenant_id, []).append(message)
    return groups
