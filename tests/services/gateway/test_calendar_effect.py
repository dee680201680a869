"""A plan of an amendment over the whole of the doors: Cycles, Breaches, and the money that hangs on them."""

from __future__ import annotations

from typing import Any

from gateway.upstream.money_moves import MAX_ASSESSED
from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import (
    AGREEMENT,
    CALENDAR,
    INGEST,
    POLICY,
    SAVE_AGREEMENT,
    SAVE_POLICY,
    event,
)
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


async def test_months_past_the_limit_are_counted_and_not_assessed(api: Api) -> None:
    """Forty are assessed, first those in which most Cycles shift; of the others a plan says how many."""
    await make_policy(api)
    await api.ask(SAVE_POLICY, {"input": {"key": "second", "document": POLICY}})
    await ingest_three(api)
    (level,) = AGREEMENT["levels"]
    second = level | {"key": "second", "measure": level["measure"] | {"policy": "second"}}
    for number in range(MAX_ASSESSED + 1):
        await api.ask(SAVE_AGREEMENT, {"input": {"key": f"a{number:02}", "document": AGREEMENT}})
    both = AGREEMENT | {"levels": [level, second]}
    await api.ask(SAVE_AGREEMENT, {"input": {"key": "both", "document": both}})
    money = (await api.ask(PLAN, amendment()))["calendarPlan"]["cycles"]["money"]
    assert (money["assessed"], money["leftOut"]) == (40, 2)
    assert [move["agreementKey"] for move in money["moves"]] == [*(f"a{n:02}" for n in range(39)), "both"]
    assert {move["period"] for move in money["moves"]} == {"2026-02"}
    assert [move["beforeMinor"] for move in money["moves"]] == [100_000] * 39 + [150_000]
    assert {move["afterMinor"] for move in money["moves"]} == {0}


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
