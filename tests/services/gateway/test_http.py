"""GraphQL over HTTP: methods, media types, status codes, bodies."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

from tests.services.gateway.conftest import SECRET, Api
from tests.services.gateway.documents import CALENDAR, CREATE_CALENDAR

GRAPHQL = "application/graphql-response+json"
VIEWER = {"query": "{ viewer { subject } }"}
MUTATION = {
    "query": CREATE_CALENDAR,
    "variables": {"input": {"key": "k", "name": "K", "document": CALENDAR}},
}


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"application/json;q=0.5, {GRAPHQL};q=0.4", "application/json"),
        (f"text/html, {GRAPHQL};charset=utf-8", GRAPHQL),
    ],
)
async def test_media_type_follows_accept(api: Api, accept: str | None, answered: str) -> None:
    """The answer is in the media type that the client likes best; without a wish it is application/json."""
    headers = {"accept": accept} if accept else {}
    reply = await api.send("POST", json=VIEWER, headers=headers, skip_auto_headers=["accept"])
    assert reply.status == 200
    assert reply.headers["content-type"] == f"{answered}; charset=utf-8"


async def test_unacceptable(api: Api) -> None:
    """A client that takes no media type of GraphQL is told which there are."""
    reply = await api.send("POST", json=VIEWER, headers={"accept": "text/css, application/json;q=0"})
    assert reply.status == 406
    assert GRAPHQL in reply.json["errors"][0]["message"]


@pytest.mark.parametrize(
    "query",
    ["{ viewer {", "{ wizard }", "query A { viewer { subject } } query B { viewer { subject } }"],
    ids=["syntax", "validation", "operation"],
)
async def test_status_of_refused_documents(api: Api, query: str) -> None:
    """What cannot be run has no data: 400 in GraphQL's media type, 200 in application/json."""
    for accept, status in ((GRAPHQL, 400), ("application/json", 200)):
        reply = await api.send("POST", json={"query": query}, headers={"accept": accept})
        assert reply.status == status
        assert "data" not in reply.json
        assert reply.json["errors"][0]["extensions"]["kind"] == "invalid"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "Expected `object`"),
        (b"null", "Expected `object`"),
        (b"{}", "query"),
        (b'{"query": 7}', "Expected `str`"),
        (b'{"query": "{ viewer { subject } }", "variables": []}', "Expected `object"),
        (b'{"query": "{ viewer { subject } }", "operationName": {}}', "Expected `str"),
        (b'{"query": "{ viewer }", "variables": ' + b'{"a":' * 100_000 + b"}" * 100_001, "deep"),
        (b'[{"query": "{ viewer { subject } }"}]', "Expected `object`"),
    ],
    ids=range(11),
)
async def test_bad_bodies(api: Api, body: bytes, reason: str) -> None:
    """A body that is no GraphQL request is a 400 that says what is wrong, however deep it is."""
    reply = await api.send("POST", data=body, headers={"content-type": "application/json"})
    assert reply.status == 400
    assert reason in reply.json["errors"][0]["message"]


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
async def test_media_type_of_the_body(api: Api, content_type: str) -> None:
    """Only JSON in UTF-8 is read, so that no form of another site can send a request."""
    reply = await api.send("POST", data=b"{}", headers={"content-type": content_type})
    assert reply.status == 415


async def test_body_limit(api: Api) -> None:
    """A body over the limit is refused while it comes in."""
    body = b'{"query": "' + b" " * (9 * 1024 * 1024) + b'"}'
    reply = await api.send("POST", data=io.BytesIO(body), headers={"content-type": "application/json"})
    assert reply.status == 413
    assert reply.json["errors"][0]["extensions"]["code"] == "body_too_long"


async def test_get_asks_but_changes_nothing(api: Api) -> None:
    """A query may come by GET; a mutation may not, and nothing of it is done."""
    query = "query ($n: Int!) { calendars(first: $n) { nodes { key } } }"
    asked = await api.send("GET", params={"query": query, "variables": '{"n": 1}'})
    assert asked.json == {"data": {"calendars": {"nodes": []}}}
    reply = await api.send("GET", params={"query": VIEWER["query"]})
    assert (reply.status, list(reply.json["data"])) == (200, ["viewer"])
    variables = msgspec.json.encode(MUTATION["variables"]).decode()
    refused = await api.send("GET", params={"query": CREATE_CALENDAR, "variables": variables})
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    assert (await api.ask('{ calendar(key: "k") { key } }'))["calendar"] is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods(api: Api, method: str) -> None:
    """Other methods are refused, and those that work are named."""
    reply = await api.send(method, json=VIEWER)
    assert reply.status == 405
    assert {"GET", "POST"} <= {name.strip() for name in reply.headers["allow"].split(",")}


async def test_browser_is_sent_to_the_console(api: Api) -> None:
    """Who opens /graphql in a browser finds the console."""
    reply = await api.send("GET", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (reply.status, reply.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    ("sent", "kept"), [("build-42.7", True), ("", False), ("no spaces please", False), ("x" * 200, False)]
)
async def test_request_id_goes_in_and_out(api: Api, sent: str, kept: bool) -> None:  # noqa: FBT001 - a table
    """A sane request id is kept, another one replaced; it stands in the answer and reaches the services."""
    reply = await api.send("POST", json={"query": "{ viewer { requestId } }"}, headers={"x-request-id": sent})
    found = reply.headers["x-request-id"]
    assert (found == sent) is kept
    assert reply.json["data"]["viewer"]["requestId"] == found


async def test_operation_name_chooses(api: Api) -> None:
    """Of several operations the named one runs."""
    query = "query A { viewer { subject } } query B { viewer { scopes } }"
    reply = await api.post(query, operationName="B")
    assert list(reply.json["data"]["viewer"]) == ["scopes"]


async def test_unknown_input_field(api: Api) -> None:
    """A field that the input does not have is refused by name."""
    variables: Any = {"input": {"key": "k", "name": "K", "document": {}, "colour": "red"}}
    error = await api.refusal(CREATE_CALENDAR, variables)
    assert (error["status"], error["code"]) == (400, "variables_invalid")
    assert "colour" in error["message"]


async def test_health(api: Api) -> None:
    """Health, readiness and metrics need no credential and tell no secret."""
    for path in ("/healthz", "/readyz", "/metrics"):
        reply = await api.holding(None).send("GET", path)
        assert reply.status == 200
        assert SECRET.encode() not in reply.body
