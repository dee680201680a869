"""Manual actions through GraphQL: done, refused, and taken back, in process and behind HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import (
    CALENDAR,
    CREATE_CALENDAR,
    ERRORS,
    INGEST,
    POLICY,
    SAVE_POLICY,
    event,
)

ACT = f"""mutation ($input: ActOnClockInput!, $key: String) {{
  actOnClock(input: $input, idempotencyKey: $key) {{ eventId occurredAt {ERRORS} }}
}}"""
PHASE = """{ subject(subjectId: "INC1") { cycles { phase } } }"""


@pytest.fixture(params=["in process", "over HTTP"])
def composition(request: pytest.FixtureRequest) -> str:
    """Run each test of this module on both."""
    way: str = request.param
    return way


@pytest.fixture
async def incident(api: Api) -> str:
    """Open an incident under a policy."""
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "x", "document": CALENDAR}})
    await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": POLICY}})
    await api.ask(INGEST, {"events": [event("INC1", "2026-03-02T08:30:00-03:00", "New", number=1)]})
    return "INC1"


async def act(api: Api, subject_id: str, action: str, key: str | None = None, **said: Any) -> dict[str, Any]:
    """Act, and give the payload."""
    sent = {"subjectId": subject_id, "action": action, "reason": "agreed"} | said
    payload: dict[str, Any] = (await api.ask(ACT, {"input": sent, "key": key}))["actOnClock"]
    return payload


async def phases(api: Api) -> list[str]:
    """Read the phases of the incident's Cycles."""
    return [cycle["phase"] for cycle in (await api.ask(PHASE))["subject"]["cycles"]]


async def test_an_action_is_done_and_taken_back(api: Api, incident: str) -> None:
    """The event's id that comes back revokes it."""
    stopped = await act(api, incident, "STOP", occurredAt="2026-03-02T09:00:00-03:00")
    assert (stopped["occurredAt"], stopped["errors"]) == ("2026-03-02T12:00:00Z", [])
    assert await phases(api) == ["STOPPED"]
    assert (await act(api, incident, "REVOKE", revokes=stopped["eventId"]))["errors"] == []
    assert await phases(api) == ["RUNNING"]


async def test_an_action_is_done_once_for_a_key(api: Api, incident: str) -> None:
    """The second answer is the first; another action under the key is a conflict."""
    first = await act(api, incident, "PAUSE", "key-1")
    assert await act(api, incident, "PAUSE", "key-1") == first
    (error,) = (await act(api, incident, "STOP", "key-1"))["errors"]
    assert (error["code"], error["kind"]) == ("event_conflict", "conflict")


async def test_a_refusal_names_the_field_as_the_schema_does(api: Api, incident: str) -> None:
    """And nothing is written."""
    payload = await act(api, incident, "PAUSE", policyKey="none")
    assert payload["eventId"] is None
    (error,) = payload["errors"]
    assert (error["code"], error["field"]) == ("policy_unknown", "policyKey")
    (error,) = (await act(api, incident, "PAUSE", reason=""))["errors"]
    assert (error["code"], error["field"]) == ("event_invalid", "reason")
