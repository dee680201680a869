"""Tell followers of the feed, after a commit, that there is something to read; a lost nudge costs a poll."""

from __future__ import annotations

from calendars.storage.guarded_redis import GuardedRedis
from calendars.storage.messages import NUDGE_CHANNEL

__all__ = ["nudge"]


async def nudge(redis: GuardedRedis | None, tenant_id: str) -> None:
    """Publish the tenant's id; nothing happens where Redis is gone."""
    if redis is not None:
        await redis.call(lambda client: client.publish(NUDGE_CHANNEL, tenant_id))
