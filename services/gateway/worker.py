"""The worker of delivery: follows the services' feeds, and carries their messages to streams and webhooks.

Any number of workers may run; none leads. Feeds are taken by whoever comes first, streams by one at a time,
and a webhook by the one that leases it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial

import structlog
from prometheus_client import Counter, Gauge

from gateway.domain.message import Message
from gateway.operations import carry_streams, owe_messages, prune_messages, take_messages
from gateway.operations.deliver_webhooks import Sending, claim_webhooks, serve_webhook
from gateway.settings import Delivery
from gateway.storage.deliveries import Outcome
from gateway.storage.webhooks import Lease
from gateway.upstream.lag import observe_lag
from pgstore.database import Database
from pgstore.feed import Feed
from serving.guarded_redis import GuardedRedis
from serving.loops import Loop
from serving.nudges import Nudges, feed_channel
from serving.request_ids import new_request_id

__all__ = ["DeliveryWorker"]

MAX_SERVED = 256
"""How many webhooks are sent to at once; each has its own bound on requests under way."""

MAX_CLAIM = 32
LOOK_S = 0.5
FOLLOW_S = 0.5
FOLLOW_NUDGED_S = 1.0
RETRY_S = 1.0
TEND_S = 15.0

ATTEMPTS = Counter(
    "gateway_webhook_attempts_total",
    "Attempts to deliver to webhooks, by what became of the delivery: delivered, pending (again later), dead",
    ("outcome",),
)
TAKEN = Counter("gateway_messages_taken_total", "Messages read from services' feeds", ("source",))
WAITING = Gauge("gateway_deliveries_waiting", "Deliveries that wait, those to be tried again included")
OLDEST = Gauge("gateway_deliveries_oldest_seconds", "Age of the oldest delivery that may be sent now")
EXPIRED = Counter("gateway_deliveries_expired_total", "Deliveries given up since their webhook took nothing")

log = structlog.get_logger("delivery")


class DeliveryWorker:
    """Loops over one database; `run` them until it is cancelled.

    feeds: by the service that speaks. redis: None where there is none, and no streams then.
    """

    def __init__(
        self,
        *,
        database: Database,
        feeds: Mapping[str, Feed],
        redis: GuardedRedis | None,
        sending: Sending,
        settings: Delivery,
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._redis = redis
        self._nudges = Nudges(redis)
        self._sending = sending
        self._settings = settings
        self._follows = {source: self._loop(f"take-{source}") for source in feeds}
        self._streams, self._owing, self._webhooks, self._tend = map(
            self._loop, ("streams", "owing", "webhooks", "tend")
        )
        self._stream_page = carry_streams.PAGE
        self._served: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run all loops until cancelled; what is under way is written down before this ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for source, loop in self._follows.items():
                    tasks.create_task(loop.run(partial(self.take_once, source)))
                if self._redis is not None:
                    tasks.create_task(self._streams.run(self.stream_once))
                tasks.create_task(self._owing.run(self.owe_once))
                tasks.create_task(self._webhooks.run(self.deliver_once))
                tasks.create_task(self._tend.run(self.tend_once))
                tasks.create_task(self._listen())
        finally:
            for task in self._served:
                task.cancel()
            await asyncio.gather(*self._served, return_exceptions=True)

    async def take_once(self, source: str) -> float:
        """Take a page of a service's feed; answer how many seconds there is nothing to do."""
        read, tenants = await take_messages.take_messages(self._database, self._feeds[source], source=source)
        if tenants:
            self._streams.wake()
            self._owing.wake()
            await self._nudges.publish(tenants[0], feed_channel("gateway"))
        if read:
            TAKEN.labels(source).inc(read)
            return 0.0
        return FOLLOW_NUDGED_S if self._nudges.heard else FOLLOW_S

    async def stream_once(self) -> float:
        """Carry a page to the streams; answer how many seconds there is nothing to do.

        A page that was not taken in time may be too large for that, so the next one is half of it.
        """
        if self._redis is None:
            return TEND_S
        page = self._stream_page
        carried = await carry_streams.carry_streams(
            self._database, self._redis, max_length=self._settings.stream_length, limit=page
        )
        if carried is None:
            self._stream_page = max(page // 2, 1)
            return RETRY_S
        self._stream_page = min(page * 2, carry_streams.PAGE)
        self._observe("streams", carried)
        return 0.0 if len(carried) == page else LOOK_S

    async def owe_once(self) -> float:
        """Owe a portion of what was taken to webhooks; answer how many seconds there is nothing to do."""
        if not await owe_messages.owe_messages(self._database):
            return LOOK_S
        self._webhooks.wake()
        return 0.0

    async def deliver_once(self) -> float:
        """Begin to serve webhooks that are owed something; answer how many seconds to wait for more."""
        room = min(MAX_SERVED - len(self._served), MAX_CLAIM)
        if room == 0:
            return LOOK_S
        leases = await claim_webhooks(self._database, limit=room)
        for lease in leases:
            task = asyncio.create_task(self._serve(lease))
            self._served.add(task)
            task.add_done_callback(self._served_one)
        return 0.0 if len(leases) == room else LOOK_S

    async def tend_once(self) -> float:
        """Forget what is old, give up what nobody took, and measure what waits."""
        pruned = await prune_messages.prune_messages(
            self._database, keep=self._settings.keep, for_streams=self._redis is not None
        )
        expired = await prune_messages.expire_deliveries(self._database)
        EXPIRED.inc(expired)
        waiting, oldest_s = await prune_messages.read_backlog(self._database)
        WAITING.set(waiting)
        OLDEST.set(oldest_s)
        return 0.0 if prune_messages.BATCH in {pruned, expired} else TEND_S

    async def check_database(self) -> None:
        """Raise when the database does not answer."""
        await self._database.ping()

    async def check_loops(self) -> None:
        """Raise when a loop has not come round for half a minute."""
        streams = (self._streams,) if self._redis is not None else ()
        for loop in (*self._follows.values(), *streams, self._owing, self._webhooks, self._tend):
            await loop.check()

    async def _serve(self, lease: Lease) -> None:
        structlog.contextvars.bind_contextvars(request_id=new_request_id(), tenant=lease.tenant_id)
        try:
            outcomes = await serve_webhook(self._database, lease, self._sending)
        except Exception:
            log.exception("webhook not served", webhook=lease.webhook_id)
            return
        self._count(outcomes)

    def _served_one(self, task: asyncio.Task[None]) -> None:
        self._served.discard(task)
        self._webhooks.wake()

    def _count(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            ATTEMPTS.labels(outcome.verdict.state.lower()).inc()
        self._observe("webhooks", [it.owed.message for it in outcomes if it.verdict.state == "DELIVERED"])

    def _observe(self, outlet: str, messages: Iterable[Message]) -> None:
        observe_lag(outlet, messages, self._sending.now())

    async def _listen(self) -> None:
        by_channel = {feed_channel(source): loop for source, loop in self._follows.items()}
        async for channel in self._nudges.listen(*by_channel):
            for loop in [by_channel[channel]] if channel in by_channel else self._follows.values():
                loop.wake()

    def _loop(self, name: str) -> Loop:
        return Loop(name, monotonic=self._sending.monotonic)
