"""The worker of calendars: looks at ICS feeds when they are due, and watches over what runs out or changes.

Any number of workers may run; none leads. A feed is claimed before it is asked; what is told is told once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from businesstime.zones import PACKAGED, ZoneDatabase
from calendars.operations.refresh_ics_source import MAX_DUE, FeedAccess, refresh_due
from calendars.operations.watch_calendars import watch_some
from calendars.storage.messages import FEED_CHANNEL
from pgstore.database import Database
from serving.guarded_redis import GuardedRedis
from serving.loops import Loop
from serving.nudges import Nudges
from serving.request_ids import current_request_id

__all__ = ["CalendarsWorker"]

_LOOK_S = 15.0
_STEP_S = 25.0
_ROUND_S = 3_600.0


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
        self._after = ""
        self._round_at_s = monotonic()

    async def run(self) -> None:
        """Run all loops until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._refresh.run(self.refresh_once))
            tasks.create_task(self._watch.run(self.watch_once))

    async def refresh_once(self) -> float:
        """Look at some feeds; answer how many seconds there is nothing to do."""
        tenants = await refresh_due(
            database=self._database, access=self._feeds, now=self._now(), request_id=current_request_id()
        )
        if tenants:
            await self._nudges.publish(tenants[0], FEED_CHANNEL)
        return 0.0 if len(tenants) == MAX_DUE else _LOOK_S

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
