"""Carry messages to Redis Streams, one a tenant, each under its position as id.

An entry's id is what makes this exactly once in the stream: one that is there already is refused by Redis.
Workers take turns, and each carries on in order from where the one before was, so nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gateway.domain.message import Message, write_cloud_event
from gateway.storage import messages
from pgstore.database import Database
from serving.guarded_redis import GuardedRedis

__all__ = ["PAGE", "carry_streams", "stream_of"]

PAGE = 100
OUTLET = "streams"
THERE_ALREADY = "equal or smaller"
NO_STREAM = "WRONGTYPE"

log = structlog.get_logger("streams")


def stream_of(tenant_id: str) -> str:
    """Name a tenant's stream; the braces are Redis Cluster's, and keep a tenant's keys together."""
    return f"meantime:{{{tenant_id}}}:messages"


async def carry_streams(
    database: Database, redis: GuardedRedis, *, max_length: int, limit: int = PAGE
) -> list[Message] | None:
    """Carry on; returns the messages carried, none where there are none, None where Redis does not take them.

    max_length: entries that a stream keeps, about; the oldest leave.
    """
    async with messages.hold_outlet(database, OUTLET) as (connection, position):
        if position is None:
            return []
        found = await messages.read_all_messages(connection, after=position, limit=limit)
        if not found:
            return []
        if await redis.call(lambda client: add_all(client, found, max_length)) is None:
            return None
        await messages.move_outlet(connection, OUTLET, found[-1].position)
    return found


async def add_all(client: Redis, found: Sequence[Message], max_length: int) -> int:
    """Add an entry for each message, in one trip; raises what Redis refuses for want of room."""
    pipeline = client.pipeline(transaction=False)
    for message in found:
        pipeline.xadd(
            stream_of(message.tenant_id),
            {"event": write_cloud_event(message)},
            id=f"{message.position}-0",
            maxlen=max_length,
            approximate=True,
        )
    answers = await pipeline.execute(raise_on_error=False)
    for message, answer in zip(found, answers, strict=True):
        if isinstance(answer, Exception):
            check_refusal(answer, message)
    return len(answers)


def check_refusal(answer: Exception, message: Message) -> None:
    """Pass over what is there already, and a key that somebody uses for something else; raise the rest."""
    text = str(answer)
    if not isinstance(answer, ResponseError) or not (THERE_ALREADY in text or NO_STREAM in text):
        raise answer
    if NO_STREAM in text:
        log.error("the key is no stream: its tenant's messages go past it", key=stream_of(message.tenant_id))
