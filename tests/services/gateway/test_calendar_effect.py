"""A plan of an amendment over the whole of the doors: Cycles, Breaches, and the money that hangs on them."""

from __future__ import annotations

from typing import Any

from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import AGREEMENT, CALENDAR, INGEST, SAVE_AGREEMENT, event
from tests.services.gateway.test_conformance import ingest_three, make_policy

PLAN = """query ($input: AmendCalendarInput!) {
  calendarPlan(input: $input) {
    token
    cycles {
      running ended moved breachesGained breachesLost
      lost { subjectId outcomeBefore outcomeAfter dueBefore dueAfter }
      money { moves { agreementKey period currency beforeMinor afterMinor } assessed leftOut }
    }
  }
}"""
AMEND = """mutation ($input: AmendCalendarInput!) {
  amendCalendar(input: $input) { calendar { version } errors { code kind field } }
}"""


def amendment(**more: Any) -> dict[str, Any]:
    """Ask that the team had begun at ten since the first of February."""
    document = {**CALENDAR, "hours": {"mon-fri": ["10:00-20:00"]}}
    said = {
        "key": "sao-paulo",
        "expectedVersion": 1,
        "document": document,
        "mode": "RESTATE",
        "reason": "wrong",
    }
    return {"input": {**said, "effectiveFrom": "2026-02-01T03:00:00Z", **more}}


async def test_a_plan_says_what_breaches_and_money_would_move(api: Api) -> None:
    """A Breach that would be withdrawn takes its ServiceCredit with it; the plan writes nothing of it."""
    await make_policy(api)
    await ingest_three(api)
    await api.ask(SAVE_AGREEMENT, {"input": {"key": "acme", "document": AGREEMENT}})
    for _ in range(2):
        effect = (await api.ask(PLAN, amendment()))["calendarPlan"]["cycles"]
        assert (effect["running"], effect["ended"]) == (1, 2)
        assert (effect["breachesGained"], effect["breachesLost"]) == (0, 1)
        (lost,) = effect["lost"]
        assert (lost["subjectId"], lost["outcomeBefore"], lost["outcomeAfter"]) == ("INC2", "BREACHED", "MET")
        moved = {
            "agreementKey": "acme",
            "period": "2026-02",
            "currency": "BRL",
            "beforeMinor": 100_000,
            "afterMinor": 0,
        }
        assert effect["money"] == {"moves": [moved], "assessed": 1, "leftOut": 0}


async def test_an_event_on_a_cycle_makes_the_plan_stale(api: Api) -> None:
    """What was planned is no more what would be done; a plan made anew is."""
    await make_policy(api)
    await ingest_three(api)
    token = (await api.ask(PLAN, amendment()))["calendarPlan"]["token"]
    late = event("INC3", "2026-03-02T11:50:00Z", "Awaiting", number=2)
    assert (await api.ask(INGEST, {"events": [late]}))["ingestEvents"]["accepted"] == 1
    refused = (await api.ask(AMEND, amendment(planToken=token)))["amendCalendar"]
    assert refused["calendar"] is None
    assert refused["errors"] == [{"code": "plan_stale", "kind": "conflict", "field": "planToken"}]
    token = (await api.ask(PLAN, amendment()))["calendarPlan"]["token"]
    amended = (await api.ask(AMEND, amendment(planToken=token)))["amendCalendar"]
    assert amended == {"calendar": {"version": 2}, "errors": []}
