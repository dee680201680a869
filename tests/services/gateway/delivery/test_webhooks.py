"""Webhooks on real servers: signed, retried, given up, replayed; one keeps nobody else waiting."""

from __future__ import annotations

from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat

from gateway.domain.message import EVERYTHING, MessageFilter
from gateway.domain.webhook import Delivery
from gateway.operations.create_webhook import CreateWebhook, IssuedSecret
from gateway.operations.read_deliveries import ListDeliveries
from gateway.worker import DeliveryWorker
from tests.services.gateway.delivery.conftest import (
    Receiver,
    Stage,
    eventually,
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
        (one,) = await deliveries(stage, issued)
        return one.attempts == times

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
