"""Advice with what is saved, and what does not count, through GraphQL."""

from __future__ import annotations

from typing import Any

from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import CALENDAR, CREATE_CALENDAR, ERRORS, INGEST, POLICY, event

ADVICE = "advice { code field message }"
CREATE = f"""mutation ($input: CreateCalendarInput!) {{
  createCalendar(input: $input) {{ calendar {{ key }} {ADVICE} {ERRORS} }}
}}"""
PLAN = f"""query ($input: AmendCalendarInput!) {{ calendarPlan(input: $input) {{ {ADVICE} }} }}"""
SAVE = f"""mutation ($input: SavePolicyInput!) {{
  savePolicy(input: $input) {{ policy {{ key }} {ADVICE} {ERRORS} }}
}}"""
UNCOUNTED = """{ subject(subjectId: "INC1") { uncounted {
  policyKey policyVersion metric eventId occurredAt why target attribute message
} } }"""


async def test_a_misspelt_opt_out_comes_with_what_is_saved_and_planned(api: Api) -> None:
    """The payload has the calendar, the advice and no errors; so has a plan; a refusal has no advice."""
    document = CALENDAR | {"holidays": [{"country": "BR", "except": ["Carnavall"]}]}
    asked = {"key": "desk", "name": "Desk", "document": document}
    payload = (await api.ask(CREATE, {"input": asked}))["createCalendar"]
    assert (payload["calendar"], payload["errors"]) == ({"key": "desk"}, [])
    (advice,) = payload["advice"]
    assert (advice["code"], advice["field"]) == ("opt_out_unmatched", "document.holidays[0].except[0]")
    amendment = {"key": "desk", "expectedVersion": 1, "document": document}
    assert (await api.ask(PLAN, {"input": amendment}))["calendarPlan"]["advice"] == [advice]
    refused = (await api.ask(CREATE, {"input": asked}))["createCalendar"]
    assert (refused["calendar"], refused["advice"], len(refused["errors"])) == (None, [], 1)


async def test_what_does_not_count_is_answered_with_the_subject(api: Api) -> None:
    """A target that is never asked comes as advice; a Metric without a Target for the Subject says so."""
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "x", "document": CALENDAR}})
    targets: list[dict[str, Any]] = [
        {"name": "One", "when": "subject.number == 7", "duration": "1h"},
        {"name": "Two", "when": "subject.number == 7", "duration": "2h"},
    ]
    document = POLICY | {"metrics": {"resolution": {"start": "true", "stop": "false", "targets": targets}}}
    payload = (await api.ask(SAVE, {"input": {"key": "resolution", "document": document}}))["savePolicy"]
    assert [each["code"] for each in payload["advice"]] == ["target_unreachable"]
    await api.ask(INGEST, {"events": [event("INC1", "2026-03-02T08:30:00-03:00", "New", number=1)]})
    (missed,) = (await api.ask(UNCOUNTED))["subject"]["uncounted"]
    assert (missed["policyKey"], missed["metric"], missed["why"]) == (
        "resolution",
        "resolution",
        "TARGET_MISSING",
    )
    assert missed["message"] == "the start holds, but no target's condition does"
