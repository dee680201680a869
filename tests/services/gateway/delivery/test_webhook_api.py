"""Webhooks over GraphQL: made, changed, read and replayed by administrators of their own tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gateway.app import build_app
from gateway.operations.create_tenant import create_tenant
from gateway.worker import DeliveryWorker
from tests.services.gateway.conftest import Api
from tests.services.gateway.delivery.conftest import Receiver, Stage, eventually, utc_now, working
from tests.services.gateway.delivery.test_sockets import NO_DOORS, token_of
from tests.services.listening import listening

ERRORS = "errors { code kind field message }"
FIELDS = """id webhookId name url filter { types policies metrics targets } maxInFlight enabled disabledReason
failures previousUntil createdBy"""
CREATE = f"""mutation ($input: CreateWebhookInput!, $key: String) {{
  createWebhook(input: $input, idempotencyKey: $key) {{ webhook {{ {FIELDS} }} secret {ERRORS} }}
}}"""
UPDATE = f"""mutation ($input: UpdateWebhookInput!) {{
  updateWebhook(input: $input) {{ webhook {{ {FIELDS} }} {ERRORS} }}
}}"""
ROTATE = f"""mutation ($id: String!, $overlap: Int!) {{
  rotateWebhookSecret(webhookId: $id, overlapS: $overlap) {{ webhook {{ previousUntil }} secret {ERRORS} }}
}}"""
DELETE = f"mutation ($id: String!) {{ deleteWebhook(webhookId: $id) {{ webhook {{ webhookId }} {ERRORS} }} }}"
REPLAY = f"""mutation ($id: String!, $delivery: ID) {{
  replayDeliveries(webhookId: $id, deliveryId: $delivery) {{ replayed {ERRORS} }}
}}"""
READ = f"query ($id: String!) {{ webhook(webhookId: $id) {{ {FIELDS} }} }}"
LIST = """query ($first: Int!, $after: String) {
  webhooks(first: $first, after: $after) { nodes { webhookId } pageInfo { hasNextPage endCursor } }
}"""
DELIVERIES = """query ($id: String!, $state: DeliveryState, $first: Int!, $after: String) {
  webhook(webhookId: $id) {
    deliveries(state: $state, first: $first, after: $after) {
      nodes { deliveryId state attempts lastStatus lastError message { type subject payload } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""


@pytest.fixture
async def api(stage: Stage) -> AsyncIterator[Api]:
    """Serve the gateway, and hold a key with all scopes."""
    _key_id, token = await token_of(stage.gateway, stage.tenant)
    async with (
        listening(build_app(stage.gateway, NO_DOORS)) as url,
        aiohttp.ClientSession() as http,
    ):
        yield Api(http, url, token)


async def make(api: Api, receiver: Receiver, **more: Any) -> dict[str, Any]:
    """Make a webhook for a receiver."""
    made = (await api.ask(CREATE, {"input": {"name": "ops", "url": receiver.url, **more}}))["createWebhook"]
    assert made["errors"] == []
    webhook: dict[str, Any] = made["webhook"]
    return webhook


async def test_made_and_read(api: Api, receiver: Receiver) -> None:
    """The secret is shown when a webhook is made, and not again; asked twice by one key, it is made once."""
    wanted = {"types": ["breach"], "policies": ["gold"]}
    asked = {"input": {"name": " ops ", "url": receiver.url, "filter": wanted}, "key": "once"}
    made = (await api.ask(CREATE, asked))["createWebhook"]
    assert made["secret"].startswith("whsec_")
    again = (await api.ask(CREATE, asked))["createWebhook"]
    assert (again["webhook"], again["secret"]) == (made["webhook"], None)
    read = (await api.ask(READ, {"id": made["webhook"]["webhookId"]}))["webhook"]
    assert read == made["webhook"]
    assert read["filter"] == {"types": ["breach"], "policies": ["gold"], "metrics": [], "targets": []}
    assert (read["name"], read["enabled"], read["maxInFlight"]) == ("ops", True, 8)
    node = await api.ask("query ($id: ID!) { node(id: $id) { ... on Webhook { name } } }", {"id": read["id"]})
    assert node["node"] == {"name": "ops"}


async def test_changed(api: Api, receiver: Receiver) -> None:
    """What is given is changed, and the rest stays; switched off it says since when, and on again why not."""
    made = await make(api, receiver)
    change = {"webhookId": made["webhookId"], "filter": {"types": ["breach"]}, "maxInFlight": 1}
    changed = (await api.ask(UPDATE, {"input": change}))["updateWebhook"]["webhook"]
    assert changed["filter"]["types"] == ["breach"]
    assert {**changed, "filter": made["filter"], "maxInFlight": 8} == made
    for enabled, reason in ((False, "disabled by its owner"), (True, None)):
        asked = {"input": {"webhookId": made["webhookId"], "enabled": enabled}}
        webhook = (await api.ask(UPDATE, asked))["updateWebhook"]["webhook"]
        assert (webhook["enabled"], webhook["disabledReason"]) == (enabled, reason)


REFUSED = [
    ({"url": "http://10.0.0.1/"}, "address_refused", "url"),
    ({"url": "https://169.254.169.254/latest"}, "address_refused", "url"),
    ({"url": "https://[::1]/"}, "address_refused", "url"),
    ({"url": "ftp://hooks.example/"}, "address_refused", "url"),
    ({"url": "https://hooks.example/#x"}, "webhook_invalid", "url"),
    ({"name": " "}, "webhook_invalid", "name"),
    ({"maxInFlight": 0}, "webhook_invalid", "maxInFlight"),
    ({"maxInFlight": 33}, "webhook_invalid", "maxInFlight"),
    ({"filter": {"types": [""]}}, "filter_invalid", "types[0]"),
    ({"filter": {"types": ["breach", "cycle."]}}, "filter_invalid", "types[1]"),
    ({"filter": {"types": ["breach.*"]}}, "filter_invalid", "types[0]"),
    ({"filter": {"metrics": ["m"] * 51}}, "filter_invalid", "metrics"),
]


@pytest.mark.parametrize(("changes", "code", "field"), REFUSED, ids=range(len(REFUSED)))
async def test_refused(api: Api, changes: dict[str, Any], code: str, field: str) -> None:
    """Each wrong value is refused by name, and nothing is made."""
    sent = {"name": "ops", "url": "https://hooks.example/", **changes}
    (error,) = (await api.ask(CREATE, {"input": sent}))["createWebhook"]["errors"]
    assert (error["code"], error["field"]) == (code, field)
    assert (await api.ask(LIST, {"first": 5}))["webhooks"]["nodes"] == []


async def test_pages(api: Api, receiver: Receiver) -> None:
    """Webhooks come in pages, each once."""
    made = {(await make(api, receiver))["webhookId"] for _ in range(5)}
    found, after = [], None
    while True:
        page = (await api.ask(LIST, {"first": 2, "after": after}))["webhooks"]
        found += [node["webhookId"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == sorted(made)


async def test_dead_letters_listed_and_replayed(
    api: Api, stage: Stage, worker: DeliveryWorker, receiver: Receiver
) -> None:
    """Deliveries are listed latest first, by state and page; a dead one is replayed by its id."""
    webhook = await make(api, receiver, maxInFlight=1)
    receiver.statuses = [200, 410]
    asked: dict[str, Any] = {"id": webhook["webhookId"], "first": 1}

    async def listed(**more: Any) -> dict[str, Any]:
        found = await api.ask(DELIVERIES, {**asked, **more})
        page: dict[str, Any] = found["webhook"]["deliveries"]
        return page

    async def has(state: str) -> bool:
        return bool((await listed(state=state))["nodes"])

    async with working(worker):
        await stage.say("cycle.changed", "breach.fired")
        await eventually(lambda: has("DEAD"))
        (dead,) = (await listed(state="DEAD"))["nodes"]
        assert (dead["message"]["type"], dead["lastStatus"]) == ("breach.fired", 410)
        first = await listed()
        assert first["nodes"] == [dead]
        assert first["pageInfo"]["hasNextPage"]
        (second,) = (await listed(after=first["pageInfo"]["endCursor"]))["nodes"]
        assert (second["message"]["type"], second["state"]) == ("cycle.changed", "DELIVERED")
        await api.ask(UPDATE, {"input": {"webhookId": webhook["webhookId"], "enabled": True}})
        replay = {"id": webhook["webhookId"], "delivery": dead["deliveryId"]}
        assert (await api.ask(REPLAY, replay))["replayDeliveries"]["replayed"] == 1
        await receiver.wait_for(3)
    assert (await api.refusal(REPLAY, {**replay, "delivery": webhook["id"]}))["code"] == "id_invalid"


async def test_rotated_and_deleted(api: Api, receiver: Receiver) -> None:
    """A rotation shows the new secret and until when the old one signs; what is deleted is gone."""
    webhook = await make(api, receiver)
    asked = {"id": webhook["webhookId"]}
    rotated = (await api.ask(ROTATE, {**asked, "overlap": 60}))["rotateWebhookSecret"]
    assert rotated["secret"].startswith("whsec_")
    assert rotated["webhook"]["previousUntil"] is not None
    (error,) = (await api.ask(ROTATE, {**asked, "overlap": -1}))["rotateWebhookSecret"]["errors"]
    assert error["field"] == "overlapS"
    assert (await api.ask(DELETE, asked))["deleteWebhook"]["webhook"] == asked | {
        "webhookId": asked.pop("id")
    }
    assert (await api.ask(READ, {"id": webhook["webhookId"]}))["webhook"] is None
    for query, name in ((DELETE, "deleteWebhook"), (REPLAY, "replayDeliveries")):
        (error,) = (await api.ask(query, {"id": webhook["webhookId"]}))[name]["errors"]
        assert (error["code"], error["field"]) == ("webhook_unknown", "webhookId")


async def test_tenants_apart(api: Api, stage: Stage, receiver: Receiver) -> None:
    """Another tenant's webhooks are not there: not to read, to change, to replay or to delete."""
    webhook = await make(api, receiver)
    other = f"{stage.tenant}-other"
    await create_tenant(stage.gateway.database, tenant_id=other, name="Other", now=utc_now())
    theirs = api.holding((await token_of(stage.gateway, other))[1])
    assert (await theirs.ask(LIST, {"first": 5}))["webhooks"]["nodes"] == []
    assert (await theirs.ask(READ, {"id": webhook["webhookId"]}))["webhook"] is None
    for query in (DELETE, REPLAY, ROTATE):
        found = await theirs.ask(query, {"id": webhook["webhookId"], "overlap": 0})
        ((error,),) = ([*payload["errors"]] for payload in found.values())
        assert error["code"] == "webhook_unknown"
    change = {"webhookId": webhook["webhookId"], "enabled": False}
    (error,) = (await theirs.ask(UPDATE, {"input": change}))["updateWebhook"]["errors"]
    assert error["code"] == "webhook_unknown"
    assert (await api.ask(READ, {"id": webhook["webhookId"]}))["webhook"] == webhook


async def test_scope_admin_is_needed(api: Api, stage: Stage, receiver: Receiver) -> None:
    """Nothing of webhooks is for anyone but an administrator."""
    webhook = await make(api, receiver)
    few = api.holding((await token_of(stage.gateway, stage.tenant, "read", "ingest", "policies"))[1])
    for query in (LIST, READ):
        refusal = await few.refusal(query, {"id": webhook["webhookId"], "first": 1})
        assert refusal["code"] == "scope_missing"
    for query in (DELETE, REPLAY, ROTATE):
        found = await few.ask(query, {"id": webhook["webhookId"], "overlap": 0})
        ((error,),) = ([*payload["errors"]] for payload in found.values())
        assert error["code"] == "scope_missing"


async def test_secrets_are_stored_sealed(api: Api, stage: Stage, receiver: Receiver) -> None:
    """The database holds no secret that signs."""
    sent = {"input": {"name": "ops", "url": receiver.url}}
    secret = (await api.ask(CREATE, sent))["createWebhook"]["secret"]
    async with stage.admin() as connection:
        rows = await connection.fetch(
            "SELECT w::text AS everything FROM webhooks AS w WHERE tenant_id = $1", stage.tenant
        )
        kept = await connection.fetch("SELECT i::text AS everything FROM idempotency AS i")
    assert rows
    assert not any(secret.removeprefix("whsec_") in row["everything"] for row in [*rows, *kept])
