"""Messages are kept for a while, and no longer; what nobody takes is given up."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from gateway.domain.tenant import TenantId
from gateway.operations.read_messages import read_messages
from gateway.operations.update_webhook import UpdateWebhook
from gateway.settings import Settings
from gateway.worker import DeliveryWorker
from tests.services.gateway.delivery.conftest import Receiver, Stage, open_worker, take_all
from tests.services.gateway.delivery.test_streams import carry_all
from tests.services.gateway.delivery.test_webhooks import deliveries, make


async def test_old_messages_are_forgotten(stage: Stage, settings: Settings, receiver: Receiver) -> None:
    """What was taken longer ago than is kept goes, with its deliveries; where that ends is remembered.

    While the streams have not taken it, it stays: their Redis may be away for longer than messages are kept.
    """
    issued = await make(stage, receiver)
    delivery = dataclasses.replace(settings.delivery, keep=timedelta(0))
    async with open_worker(dataclasses.replace(settings, delivery=delivery), stage) as worker:
        await stage.say("breach.fired")
        await take_all(worker)
        (message,) = await read_messages(stage.gateway.database, TenantId(stage.tenant), after=0, limit=5)
        while await worker.tend_once() == 0.0:
            pass
        assert len(await deliveries(stage, issued)) == 1
        await carry_all(worker)
        while await worker.tend_once() == 0.0:
            pass
    assert await deliveries(stage, issued) == []
    async with stage.admin() as connection:
        forgotten = await connection.fetchval("SELECT position FROM outlets WHERE outlet = 'forgotten'")
        await connection.execute("UPDATE outlets SET position = 0 WHERE outlet = 'forgotten'")
    assert forgotten >= message.position


async def test_held_too_long(stage: Stage, worker: DeliveryWorker, receiver: Receiver) -> None:
    """What a webhook that is switched off was owed for three days is a dead letter, never tried."""
    issued = await make(stage, receiver)
    await stage.say("breach.fired")
    await take_all(worker)
    off = UpdateWebhook(webhook_id=issued.webhook.webhook_id, enabled=False)
    await stage.webhooks.update(stage.context, off)
    await stage.pass_time(timedelta(days=3, seconds=1))
    await worker.tend_once()
    (dead,) = await deliveries(stage, issued)
    assert (dead.state, dead.attempts) == ("DEAD", 0)
    assert dead.last_error is not None
