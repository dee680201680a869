"""The worker: timed loops that fire what is due, follow the calendars, and refold after changes of rules.

Any number of workers may run; none leads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prometheus_client import Counter, Gauge, Histogram

from calendars.contract import Calendars
from clocks.operations import fire_thresholds, follow_calendars, refold_subjects, watch_transactions
from clocks.operations.load_rulebook import Rulebooks
from clocks.storage.firing import FIRST_INSTANT, Fired
from clocks.storage.messages import CALENDARS_CHANNEL, FEED_CHANNEL, WORK_CHANNEL
from pgstore.database import Database
from pgstore.feed import Feed
from serving.context import RequestContext
from serving.guarded_redis import GuardedRedis
from serving.loops import Loop
from serving.nudges import Nudges
from serving.request_ids import current_request_id

__all__ = ["Worker"]

_LOOK_S = 0.05  # how long a threshold may go unnoticed where no nudge can be heard
_LOOK_NUDGED_S = 1.0  # and where nudges are heard
_WHOLE_SCAN_S = 0.5
_FOLLOW_S = 1.0
_FOLLOW_NUDGED_S = 5.0
_WATCH_S = 5.0
_SLACK = timedelta(seconds=2)  # a transaction may commit a due time that was already past
_FRESH = timedelta(seconds=1)  # what came due since then does not wait for a backlog

_LAG = Histogram(
    "clocks_firing_lag_seconds",
    "From a threshold's true time to the statement that wrote its message",
    ("kind",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600),
)
_OLDEST = Gauge(
    "clocks_oldest_transaction_seconds",
    "For how long the oldest transaction that is open on the database's server has been seen",
)
_REFOLDED = Counter("clocks_refolded_subjects", "Subjects looked at again after a change of rules")


class Worker:
    """Loops over one database; `run` them until it is cancelled.

    monotonic: a clock in seconds that never goes back. Times of thresholds are the database's business.
    """

    def __init__(
        self,
        *,
        database: Database,
        calendars: Calendars,
        feed: Feed,
        redis: GuardedRedis | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._feed = feed
        self._redis = redis
        self._nudges = Nudges(redis)
        self._monotonic = monotonic
        self._rulebooks = Rulebooks(database=database, calendars=calendars)
        self._transactions = watch_transactions.OpenTransactions()
        self._fire, self._follow, self._refold, self._watch = (
            Loop(name, monotonic=monotonic) for name in ("fire", "follow", "refold", "watch")
        )
        self._low = FIRST_INSTANT
        self._whole_scan_at = 0.0

    async def run(self) -> None:
        """Run all loops until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fire.run(self.fire_once))
            tasks.create_task(self._follow.run(self.follow_once))
            tasks.create_task(self._refold.run(self.refold_once))
            tasks.create_task(self._watch.run(self.watch_once))
            tasks.create_task(self._listen())

    async def fire_once(self) -> float:
        """Fire a batch, the oldest first; answer how many seconds there is nothing to do.

        Behind a backlog, each batch of it is followed by one of what has only just come due, so that the
        backlog of one tenant makes nobody else late.
        """
        low = self._mark()
        fired = await self._fire_from(low)
        if fired:
            self._low = max(one.at for one in fired) - _SLACK
        if len(fired) == fire_thresholds.BATCH:
            last = fired[-1]
            await self._fire_from(last.at + timedelta(microseconds=last.lag_us) - _FRESH)
            return 0.0
        due_us = await fire_thresholds.microseconds_until_due(self._database, low=low)
        longest = _LOOK_NUDGED_S if self._nudges.heard else _LOOK_S
        return longest if due_us is None else min(max(due_us / 1e6, 0.001), longest)

    async def watch_once(self) -> float:
        """Note the age of the oldest open transaction; answer how many seconds to wait."""
        _OLDEST.set(await self._transactions.look(self._database, now_s=self._monotonic()))
        return _WATCH_S

    async def follow_once(self) -> float:
        """Read a page of the calendars' feed; answer how many seconds there is nothing to do."""
        read = await follow_calendars.follow(self._feed, database=self._database, calendars=self._calendars)
        if read:
            self._refold.wake()
            return 0.0
        return _FOLLOW_NUDGED_S if self._nudges.heard else _FOLLOW_S

    async def refold_once(self) -> float:
        """Do a batch for each tenant that has work; answer how many seconds there is nothing to do."""
        tenants = await refold_subjects.waiting_tenants(self._database)
        for tenant_id in tenants:
            done = await refold_subjects.refold(
                _context(tenant_id), database=self._database, rulebooks=self._rulebooks
            )
            if done.subjects:
                _REFOLDED.inc(done.subjects)
                self._fire.wake()
        return 0.01 if tenants else _FOLLOW_S

    async def check_database(self) -> None:
        """Raise when the database does not answer."""
        await self._database.ping()

    async def check_redis(self) -> None:
        """Raise when there is a Redis and it does not answer."""
        if self._redis is not None:
            await self._redis.check()

    async def check_loops(self) -> None:
        """Raise when a loop has not come round for half a minute."""
        for loop in (self._fire, self._follow, self._refold, self._watch):
            await loop.check()

    async def _fire_from(self, low: datetime) -> Sequence[Fired]:
        """Fire a batch of what came due since then; measured, and nudged about."""
        fired = await fire_thresholds.fire(self._database, low=low)
        for one in fired:
            kind = "breach" if one.threshold == "breach" else "warning"
            _LAG.labels(kind).observe(one.lag_us / 1e6)
        if fired:
            await self._nudges.publish(fired[0].tenant_id, FEED_CHANNEL)
        return fired

    def _mark(self) -> datetime:
        """Choose the low-water mark: twice a second none, so that nothing stays below it."""
        now = self._monotonic()
        if now < self._whole_scan_at:
            return self._low
        self._whole_scan_at = now + _WHOLE_SCAN_S
        return FIRST_INSTANT

    async def _listen(self) -> None:
        async for channel in self._nudges.listen(WORK_CHANNEL, CALENDARS_CHANNEL):
            for loop in (self._follow,) if channel == CALENDARS_CHANNEL else (self._fire, self._refold):
                loop.wake()


def _context(tenant_id: str) -> RequestContext:
    return RequestContext(
        tenant_id=tenant_id, subject="service:clocks", scopes=frozenset(), request_id=current_request_id()
    )
