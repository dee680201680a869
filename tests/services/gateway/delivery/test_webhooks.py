"""Webhooks on real servers: signed, retried, given up, replayed; one keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks.webhooks import WebhookVerificationError

from gateway import worker as delivery_worker
from gateway.domain.message import EVERYTHING, MessageFilter
from gateway.domain.retry import DELAYS_S
from gateway.domain.webhook import Delivery
from gateway.operations import deliver_webhooks, owe_messages
from gateway.operations.create_tenant import create_tenant
from gateway.operations.create_webhook import CreateWebhook, IssuedSecret
from gateway.operations.read_deliveries import ListDeliveries
from gateway.operations.read_webhooks import ReadWebhook
from gateway.operations.replay_deliveries import ReplayDeliveries
from gateway.operations.rotate_secret import RotateSecret
from gateway.operations.update_webhook import UpdateWebhook
from gateway.settings import Settings
from gateway.worker import DeliveryWorker
from tests.services.gateway.delivery.conftest import (
    Receiver,
    Stage,
    eventually,
    open_receiver,
    open_worker,
    take_all,
    utc_now,
    working,
)


async def make(
    stage: Stage, receiver: Receiver, wanted: MessageFilter = EVERYTHING, *, in_flight: int = 8
) -> IssuedSecret:
    """Make a webhook for a receiver."""
    return await stage.webhooks.create(
        stage.context,
        CreateWebhook(name="test", url=receiver.url, wanted=wanted, max_in_flight=in_flight),
    )


async def deliveries(stage: Stage, issued: IssuedSecret, state: Any = None) -> list[Delivery]:
    """Read what is owed, latest first."""
    asked = ListDeliveries(webhook_id=issued.webhook.webhook_id, state=state, first=200)
    return (await stage.webhooks.list_deliveries(stage.context, asked)).deliveries


async def settled(stage: Stage, issued: IssuedSecret, state: str, number: int = 1) -> None:
    """Wait until so many deliveries have a state."""

    async def look() -> bool:
        return len(await deliveries(stage, issued, state)) >= number

    await eventually(look)


async def attempted(stage: Stage, issued: IssuedSecret, times: int) -> None:
    """Wait until the one delivery was tried so often, and its lease is over."""

    async def look() -> bool:
        return [it.attempts for it in await deliveries(stage, issued)] == [times]

    await eventually(look)


async def test_signed_cloud_event(stage: Stage, worker: DeliveryWorker, receiver: Receiver) -> None:
    """A message arrives as a CloudEvent whose signature the libraries of both standards accept."""
    issued = await make(stage, receiver)
    assert issued.secret is not None
    async with working(worker):
        (message_id,) = await stage.say("breach.fired", metric="resolution", at="2026-03-02T12:00:00.000000Z")
        await receiver.wait_for(1)
        await settled(stage, issued, "DELIVERED")
    receiver.verify(issued.secret)
    headers, body = receiver.got[0]
    assert headers["webhook-id"] == str(message_id)
    event = from_http_event(HTTPMessage(headers=headers, body=body), JSONFormat())
    assert event.get_type() == "breach.fired"
    assert event.get_source() == "/meantime/clocks"
    assert event.get_extension("tenantid") == stage.tenant
    assert event.get_data() == {
        "subject_id": "INC1",
        "metric": "resolution",
        "at": "2026-03-02T12:00:00.000000Z",
    }


async def test_retries_until_taken(stage: Stage, worker: DeliveryWorker, receiver: Receiver) -> None:
    """What was refused comes again, under the same id and in the same bytes, after the time it is due."""
    issued = await make(stage, receiver)
    receiver.statuses = [500, 404]
    async with working(worker):
        await stage.say("breach.fired")
        for times in (1, 2):
            await attempted(stage, issued, times)
            assert len(receiver.got) == times
            await stage.pass_time(timedelta(seconds=DELAYS_S[times - 1] * 1.2))
        await settled(stage, issued, "DELIVERED")
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1
    (delivery,) = await deliveries(stage, issued)
    assert (delivery.attempts, delivery.last_status, delivery.last_error) == (3, 200, None)


async def test_dead_letter_and_replay(stage: Stage, worker: DeliveryWorker, receiver: Receiver) -> None:
    """What nobody took for three days is a dead letter; replayed, it is sent again under the same id."""
    issued = await make(stage, receiver)
    receiver.statuses = [400, 400]
    async with working(worker):
        await stage.say("breach.fired")
        await attempted(stage, issued, 1)
        await stage.pass_time(timedelta(days=3))
        await settled(stage, issued, "DEAD")
        (dead,) = await deliveries(stage, issued, "DEAD")
        assert (dead.attempts, dead.last_status) == (2, 400)
        asked = ReplayDeliveries(webhook_id=issued.webhook.webhook_id)
        assert (await stage.webhooks.replay(stage.context, asked)).replayed == 1
        await settled(stage, issued, "DELIVERED")
        again = ReplayDeliveries(webhook_id=asked.webhook_id, position=dead.message.position)
        assert (await stage.webhooks.replay(stage.context, again)).replayed == 1
        await receiver.wait_for(4)
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1


async def test_receiver_is_gone(stage: Stage, worker: DeliveryWorker, receiver: Receiver) -> None:
    """A 410 disables the webhook; what is said then is not owed to it, until it is switched on again."""
    issued = await make(stage, receiver)
    receiver.statuses = [410]
    async with working(worker):
        await stage.say("breach.fired")
        await settled(stage, issued, "DEAD")
        asked = ReadWebhook(webhook_id=issued.webhook.webhook_id)
        webhook = await stage.webhooks.read(stage.context, asked)
        assert webhook.disabled_at is not None
        assert "410" in (webhook.disabled_reason or "")
        await stage.say("breach.revoked")
        await take_all(worker)
        on = UpdateWebhook(webhook_id=webhook.webhook_id, enabled=True)
        assert (await stage.webhooks.update(stage.context, on)).disabled_at is None
        await stage.say("cycle.changed")
        await settled(stage, issued, "DELIVERED")
    assert [event["type"] for event in receiver.events()] == ["breach.fired", "cycle.changed"]


async def test_slow_receiver_slows_nobody_else(stage: Stage, worker: DeliveryWorker) -> None:
    """While one receiver holds all that it was sent, another gets all of its own; each within its bound."""
    async with open_receiver() as slow, open_receiver() as quick:
        slow.gate.clear()
        slow_one, quick_one = await make(stage, slow, in_flight=3), await make(stage, quick)
        async with working(worker):
            await stage.say(*["cycle.changed"] * 40)
            await quick.wait_for(40)
            await slow.wait_for(3)
            await stage.say(*["cycle.changed"] * 40)
            await settled(stage, quick_one, "DELIVERED", 80)
            assert (slow.at_once, len(slow.got)) == (3, 3)
            slow.gate.set()
            await settled(stage, slow_one, "DELIVERED", 80)
        assert slow.most_at_once == 3
        assert quick.most_at_once <= 8


async def test_one_tenants_many_webhooks_leave_room_for_others(
    stage: Stage, worker: DeliveryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a tenant with more slow receivers than are served at once a share is; another's is not late."""
    monkeypatch.setattr(deliver_webhooks, "OF_TENANT", 3)
    monkeypatch.setattr(delivery_worker, "MAX_SERVED", 6)
    well = Stage(
        tenant=f"{stage.tenant}-well",
        gateway=stage.gateway,
        clocks=stage.clocks,
        database_url=stage.database_url,
    )
    await create_tenant(stage.gateway.database, tenant_id=well.tenant, name="Well", now=utc_now())
    async with open_receiver() as slow, open_receiver() as quick:
        slow.gate.clear()
        for _ in range(10):
            await make(stage, slow, in_flight=1)
        await make(well, quick)
        async with working(worker):
            await stage.say("cycle.changed")
            await slow.wait_for(3)
            await well.say("breach.fired")
            await quick.wait_for(1)
            assert (slow.at_once, len(slow.got)) == (3, 3)
            slow.gate.set()
            await slow.wait_for(10)
    assert slow.most_at_once == 3


