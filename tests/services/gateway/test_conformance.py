"""One schema, one set of answers: the services in process, and behind HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import (
    AGREEMENT,
    ASSESSMENT,
    CALENDAR,
    CLOSE_STATEMENT,
    CREATE_CALENDAR,
    CYCLES,
    INGEST,
    POLICY,
    SAVE_AGREEMENT,
    SAVE_POLICY,
    event,
)
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000


@pytest.fixture(params=["in process", "over HTTP"])
def composition(request: pytest.FixtureRequest) -> str:
    """Run each test of this module on both."""
    way: str = request.param
    return way


async def make_policy(api: Api) -> None:
    """Create the calendar and the policy."""
    calendar = {"key": "sao-paulo", "name": "São Paulo", "document": CALENDAR}
    created = await api.ask(CREATE_CALENDAR, {"input": calendar})
    assert created["createCalendar"]["errors"] == []
    saved = await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": POLICY}})
    assert saved["savePolicy"]["errors"] == []


async def ingest_three(api: Api) -> None:
    """Take three incidents: done in time, done late, and still running."""
    events = [
        event("INC1", "2026-02-02T09:00:00-03:00", "New", number=1),
        event("INC1", "2026-02-02T12:00:00-03:00", "Resolved", number=2),
        event("INC2", "2026-02-02T09:00:00-03:00", "New", number=1),
        event("INC2", "2026-02-02T13:00:00.000001-03:00", "Resolved", number=2),
        event("INC3", "2026-03-02T08:30:00-03:00", "New", number=1),
    ]
    taken = await api.ask(INGEST, {"events": events})
    assert taken["ingestEvents"] == {"accepted": 5, "duplicates": 0, "refused": [], "errors": []}


async def test_viewer_is_the_credential(api: Api, tenant: str) -> None:
    """The tenant, scopes and name of who asks come from the key alone."""
    viewer = (await api.ask("{ viewer { tenant { tenantId name } subject scopes } }"))["viewer"]
    assert viewer["tenant"] == {"tenantId": tenant, "name": "Test"}
    assert viewer["subject"].startswith("key:key_")
    assert "billing" in viewer["scopes"]


async def test_whole_path(api: Api, clock: StandingTime) -> None:
    """From a calendar to a numbered statement, exact to the microsecond and the cent."""
    await make_policy(api)
    await ingest_three(api)

    edges = (await api.ask(CYCLES))["cycles"]["edges"]
    one, two, three = (edge["node"] for edge in edges)
    assert (one["subjectId"], one["outcome"], one["elapsedUs"]) == ("INC1", "MET", 3 * HOUR_US)
    assert (two["outcome"], two["breachedAt"]) == ("BREACHED", "2026-02-02T16:00:00Z")
    assert two["stoppedAt"] == "2026-02-02T16:00:00.000001Z"
    assert (three["phase"], three["dueAt"], three["ticking"]) == ("RUNNING", "2026-03-02T15:30:00Z", True)
    assert three["calendar"] == {"key": "sao-paulo", "name": "São Paulo"}
    assert three["policy"] == {"key": "resolution", "name": "Resolution of incidents"}
    assert (three["elapsedUs"], three["remainingUs"]) == (HOUR_US // 2, HOUR_US * 7 // 2)

    attainment = (await api.ask(ATTAINMENT))["attainment"]
    assert (attainment["met"], attainment["breached"], attainment["pending"]) == (1, 1, 0)
    assert attainment["byTarget"] == [{"target": "P1", "met": 1, "breached": 1}]

    saved = await api.ask(SAVE_AGREEMENT, {"input": {"key": "acme", "document": AGREEMENT}})
    assert saved["saveAgreement"]["agreement"]["customer"] == "ACME"
    assessment = (await api.ask(ASSESSMENT, {"key": "acme", "period": "2026-02"}))["assessment"]
    assert (assessment["startsAt"], assessment["endsAt"]) == ("2026-02-01T03:00:00Z", "2026-03-01T03:00:00Z")
    assert (assessment["amountMinor"], assessment["currency"]) == (100_000, "BRL")
    assert assessment["credits"][0]["measurement"] == {"numerator": 1, "denominator": 2}
    assert assessment["agreement"] == {"customer": "ACME"}

    close = {"input": {"agreementKey": "acme", "period": "2026-02"}}
    closed = (await api.ask(CLOSE_STATEMENT, close))["closeStatement"]
    assert closed["errors"] == []
    assert closed["statement"]["number"] == 1
    assert closed["statement"]["assessment"] == {
        "amountMinor": 100_000,
        "inputsHash": assessment["inputsHash"],
    }
    assert (await api.ask(CLOSE_STATEMENT, close))["closeStatement"] == closed
    assert clock() == datetime(2026, 3, 2, 12, tzinfo=UTC)


MEASUREMENTS = """{
  measurements(
    measure: {kind: "attainment", policy: "resolution"}, by: "subject.priority"
    unit: MONTH, start: "2026-01-15T00:00:00Z", end: "2026-03-01T00:00:00Z", zone: "America/Sao_Paulo"
    where: [{name: "priority", value: "1"}]
  ) { label status numerator denominator decimal samples unusable parts { name numerator denominator } }
}"""


async def test_measurements_are_exact_and_apart(api: Api) -> None:
    """A value for each month, with its parts; where there is no data, that is what it says."""
    await make_policy(api)
    await ingest_three(api)
    january, february = (await api.ask(MEASUREMENTS))["measurements"]
    assert (january["status"], january["decimal"], january["parts"]) == ("NO_DATA", None, [])
    assert february == {
        "label": "2026-02",
        "status": "MEASURED",
        "numerator": "1",
        "denominator": "2",
        "decimal": "0.500000000",
        "samples": 2,
        "unusable": 0,
        "parts": [{"name": "1", "numerator": "1", "denominator": "2"}],
    }


async def test_measures_are_refused_by_the_standard(api: Api) -> None:
    """A measure that is none is refused with code and path, like everything that is asked."""
    refusal = await api.refusal(MEASUREMENTS.replace('policy: "resolution"', 'policies: "x"'))
    assert (refusal["code"], refusal["kind"], refusal["field"]) == (
        "measure_invalid",
        "invalid",
        "measure.policies",
    )


ATTAINMENT = """{
  attainment(
    policyKey: "resolution", metric: "resolution"
    start: "2026-02-01T00:00:00-03:00", end: "2026-03-01T00:00:00-03:00"
  ) { met breached pending byTarget { target met breached } evidenceHash }
}"""


async def test_every_node_is_read_again_by_its_id(api: Api) -> None:
    """`node` finds each thing by the id that it gave, and nothing in another tenant's name."""
    await make_policy(api)
    await ingest_three(api)
    await api.ask(SAVE_AGREEMENT, {"input": {"key": "acme", "document": AGREEMENT}})
    await api.ask(CLOSE_STATEMENT, {"input": {"agreementKey": "acme", "period": "2026-02"}})
    things = await api.ask("""{
      calendar(key: "sao-paulo") { __typename id }
      policy(key: "resolution") { __typename id }
      subject(subjectId: "INC2") { __typename id cycles { __typename id } }
      agreement(key: "acme") { __typename id }
      statement(agreementKey: "acme", period: "2026-02") { __typename id }
    }""")
    (cycle,) = things["subject"].pop("cycles")
    for thing in (*things.values(), cycle):
        found = await api.ask("query ($id: ID!) { node(id: $id) { __typename id } }", {"id": thing["id"]})
        assert found["node"] == thing


