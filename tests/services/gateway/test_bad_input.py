"""What is refused, and how: each refusal names the field and the reason, and nothing is half done."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.app import Gateway
from gateway.domain.global_id import encode_global_id
from gateway.operations.create_tenant import create_tenant
from tests.services.gateway.conftest import Api, key_for
from tests.services.gateway.documents import (
    CALENDAR,
    CREATE_CALENDAR,
    CYCLES,
    INGEST,
    POLICY,
    SAVE_AGREEMENT,
    SAVE_POLICY,
    event,
)
from tests.services.standing_time import StandingTime


async def refused(api: Api, mutation: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Send a mutation that must be refused in its payload, and return the one error."""
    (payload,) = (await api.ask(mutation, variables)).values()
    (error,) = payload.pop("errors")
    assert all(value in (None, 0, []) for value in payload.values())
    found: dict[str, Any] = error
    return found


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"zone": "America/Sao_Paolo"}, "document.zone", "Sao_Paolo"),
        ({"hours": {"mon": ["08:00-25:00"]}}, "document.hours.mon[0]", "25:00"),
        ({"hours": {"mon": []}}, "document", "never"),
    ],
)
async def test_bad_calendar(api: Api, change: dict[str, Any], field: str, reason: str) -> None:
    """An unknown zone, a window past midnight, a calendar that never opens: refused with the path."""
    document = CALENDAR | change
    error = await refused(api, CREATE_CALENDAR, {"input": {"key": "k", "name": "K", "document": document}})
    assert error["kind"] == "invalid"
    assert error["field"].startswith(field)
    assert reason in error["message"]
    assert (await api.ask('{ calendar(key: "k") { key } }'))["calendar"] is None


async def test_policy_that_does_not_compile(api: Api) -> None:
    """A condition that does not compile is refused with its path, line and column."""
    metric = POLICY["metrics"]["resolution"] | {"stop": "subject.state =="}
    document = POLICY | {"metrics": {"resolution": metric}}
    error = await refused(api, SAVE_POLICY, {"input": {"key": "p", "document": document}})
    assert (error["code"], error["field"]) == ("condition_invalid", "document.metrics.resolution.stop")
    assert "line 1" in error["message"]
    assert "column 17" in error["message"]


async def test_agreement_with_a_gap(api: Api) -> None:
    """An agreement is refused with the path of its fault."""
    error = await refused(api, SAVE_AGREEMENT, {"input": {"key": "a", "document": {"customer": "ACME"}}})
    assert error["kind"] == "invalid"
    assert error["field"].startswith("document")


async def test_event_without_an_offset(api: Api) -> None:
    """A naive time is refused by the path of the event's field, and no event of the request is taken."""
    events = [
        event("INC1", "2026-03-02T08:30:00Z", "New", number=1),
        event("INC1", "2026-03-02T08:31:00", "New", number=2),
    ]
    error = await api.refusal(INGEST, {"events": events})
    assert (error["status"], error["code"]) == (400, "variables_invalid")
    assert error["field"] == "events[1].occurredAt"
    assert "offset" in error["message"]
    assert (await api.ask('{ subject(subjectId: "INC1") { subjectId } }'))["subject"] is None


@pytest.mark.parametrize(("left", "field"), [("occurredAt", "occurredAt"), ("type", "type"), (None, "typ")])
async def test_a_field_of_an_event_that_is_missing_or_unknown(api: Api, left: str | None, field: str) -> None:
    """It is named itself, not only the event that it is of."""
    sent = event("INC1", "2026-03-02T08:30:00Z", "New", number=1)
    changed = {name: value for name, value in sent.items() if name != left} | ({} if left else {"typ": "t"})
    error = await api.refusal(INGEST, {"events": [sent, changed]})
    assert (error["code"], error["field"]) == ("variables_invalid", f"events[1].{field}")