async def test_one_tenants_flood_is_owed_in_its_turn(
    stage: Stage, worker: DeliveryWorker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a tenant with many webhooks is owed a lot, another waits for one portion of it, not for all."""
    monkeypatch.setattr(owe_messages, "BATCH", 20)
    await take_all(worker)
    well = Stage(
        tenant=f"{stage.tenant}-well",
        gateway=stage.gateway,
        clocks=stage.clocks,
        database_url=stage.database_url,
    )
    await create_tenant(stage.gateway.database, tenant_id=well.tenant, name="Well", now=utc_now())
    hooks = [await make(stage, receiver) for _ in range(10)]
    theirs = await make(well, receiver)
    await stage.say(*["cycle.changed"] * 60)
    await well.say("breach.fired")
    while await worker.take_once("clocks") == 0.0:
        pass
    for _ in range(2):
        await worker.owe_once()
    assert len(await deliveries(well, theirs)) == 1
    assert len(await deliveries(stage, hooks[0])) == 2
    while await worker.owe_once() == 0.0:
        pass
    assert [len(await deliveries(stage, hook)) for hook in hooks] == [60] * 10


async def test_one_at_a_time_keeps_order(stage: Stage, settings: Settings, receiver: Receiver) -> None:
    """With one request at once, messages come in the order they were said, from several workers too."""
    issued = await make(stage, receiver, in_flight=1)
    async with (
        open_worker(settings, stage) as one,
        open_worker(settings, stage) as two,
        working(one),
        working(two),
    ):
        for _ in range(6):
            await stage.say(*["cycle.changed"] * 25)
        await settled(stage, issued, "DELIVERED", 150)
    sequences = [event["sequence"] for event in receiver.events()]
    assert sequences == sorted(sequences)
    assert len(set(sequences)) == 150


async def test_failing_receiver_is_left_alone(
    stage: Stage, worker: DeliveryWorker, receiver: Receiver
) -> None:
    """After three failures in a row one message at a time finds out, and the rest keep their attempts."""
    issued = await make(stage, receiver)
    receiver.statuses = [503] * 100
    async with working(worker):
        await stage.say(*["cycle.changed"] * 100)

        async def held() -> bool:
            asked = ReadWebhook(webhook_id=issued.webhook.webhook_id)
            return (await stage.webhooks.read(stage.context, asked)).held_until is not None

        await eventually(held)
        assert 3 <= len(receiver.got) <= 8 + 2
        assert sum(one.attempts == 0 for one in await deliveries(stage, issued)) >= 90
        receiver.statuses.clear()
        await stage.pass_time(timedelta(seconds=90))
        await settled(stage, issued, "DELIVERED", 100)


async def test_crash_while_sending(stage: Stage, settings: Settings, receiver: Receiver) -> None:
    """A worker that dies after it sent, before it wrote so, leaves it to another: sent again, by one id."""
    issued = await make(stage, receiver)
    receiver.gate.clear()
    async with open_worker(settings, stage) as first:
        await stage.say("breach.fired")
        await take_all(first)
        await first.deliver_once()
        await receiver.wait_for(1)
        serving = list(first._served)  # ours, and what tests before us have left to be sent
        # As if killed: the database is gone for it before it can write anything down.
        await first._database.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        receiver.gate.set()
    (delivery,) = await deliveries(stage, issued)
    assert (delivery.state, delivery.attempts) == ("PENDING", 0)
    async with open_worker(settings, stage) as second, working(second):
        await stage.pass_time(timedelta(seconds=121))
        await settled(stage, issued, "DELIVERED")
    assert len(receiver.got) == 2
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1


async def test_stopping_writes_down_what_was_sent(
    stage: Stage, settings: Settings, receiver: Receiver
) -> None:
    """A worker that is stopped while one request waits keeps what was said before, and lets go at once."""
    issued = await make(stage, receiver, in_flight=1)
    async with open_worker(settings, stage) as first, working(first):
        await stage.say("cycle.changed")
        await settled(stage, issued, "DELIVERED")
        receiver.gate.clear()
        await stage.say("breach.fired")
        await receiver.wait_for(2)
    receiver.gate.set()
    async with open_worker(settings, stage) as second, working(second):
        await settled(stage, issued, "DELIVERED", 2)


async def test_feed_read_twice(stage: Stage, settings: Settings, receiver: Receiver) -> None:
    """Messages that come again, after a crash before the cursor was moved, are known by their id."""
    issued = await make(stage, receiver)
    await stage.say("cycle.changed", "breach.fired")
    async with open_worker(settings, stage) as one, open_worker(settings, stage) as two:
        await asyncio.gather(take_all(one), take_all(two))
        async with one._database.connection() as connection:
            await connection.fetchval("SELECT feed_cursor_forget('clocks')")
        await take_all(one)
        assert len(await deliveries(stage, issued)) == 2


async def test_rotation_overlaps(stage: Stage, worker: DeliveryWorker, receiver: Receiver) -> None:
    """For as long as wished the secret before signs beside the new one, and then no more."""
    issued = await make(stage, receiver)
    asked = RotateSecret(webhook_id=issued.webhook.webhook_id, overlap_s=3600)
    rotated = await stage.webhooks.rotate(stage.context, asked)
    assert issued.secret is not None
    assert rotated.secret is not None
    assert rotated.secret != issued.secret
    async with working(worker):
        await stage.say("breach.fired")
        await receiver.wait_for(1)
        receiver.verify(issued.secret)
        receiver.verify(rotated.secret)
        await settled(stage, issued, "DELIVERED")
        await stage.pass_time(timedelta(hours=1))
        await stage.say("breach.fired")
        await receiver.wait_for(2)
    receiver.verify(rotated.secret)
    with pytest.raises(WebhookVerificationError):
        receiver.verify(issued.secret)


FILTERS = [
    MessageFilter(),
    MessageFilter(types=("breach",)),
    MessageFilter(types=("breach.fired", "cycle")),
    MessageFilter(types=("bre", "cycle.chan")),
    MessageFilter(policies=("gold", "silver")),
    MessageFilter(metrics=("resolution",), targets=("P1",)),
    MessageFilter(types=("breach",), policies=("gold",), metrics=("x",)),
]
SAID: list[tuple[str, dict[str, Any]]] = [
    ("breach.fired", {"policy_key": "gold", "metric": "resolution", "target": "P1"}),
    ("breach.revoked", {"policy_key": "silver", "metric": "resolution", "target": "P2"}),
    ("cycle.changed", {"policy_key": "bronze", "metric": "x", "target": "P1"}),
    ("cycle", {"policy_key": "gold", "metric": "x"}),
    ("breachless", {"metric": "resolution", "target": "P1"}),
    ("statement.closed", {"policy_key": None, "metric": 7}),
]


async def test_filters_are_the_same_in_both_languages(
    stage: Stage, worker: DeliveryWorker, receiver: Receiver
) -> None:
    """The database owes a webhook just what its filter wants by the rule in Python."""
    issued = [await make(stage, receiver, wanted) for wanted in FILTERS]
    for type_, payload in SAID:
        await stage.say(type_, **payload)
    await take_all(worker)
    for wanted, one in zip(FILTERS, issued, strict=True):
        owed = [it.message.type for it in reversed(await deliveries(stage, one))]
        assert owed == [type_ for type_, payload in SAID if wanted.wants(type_, payload)], wanted


async def test_redirects_are_not_followed(stage: Stage, worker: DeliveryWorker, receiver: Receiver) -> None:
    """A redirect is a failure that says so; where it points to is not asked."""
    async with open_receiver() as elsewhere:
        issued = await make(stage, receiver)
        receiver.statuses, receiver.headers = [307], {"location": elsewhere.url}
        async with working(worker):
            await stage.say("breach.fired")
            await attempted(stage, issued, 1)
        (delivery,) = await deliveries(stage, issued)
        assert (delivery.last_status, elsewhere.got) == (307, [])
        assert "redirects are not followed" in (delivery.last_error or "")


async def test_other_key_cannot_open_secrets(stage: Stage, settings: Settings, receiver: Receiver) -> None:
    """With another key nothing is sent unsigned: the delivery says what to do, and waits."""
    issued = await make(stage, receiver)
    delivery = dataclasses.replace(settings.delivery, webhook_key="x" * 40)
    async with (
        open_worker(dataclasses.replace(settings, delivery=delivery), stage) as worker,
        working(worker),
    ):
        await stage.say("breach.fired")
        await attempted(stage, issued, 1)
    (owed,) = await deliveries(stage, issued)
    assert receiver.got == []
    assert "MEANTIME_WEBHOOK_KEY" in (owed.last_error or "")
