"""A worker of delivery killed by -9 where it waits, and started again: each message arrives, by one id."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from gateway.app import open_gateway
from gateway.operations.carry_streams import stream_of
from gateway.operations.create_tenant import create_tenant
from gateway.settings import Delivery, Settings
from pgstore.database import Database
from tests.faults.delivery_process import POINTS
from tests.faults.worker_process import NEVER, SECRET
from tests.services.gateway.delivery.conftest import (
    LOOPBACK,
    Stage,
    eventually,
    open_receiver,
    utc_now,
)
from tests.services.gateway.delivery.test_webhooks import make, settled

BATCHES = 6
BATCH = 20


@pytest.fixture
async def stage(database_url: str, redis_url: str, tenant: str) -> AsyncIterator[Stage]:
    """Set up a tenant and a service that speaks."""
    delivery = Delivery(webhook_key=SECRET, networks=(LOOPBACK,), redis_url=redis_url)
    clocks = await Database.open(database_url, schema="clocks")
    try:
        settings = Settings(database_url=database_url, delivery=delivery)
        async with open_gateway(settings, now=utc_now) as gateway:
            await create_tenant(gateway.database, tenant_id=tenant, name="Test", now=utc_now())
            yield Stage(tenant=tenant, gateway=gateway, clocks=clocks, database_url=database_url)
    finally:
        await clocks.close()


@asynccontextmanager
async def process(
    stage: Stage, redis_url: str, point: str, passage: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker that dies at a point; one that does not is killed at the end."""
    arguments = (stage.database_url, redis_url, point, str(passage))
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.delivery_process", *arguments, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


@pytest.mark.parametrize("point", POINTS)
async def test_killed(stage: Stage, redis_url: str, point: str) -> None:
    """Wherever it dies: every message arrives, each under one id, and stands in the stream once, in order."""
    redis = Redis.from_url(redis_url)
    async with open_receiver() as receiver:
        issued = await make(stage, receiver)
        said = []
        for _ in range(BATCHES):
            said += await stage.say(*["breach.fired"] * BATCH)
        async with process(stage, redis_url, point, 1) as dying:
            async with asyncio.timeout(30):
                await dying.wait()
            assert dying.returncode == -signal.SIGKILL
        await stage.pass_time(timedelta(seconds=121))
        async with process(stage, redis_url, NEVER, 0):
            await settled(stage, issued, "DELIVERED", len(said))

            async def streamed() -> bool:
                return await redis.xlen(stream_of(stage.tenant)) == len(said)

            await eventually(streamed)
        arrived = Counter(headers["webhook-id"] for headers, _body in receiver.got)
    assert set(arrived) == {str(message_id) for message_id in said}
    entries: Any = await redis.xrange(stream_of(stage.tenant))
    ids = [msgspec.json.decode(fields[b"event"])["id"] for _key, fields in entries]
    assert ids == [str(message_id) for message_id in said]
    await redis.aclose()
