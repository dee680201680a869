"""Why is it so, what was known when, and what would be if: asked over GraphQL."""

from __future__ import annotations

import pytest

from clocks.domain.verification import verify_receipt
from tests.services.gateway.conftest import Api
from tests.services.gateway.test_conformance import ingest_three, make_policy

HOUR_US = 3_600_000_000

EXPLANATION = """query ($subject: String!, $first: Int!, $after: Int!) {
  cycleExplanation(subjectId: $subject, policyKey: "resolution", metric: "resolution",
                   first: $first, after: $after) {
    cycle { outcome elapsedUs }
    segments { kind start end elapsedUs calendarKey calendarVersion reason because eventId }
    total hasNext knownAt
  }
}"""
RECEIPT = """{
  cycleReceipt(subjectId: "INC2", policyKey: "resolution", metric: "resolution") { document hash }
}"""
KNOWN = """query ($then: DateTime!) {
  then: subject(subjectId: "INC2", knownAt: $then) { knownAt events cycles { outcome } }
  now: subject(subjectId: "INC2") { knownAt events cycles { outcome } }
}"""
WHAT_IF = """query ($attributes: JSONObject, $action: WhatIfAction, $until: DateTime) {
  whatIf(subjectId: "INC3", attributes: $attributes, action: $action, until: $until) {
    readAt attributes
    cycles { before { phase target dueAt } after { phase target dueAt } }
  }
}"""
BACKTEST = """query ($document: JSONObject, $after: String) {
  backtest(policyKey: "resolution", document: $document, subjects: 2, after: $after) {
    subjects totalSubjects cursor
    before { target met breached pending } after { target met breached pending }
    flips { subjectId outcomeBefore outcomeAfter dueBefore dueAfter }
  }
}"""


@pytest.fixture(params=["in process", "over HTTP"])
def composition(request: pytest.FixtureRequest) -> str:
    """Run each test of this module on both."""
    way: str = request.param
    return way


@pytest.fixture
async def told(api: Api) -> Api:
    """Tell of three incidents."""
    await make_policy(api)
    await ingest_three(api)
    return api


async def test_a_cycle_is_explained_page_by_page(told: Api) -> None:
    """Each piece has its cause and reason; a page says whether more follow."""
    page = {"subject": "INC1", "first": 200, "after": 0}
    whole = (await told.ask(EXPLANATION, page))["cycleExplanation"]
    assert sum(each["elapsedUs"] for each in whole["segments"]) == whole["cycle"]["elapsedUs"] == 3 * HOUR_US
    first = whole["segments"][0]
    assert (first["kind"], first["reason"], first["because"]) == ("RUNNING", "WEEKLY_HOURS", "started")
    assert (first["calendarKey"], first["calendarVersion"]) == ("sao-paulo", 1)
    part = (await told.ask(EXPLANATION, page | {"first": 1}))["cycleExplanation"]
    assert (part["segments"], part["total"]) == ([first], whole["total"])
    assert part["hasNext"] == (whole["total"] > 1)
    unknown = await told.ask(EXPLANATION, page | {"subject": "INC9"})
    assert unknown["cycleExplanation"] is None


async def test_a_receipt_survives_the_way(told: Api) -> None:
    """What comes out of GraphQL is what was written: it verifies to the byte."""
    receipt = (await told.ask(RECEIPT))["cycleReceipt"]
    found = verify_receipt(receipt["document"])
    assert (found.differences, found.hash) == ((), receipt["hash"])


async def test_a_subject_as_it_was_known(told: Api) -> None:
    """Before anything was recorded nothing was known; known later than all, it is as now."""
    early = await told.ask(KNOWN, {"then": "2026-03-02T13:00:00Z"})
    assert early["then"] is None
    assert early["now"] == {"knownAt": None, "events": 2, "cycles": [{"outcome": "BREACHED"}]}
    late = (await told.ask(KNOWN, {"then": "2099-01-01T00:00:00Z"}))["then"]
    assert late == early["now"] | {"knownAt": "2099-01-01T00:00:00Z"}


async def test_what_if(told: Api) -> None:
    """Paused by hand there is no due time, until it is resumed."""
    held = (await told.ask(WHAT_IF, {"action": "PAUSE"}))["whatIf"]["cycles"][0]
    assert (held["before"]["phase"], held["before"]["dueAt"]) == ("RUNNING", "2026-03-02T15:30:00Z")
    assert (held["after"]["phase"], held["after"]["dueAt"]) == ("PAUSED", None)
    until = {"action": "PAUSE", "until": "2026-03-02T13:00:00Z"}
    later = (await told.ask(WHAT_IF, until))["whatIf"]
    assert later["readAt"] == "2026-03-02T13:00:00Z"
    assert later["cycles"][0]["after"]["dueAt"] == "2026-03-02T16:30:00Z"


async def test_a_backtest_is_driven_by_its_cursor(told: Api) -> None:
    """Two Subjects a page; the one whose outcome is another is named."""
    policy = (await told.ask('{ policy(key: "resolution") { versions { document } } }'))["policy"]
    document = policy["versions"][0]["document"]
    for target in document["metrics"]["resolution"]["targets"]:
        target["duration"] = "2h"
    first = (await told.ask(BACKTEST, {"document": document}))["backtest"]
    assert (first["subjects"], first["totalSubjects"]) == (2, 3)
    (flip,) = first["flips"]
    assert (flip["subjectId"], flip["outcomeBefore"], flip["outcomeAfter"]) == ("INC1", "MET", "BREACHED")
    last = (await told.ask(BACKTEST, {"document": document, "after": first["cursor"]}))["backtest"]
    assert (last["subjects"], last["totalSubjects"], last["cursor"]) == (1, None, None)
    assert last["flips"] == []
    refused = await told.refusal(BACKTEST, {"document": document | {"name": 3}})
    assert refused["field"] == "document.name"