async def test_what_is_not_there_is_null(api: Api) -> None:
    """Looking for one thing that is not there answers null, without an error."""
    found = await api.ask("""{
      calendar(key: "none") { key } policy(key: "none") { key } agreement(key: "none") { key }
      subject(subjectId: "none") { subjectId } statement(agreementKey: "none", period: "2026-02") { number }
    }""")
    assert set(found.values()) == {None}


async def test_pages_join_up(api: Api) -> None:
    """Reading page by page gives every row once, in order; each page says whether more follow."""
    await make_policy(api)
    await ingest_three(api)
    whole = (await api.ask(CYCLES))["cycles"]["edges"]
    after, seen = None, []
    while True:
        page = (await api.ask(CYCLES, {"first": 1, "after": after}))["cycles"]
        seen += page["edges"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == whole


async def test_pages_of_calendars_join_up(api: Api) -> None:
    """Lists by key page as the others do."""
    for key in ("a", "b", "c"):
        await api.ask(CREATE_CALENDAR, {"input": {"key": key, "name": key, "document": CALENDAR}})
    query = """query ($after: String) {
      calendars(first: 2, after: $after) { nodes { key } pageInfo { hasNextPage endCursor } }
    }"""
    first = (await api.ask(query))["calendars"]
    assert [node["key"] for node in first["nodes"]] == ["a", "b"]
    assert first["pageInfo"]["hasNextPage"] is True
    second = (await api.ask(query, {"after": first["pageInfo"]["endCursor"]}))["calendars"]
    assert [node["key"] for node in second["nodes"]] == ["c"]
    assert second["pageInfo"]["hasNextPage"] is False


async def test_same_idempotency_key_is_done_once(api: Api) -> None:
    """The same request under the same key answers the same; another request under it is a conflict."""
    calendar = {"key": "one", "name": "One", "document": CALENDAR}
    first = await api.ask(CREATE_CALENDAR, {"input": calendar, "key": "k-1"})
    assert await api.ask(CREATE_CALENDAR, {"input": calendar, "key": "k-1"}) == first
    other = await api.ask(CREATE_CALENDAR, {"input": calendar | {"name": "Two"}, "key": "k-1"})
    (error,) = other["createCalendar"]["errors"]
    assert error["kind"] == "conflict"


async def test_events_sent_again_change_nothing(api: Api) -> None:
    """The same event is a duplicate; another content under its id is refused by itself, naming both."""
    await make_policy(api)
    first = event("INC1", "2026-03-02T08:30:00-03:00", "New", number=1)
    await api.ask(INGEST, {"events": [first]})
    changed = first | {"attributes": {"state": "Resolved"}}
    fresh = event("INC2", "2026-03-02T08:30:00-03:00", "New", number=1)
    taken = (await api.ask(INGEST, {"events": [first, changed, fresh]}))["ingestEvents"]
    assert (taken["accepted"], taken["duplicates"], taken["errors"]) == (1, 1, [])
    (refused,) = taken["refused"]
    assert (refused["index"], refused["eventId"], refused["code"]) == (1, "INC1-1", "event_conflict")
