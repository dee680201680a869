"""Processes of the clocks that may die at any await, each on a host whose clock may be off.

They are forked from a server that has imported everything, so that a life costs some milliseconds.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any, Literal

from asyncpg.pool import PoolConnectionProxy

from calendars.app import open_calendars
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_clocks, open_worker, utc_now
from clocks.contract import EventRecord, IngestEvents, IngestReceipt
from clocks.service import ClocksService
from clocks.settings import Settings
from pgstore.errors import DatabaseUnavailableError, TransactionConflictError
from serving.context import RequestContext
from serving.guarded_redis import GuardedRedis
from tests.faults.worker_process import SECRET, Call, die

__all__ = [
    "UNAVAILABLE",
    "Death",
    "Host",
    "acting_for",
    "ended",
    "open_doors",
    "received",
    "send",
    "start",
    "start_sending",
    "work",
]

Batches = Sequence[tuple[int, Sequence[EventRecord]]]
"""Batches of events, by number."""

_RETRY_S = 0.1
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.crew"])


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where a process finds its servers, and how far the clock of its host is ahead."""

    database_url: str
    redis_url: str
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Read the host's clock."""
        return utc_now() + self.ahead

    @property
    def fields(self) -> dict[str, Any]:
        """The settings of every service there."""
        return {
            "database_url": self.database_url,
            "redis_url": self.redis_url,
            "internal_secret": SECRET,
        }


@dataclass(frozen=True, kw_only=True)
class Death:
    """Which trip to PostgreSQL or Redis a process does not survive, and whether the server still sees it."""

    trip: int
    how: Literal["before", "during", "after"]


UNAVAILABLE = 75
"""The exit code of a process that found no PostgreSQL when it started."""


def start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a process."""
    process = _FORKS.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


async def ended(process: BaseProcess) -> int | None:
    """Wait for the end of a process; its exit code, negative where a signal killed it."""
    while process.is_alive():  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(0.02)
    return process.exitcode


def start_sending(
    host: Host, tenant: str, batches: Batches, death: Death | None = None
) -> tuple[BaseProcess, Pipe]:
    """Start a process that sends batches, each when its first event occurs; and give its receipts."""
    receipts, telling = _FORKS.Pipe(duplex=False)
    process = start(send, host, tenant, batches, telling, death)
    telling.close()
    return process, receipts


def received(receipts: Pipe) -> Iterator[tuple[int, int, int, int]]:
    """Read what a sender that has ended was answered: number of the batch, accepted, duplicates, refused."""
    with suppress(EOFError), receipts:
        while True:
            yield receipts.recv()


def work(host: Host, death: Death | None) -> None:
    """Run a worker until it dies or is killed."""
    _run(_work(host), death)


def send(host: Host, tenant: str, batches: Batches, telling: Pipe, death: Death | None) -> None:
    """Send batches until they are taken."""
    _run(_send(host, tenant, batches, telling), death)


def _run(life: Coroutine[Any, Any, None], death: Death | None) -> None:
    _arm(death)
    try:
        asyncio.run(life)
    except DatabaseUnavailableError:
        sys.exit(UNAVAILABLE)


@asynccontextmanager
async def open_doors(host: Host) -> AsyncIterator[tuple[ClocksService, CalendarsService]]:
    """Open the service and the calendars as they are on a host."""
    async with (
        open_calendars(CalendarsSettings(**host.fields), now=host.now) as calendars,
        open_clocks(Settings(**host.fields), calendars=calendars, now=host.now) as clocks,
    ):
        yield clocks, calendars


def acting_for(tenant: str) -> RequestContext:
    """Act for a tenant with all that these tests ask for."""
    scopes = frozenset({"read", "ingest", "policies", "calendars"})
    return RequestContext(tenant_id=tenant, subject="user:ada", scopes=scopes, request_id="request-1")


async def _work(host: Host) -> None:
    def monotonic() -> float:
        return time.monotonic() + host.ahead.total_seconds()

    async with open_calendars(CalendarsSettings(**host.fields), now=host.now) as calendars:
        settings = Settings(**host.fields)
        async with open_worker(settings, calendars=calendars, feed=calendars.feed) as worker:
            worker._monotonic = monotonic
            await worker.run()


async def _send(host: Host, tenant: str, batches: Batches, telling: Pipe) -> None:
    async with open_doors(host) as (clocks, _calendars):
        for number, batch in batches:
            await asyncio.sleep((batch[0].occurred_at - host.now()).total_seconds())
            receipt = await _taken(clocks, tenant, batch)
            telling.send((number, receipt.accepted, receipt.duplicates, len(receipt.refused)))


async def _taken(clocks: ClocksService, tenant: str, batch: Sequence[EventRecord]) -> IngestReceipt:
    """Send one batch again and again, as a client does to whom a service is not there."""
    while True:
        try:
            return await clocks.ingest_events(acting_for(tenant), IngestEvents(events=tuple(batch)))
        except (DatabaseUnavailableError, TransactionConflictError):
            await asyncio.sleep(_RETRY_S)


def _arm(death: Death | None) -> None:
    """Have the process die at its trip, whichever it is; all trips are counted as one row."""
    if death is None:
        return
    left = death.trip

    def mortal(call: Call) -> Call:
        async def trip(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            return await (_die(death, call(*arguments, **named)) if left == 0 else call(*arguments, **named))

        return trip

    for owner, name in _TRIPS:
        setattr(owner, name, mortal(getattr(owner, name)))


async def _die(death: Death, call: Awaitable[Any]) -> Any:
    if death.how == "before":
        die()
    if death.how == "during":
        asyncio.get_running_loop().call_later(0.001, die)
    await call
    die()


_TRIPS: tuple[tuple[object, str], ...] = (
    (PoolConnectionProxy, "execute"),
    (PoolConnectionProxy, "fetch"),
    (PoolConnectionProxy, "fetchrow"),
    (PoolConnectionProxy, "fetchval"),
    (GuardedRedis, "call"),
)