async def test_an_agreement_that_is_not_there(api: Api) -> None:
    """It is named as the argument that named it."""
    close = """mutation { closeStatement(input: {agreementKey: "nobody", period: "2026-01"}) {
      statement { number } errors { code field message } } }"""
    (error,) = (await api.ask(close))["closeStatement"]["errors"]
    assert (error["code"], error["field"]) == ("agreement_unknown", "agreementKey")
    assert error["message"] == "agreementKey: there is no agreement 'nobody'"
    assert (await api.refusal('{ assessment(agreementKey: "nobody", period: "2026-01") { period } }'))[
        "field"
    ] == "agreementKey"


@pytest.mark.parametrize(
    ("document", "field", "reason"),
    [
        ('{ cycles(dueBefore: "2026-03-02T08:31:00") { nodes { id } } }', "dueBefore", "offset"),
        ("{ cycles(dueBefore: 5) { nodes { id } } }", "dueBefore", "an instant is a string"),
        ("{ cycles(first: true) { nodes { id } } }", "first", "non-integer"),
        (
            (
                'mutation { ingestEvents(input: {events: [{eventId: "1", subjectId: "s", type: "t",'
                ' occurredAt: "2026-03-02"}]}) { accepted } }'
            ),
            "input.events[0].occurredAt",
            "offset",
        ),
        (
            (
                'mutation { ingestEvents(input: {events: [{eventId: "1", subjectId: "s", type: "t"}]}) {'
                " accepted } }"
            ),
            "input.events[0].occurredAt",
            "required",
        ),
        (
            'mutation { actOnClock(input: {subjectId: "s", action: HOLD, reason: "r"}) { eventId } }',
            "input.action",
            "HOLD",
        ),
        (
            'query ($at: DateTime = "2026-03-02") { subject(subjectId: "s", at: $at) { id } }',
            "at",
            "offset",
        ),
    ],
)
async def test_bad_literal(api: Api, document: str, field: str, reason: str) -> None:
    """A bad value that is written into the document is refused by its path, with the reason and the place."""
    error = await api.refusal(document)
    assert (error["status"], error["code"], error["field"]) == (400, "document_invalid", field)
    assert error["message"].startswith(f"{field}: ")
    assert reason in error["message"]


async def test_a_message_names_its_field_as_the_schema_does(api: Api) -> None:
    """Also where the service has another name for it, or knows it by its place in the document alone."""
    error = await api.refusal('{ backtest(policyKey: "p", document: {}, subjects: 0) { at } }')
    assert (error["field"], error["message"]) == ("document.name", "document.name: is missing")
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "x", "document": CALENDAR}})
    await api.ask(SAVE_POLICY, {"input": {"key": "p", "document": POLICY}})
    error = await api.refusal('{ backtest(policyKey: "p", subjects: 0) { at } }')
    assert (error["field"], error["message"]) == ("subjects", "subjects: is 1 to 2000, not 0")
    error = await refused(api, SAVE_POLICY, {"input": {"key": "p", "document": {"name": "x"}}})
    assert (error["field"], error["message"]) == ("document.metrics", "document.metrics: is missing")
    wrong = {"key": "sao-paulo", "expectedVersion": 7, "document": CALENDAR}
    amend = (
        "mutation ($input: AmendCalendarInput!) { amendCalendar(input: $input) { errors { field message } } }"
    )
    (error,) = (await api.ask(amend, {"input": wrong}))["amendCalendar"]["errors"]
    assert error["field"] == "expectedVersion"
    assert error["message"].startswith("expectedVersion: calendar 'sao-paulo' is at version 1")


async def test_batch_too_large(api: Api) -> None:
    """A batch of more than a thousand events is refused as a whole, with the limit."""
    events = [event("INC1", "2026-03-02T08:30:00Z", "New", number=n) for n in range(1_001)]
    error = await refused(api, INGEST, {"events": events})
    assert error["code"] == "batch_too_large"
    assert "1000" in error["message"].replace(",", "")


