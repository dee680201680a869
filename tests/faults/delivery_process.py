"""A worker of delivery in a process of its own that kills itself at a chosen point.

Arguments: the URLs of PostgreSQL and Redis, a point of POINTS or `never`, and at which passage of it to die.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from ipaddress import ip_network

from gateway.app import open_delivery
from gateway.operations import carry_streams, deliver_webhooks, take_messages
from gateway.settings import Delivery, Settings
from gateway.storage import deliveries, messages, webhooks
from gateway.upstream.receivers import Receivers
from pgstore.database import Database
from pgstore.feed import DatabaseFeed
from tests.faults.worker_process import NEVER, SECRET, Call, after, before, during

__all__ = ["POINTS"]

POINTS: dict[str, tuple[object, str, Callable[[Call, int], Call]]] = {
    "before a page is taken": (messages, "take_messages", before),
    "while a page is taken": (messages, "take_messages", during),
    "after a page was taken": (take_messages, "take_messages", after),
    "before a portion is owed": (deliveries, "owe_messages", before),
    "while a portion is owed": (deliveries, "owe_messages", during),
    "before the streams": (carry_streams, "add_all", before),
    "after the streams, before the place is kept": (messages, "move_outlet", before),
    "after a webhook is leased": (webhooks, "claim_webhooks", after),
    "before a message is sent": (Receivers, "post", before),
    "while a message is sent": (Receivers, "post", during),
    "after a message was sent": (Receivers, "post", after),
    "while outcomes are written": (deliveries, "record_outcomes", during),
    "before the lease ends": (webhooks, "release_webhook", before),
    "after a webhook was served": (deliver_webhooks, "_settle", before),
}
"""Where a worker may die, by name: the module or class and the name of a call, and how."""


async def work(database_url: str, redis_url: str, point: str, passage: int) -> None:
    """Run a worker until it dies or is told to end."""
    if point != NEVER:
        owner, name, how = POINTS[point]
        setattr(owner, name, how(getattr(owner, name), passage))
    delivery = Delivery(webhook_key=SECRET, networks=(ip_network("127.0.0.0/8"),), redis_url=redis_url)
    clocks = await Database.open(database_url, schema="clocks", max_size=2)
    settings = Settings(database_url=database_url, delivery=delivery)
    async with open_delivery(settings, feeds={"clocks": DatabaseFeed(clocks)}) as worker:
        await worker.run()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
