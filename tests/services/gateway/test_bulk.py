"""Batches that are read at once, held to graphql-core's own walk."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.contract import Calendars
from clocks.contract import Clocks, EventRecord, IngestEvents, IngestReceipt
from credits.contract import Credits
from gateway.schema import bulk
from gateway.schema.engine import Engine
from gateway.schema.request import Answer, GraphQLRequest
from gateway.upstream.doors import Doors
from gateway.upstream.session import Session
from serving.context import RequestContext

AS_LIST = "mutation ($it: [EventInput!]!) { ingestEvents(input: {events: $it}) { accepted } }"
AS_INPUT = "mutation ($it: IngestEventsInput!) { ingestEvents(input: $it) { accepted } }"
ENGINE = Engine()
EVENT: dict[str, Any] = {
    "eventId": "e",
    "subjectId": "s",
    "occurredAt": "2026-03-02T12:00:00Z",
    "type": "updated",
}

strange = st.sampled_from(
    [None, True, 1, 1.0, 1.5, -(2**31), 2**31, "", "é", "\ud800", [], ["x"], {}, {"a": [1, None]}]
)
instants = st.sampled_from(
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00.1234567-03:00",
        "20260302T120000Z",
        "2026-03-02 12:00:00+00:00",
        "2026-03-02T12:00:00",
        "2026-02-30T12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "noon",
    ]
)
events = st.fixed_dictionaries(
    {},
    optional={
        "eventId": st.just("e") | strange,
        "subjectId": st.just("s") | strange,
        "occurredAt": instants | strange,
        "type": st.just("updated") | strange,
        "sequence": st.integers(-3, 3) | strange,
        "attributes": st.dictionaries(st.sampled_from("ab"), strange) | strange,
        "other": strange,
    },
).map(lambda found: found if "other" in found else EVENT | found)


class Recording:
    """A door that keeps what it is given."""

    def __init__(self) -> None:
        self.got: list[EventRecord] = []

    async def ingest_events(self, _context: RequestContext, request: IngestEvents) -> IngestReceipt:
        """Take a batch."""
        self.got.extend(request.events)
        return IngestReceipt(accepted=len(request.events), duplicates=0, refused=())


async def ask(query: str, value: Any) -> tuple[Answer, list[EventRecord]]:
    """Send a batch; return the answer and what came through the door."""
    door = Recording()
    context = RequestContext(tenant_id="t", subject="key:1", scopes=frozenset(), request_id="r")
    nothing = cast("Any", None)
    session = Session(
        context=context,
        doors=Doors(cast("Calendars", None), cast("Clocks", door), cast("Credits", None)),
        read_tenant=nothing,
        webhooks=nothing,
        tail=nothing,
    )
    request = GraphQLRequest(query=query, variables={"it": value})
    return await ENGINE.answer(request, session, may_change=True), door.got


@given(st.lists(events, max_size=3) | events | strange)
async def test_bulk_and_walk_agree(sent: Any) -> None:
    """Whatever is sent, both ways hand the same events over, or refuse with the same words."""
    for query, value in ((AS_LIST, sent), (AS_INPUT, {"events": sent}), (AS_INPUT, sent)):
        at_once = await ask(query, value)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bulk, "READERS", {})
            patch.setattr(ENGINE, "_documents", type(ENGINE._documents)(ENGINE._schema))
            assert await ask(query, value) == at_once


async def test_good_batch_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch as the schema asks does not go through the walk: graphql-core is given a stand-in."""
    read = bulk.read_bulk
    given_: list[Any] = []

    def keep(*arguments: Any) -> Any:
        variables, found = read(*arguments)
        given_.append(variables)
        return variables, found

    monkeypatch.setattr("gateway.schema.engine.read_bulk", keep)
    _, got = await ask(AS_LIST, [EVENT, EVENT | {"sequence": 1, "attributes": {"state": "New"}}])
    assert given_ == [{"it": []}]
    assert [(event.sequence, event.attributes) for event in got] == [(0, {}), (1, {"state": "New"})]