async def test_list_too_long_to_read(api: Api) -> None:
    """A list of input past all sense is refused before it is read, as a variable and inside one."""
    events = [event("INC1", "2026-03-02T08:30:00Z", "New", number=n) for n in range(2_001)]
    inside = "mutation ($input: IngestEventsInput!) { ingestEvents(input: $input) { accepted } }"
    for mutation, variables in ((INGEST, {"events": events}), (inside, {"input": {"events": events}})):
        error = await api.refusal(mutation, variables)
        assert (error["code"], error["limit"], error["found"]) == ("limit_exceeded", "list", 2_001)


@pytest.mark.parametrize("first", [0, -1, 201, 2**31 - 1])
async def test_page_too_large(api: Api, first: int) -> None:
    """A page of none, or of more than the limit, is refused and named."""
    error = await api.refusal(CYCLES, {"first": first})
    assert (error["code"], error["field"]) == ("page_too_large", "first")


@pytest.mark.parametrize(
    "node_id",
    [
        "",
        "nonsense",
        "####",
        "W10",
        "eyJhIjoxfQ",
        encode_global_id("Wizard", "x"),
        encode_global_id("Cycle", "x"),
    ],
)
async def test_bad_global_id(api: Api, node_id: str) -> None:
    """An id that this API did not make is an error of its field, not a crash."""
    error = await api.refusal("query ($id: ID!) { node(id: $id) { id } }", {"id": node_id})
    assert (error["code"], error["kind"], error["field"]) == ("id_invalid", "invalid", "id")


async def test_bad_cursor(api: Api) -> None:
    """A cursor of another list is refused."""
    query = "query ($after: String) { calendars(after: $after) { nodes { key } } }"
    for cursor in ("nonsense", encode_global_id("Policy@", "a"), encode_global_id("Calendar@", 7)):
        error = await api.refusal(query, {"after": cursor})
        assert (error["code"], error["field"]) == ("cursor_invalid", "after")


async def test_missing_scope(api: Api, gateway: Gateway, tenant: str, clock: StandingTime) -> None:
    """A missing scope is named: in the payload of a mutation, in the errors of a query."""
    reader = api.holding(await key_for(gateway, tenant, clock, ["read"]))
    calendar = {"key": "k", "name": "K", "document": CALENDAR}
    error = await refused(reader, CREATE_CALENDAR, {"input": calendar})
    assert (error["kind"], error["code"]) == ("forbidden", "scope_missing")
    assert "calendars" in error["message"]
    query_error = await reader.refusal("{ statements { nodes { number } } }")
    assert (query_error["kind"], query_error["code"]) == ("forbidden", "scope_missing")
    assert "billing" in query_error["message"]


async def test_another_tenant_sees_nothing(
    api: Api, gateway: Gateway, tenant: str, clock: StandingTime
) -> None:
    """What one tenant has made is not there for another, by key and by id."""
    calendar = {"key": "k", "name": "K", "document": CALENDAR}
    created = await api.ask(CREATE_CALENDAR, {"input": calendar})
    other = f"{tenant}-other"
    await create_tenant(gateway.database, tenant_id=other, name="Other", now=clock())
    stranger = api.holding(await key_for(gateway, other, clock))
    found = await stranger.ask(
        'query ($id: ID!) { node(id: $id) { id } calendar(key: "k") { key } calendars { nodes { key } } }',
        {"id": created["createCalendar"]["calendar"]["id"]},
    )
    assert found == {"node": None, "calendar": None, "calendars": {"nodes": []}}


@pytest.mark.parametrize("token", [None, "nonsense", "mt_demo_" + "0" * 64])
async def test_bad_token(api: Api, token: str | None) -> None:
    """Without a good token: 401, how to authenticate, and a problem that does not repeat the token."""
    reply = await api.holding(token).post("{ viewer { subject } }")
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["code"] == ("credential_missing" if token is None else "credential_invalid")
    assert token is None or token.encode() not in reply.body
