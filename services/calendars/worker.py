"""The worker of calendars: looks at ICS feeds when they are due, and watches over what runs out or changes.

Any number of workers may run; none leads. A feed is claimed before it is asked; what is told is told once.
Feeds are asked side by side, so many of each tenant, and a tenant that cannot be looked after is passed over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog

from businesstime.zones import PACKAGED, ZoneDatabase
from calendars.operations.refresh_ics_source import MAX_LOOKS, DueFeed, FeedAccess, claim_due, look
from calendars.operations.watch_calendars import watch_some
from calendars.storage.messages import FEED_CHANNEL
from pgstore.database import Database
from serving.guarded_redis import GuardedRedis
from serving.loops import Loop
from serving.nudges import Nudges
from serving.request_ids import new_request_id

__all__ = ["CalendarsWorker"]

_OF_TENANT = 4  # a tenant with so many feeds under way has to wait
_LOOK_S = 15.0
_STEP_S = 25.0
_ROUND_S = 3_600.0
_LOG = structlog.get_logger("calendars")


class CalendarsWorker:
    """Two loops over one database; `run` them until it is cancelled.

    monotonic: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        *,
        database: Database,
        feeds: FeedAccess,
        redis: GuardedRedis | None,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        zones: ZoneDatabase = PACKAGED,
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._nudges = Nudges(redis)
        self._now = now
        self._monotonic = monotonic
        self._zones = zones
        self._refresh, self._watch = (Loop(name, monotonic=monotonic) for name in ("refresh", "watch"))
        self._looks: dict[asyncio.Task[None], str] = {}
        self._after = ""
        self._round_at_s = monotonic()

    async def run(self) -> None:
        """Run all loops until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._refresh.run(self.refresh_once))
                tasks.create_task(self._watch.run(self.watch_once))
        finally:
            for task in self._looks:
                task.cancel()
            await asyncio.gather(*self._looks, return_exceptions=True)

    async def refresh_once(self) -> float:
        """Begin to look at feeds that are due; answer how many seconds to wait for more."""
        room = MAX_LOOKS - len(self._looks)
        if room == 0:
            return _LOOK_S
        under_way = Counter(self._looks.values())
        due = await claim_due(
            database=self._database,
            now=self._now(),
            limit=room,
            of_tenant=_OF_TENANT,
            busy=[tenant_id for tenant_id, count in under_way.items() if count >= _OF_TENANT],
        )
        for feed in due:
            task = asyncio.create_task(self._look(feed))
            self._looks[task] = feed.tenant_id
            task.add_done_callback(self._looked)
        return _LOOK_S

    async def watch_once(self) -> float:
        """Look after some tenants, once an hour each; answer how many seconds there is nothing to do."""
        if self._monotonic() < self._round_at_s:
            return min(self._round_at_s - self._monotonic(), _STEP_S)
        last = await watch_some(
            database=self._database, zones=self._zones, after=self._after, now=self._now()
        )
        if last is not None:
            self._after = last
            return 0.0
        self._after, self._round_at_s = "", self._monotonic() + _ROUND_S
        return _STEP_S

    async def check_loops(self) -> None:
        """Raise when a loop has not come round for half a minute."""
        for loop in (self._refresh, self._watch):
            await loop.check()

    async def _look(self, feed: DueFeed) -> None:
        request_id = new_request_id()
        with structlog.contextvars.bound_contextvars(request_id=request_id, tenant=feed.tenant_id):
            try:
                await look(
                    feed,
                    database=self._database,
                    access=self._feeds,
                    now=self._now(),
                    request_id=request_id,
                )
            except Exception:  # noqa: BLE001 - one feed's trouble ends nothing else
                _LOG.exception("feed not looked at", source=feed.key)
        await self._nudges.publish(feed.tenant_id, FEED_CHANNEL)

    def _looked(self, task: asyncio.Task[None]) -> None:
        del self._looks[task]
        self._refresh.wake()
