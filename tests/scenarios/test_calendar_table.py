"""What global teams need of calendars, row by row through the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from cli.graphql import GatewayClient, GatewayRefusalError
from tests.scenarios.calendar_gateway import AMEND, APPLY, ERRORS, HOUR_US, amend, answers, create
from tests.scenarios.calendar_rows import REFUSALS, ROWS, Deadline, Elapsed, Row, State, desk


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_row_of_the_table(gateway: GatewayClient, row: Row) -> None:
    """The Calendars of a row answer as was worked out by hand."""
    await create(gateway, row.calendars)
    assert await answers(gateway, row.answers) == list(row.answers)


@pytest.mark.parametrize(("name", "document", "code", "field"), REFUSALS, ids=[row[0] for row in REFUSALS])
async def test_what_means_nothing_is_refused_when_saved(
    gateway: GatewayClient, name: str, document: dict[str, Any], code: str, field: str
) -> None:
    """By amending, planning and applying alike, with the path in the document; and nothing is saved."""
    assert name
    family = {"root": desk("UTC"), "other": desk("UTC"), "child": {"parent": "root"}}
    await create(gateway, family | {"sun": {"union": ["child", "other"]}})
    with pytest.raises(GatewayRefusalError) as refused:
        await amend(gateway, "root", document)
    assert (refused.value.code, refused.value.field) == (code, field)
    said = {"key": "root", "expectedVersion": 1, "document": document}
    with pytest.raises(GatewayRefusalError) as refused:
        await gateway.ask(
            "query ($it: AmendCalendarInput!) { calendarPlan(input: $it) { key } }", {"it": said}
        )
    assert (refused.value.code, refused.value.field) == (code, field)
    with pytest.raises(GatewayRefusalError) as refused:
        await gateway.change(APPLY, {"files": [{"key": "root", "name": "root", "document": document}]})
    assert (refused.value.code, refused.value.field) == (code, f"calendars[0].{field}")
    assert (await gateway.ask('{ calendar(key: "root") { version } }'))["calendar"]["version"] == 1


async def test_what_a_parent_says_later_reaches_its_children(gateway: GatewayClient) -> None:
    """A holiday that the global calendar gains closes the region, and the union over it, from then on."""
    await create(
        gateway,
        {
            "global": desk("UTC"),
            "region": {"parent": "global", "zone": "Asia/Tokyo"},
            "sun": {"union": ["region", "region"]},
        },
    )
    holiday = [{"date": "2026-05-06", "name": "Founders' Day"}]
    await amend(gateway, "global", desk("UTC", holidays=holiday))
    wanted = [
        State("region", "2026-05-06T01:00:00Z", is_open=False, why="Founders' Day"),
        State("region", "2026-05-07T01:00:00Z", is_open=True),
    ]
    assert await answers(gateway, wanted) == wanted
    (sun,) = await answers(gateway, [State("sun", "2026-05-06T01:00:00Z", is_open=False)])
    assert not sun.is_open


async def test_a_version_holds_from_its_date(gateway: GatewayClient) -> None:
    """A deadline that crosses the date counts on both: old hours before it, new ones after."""
    await create(gateway, {"desk": desk("UTC")})
    crossing = Deadline("desk", "2026-03-06T16:00:00Z", "10h", "2026-03-10T10:00:00Z")
    assert await answers(gateway, [crossing]) == [crossing]
    shorter = {"zone": "UTC", "hours": {"mon-fri": ["09:00-13:00"]}}
    amended = await amend(gateway, "desk", shorter, effectiveFrom="2026-03-09T00:00:00Z")
    assert [(it["version"], it["holds"], it["holdsUntil"]) for it in amended["versions"]] == [
        (1, True, "2026-03-09T00:00:00Z"),
        (2, True, None),
    ]
    wanted: list[State | Elapsed | Deadline] = [
        Deadline("desk", "2026-03-06T16:00:00Z", "10h", "2026-03-11T10:00:00Z"),
        State("desk", "2026-03-06T16:00:00Z", is_open=True),
        State("desk", "2026-03-09T16:00:00Z", is_open=False),
    ]
    assert await answers(gateway, wanted) == wanted


async def test_the_past_is_put_right_with_a_reason(gateway: GatewayClient) -> None:
    """RESTATE reaches back; without a reason it is refused."""
    await create(gateway, {"desk": desk("UTC")})
    restating = {"mode": "RESTATE", "effectiveFrom": "2026-02-01T00:00:00Z"}
    holiday = desk("UTC", holidays=[{"date": "2026-02-02", "name": "Flood"}])
    with pytest.raises(GatewayRefusalError) as refused:
        await amend(gateway, "desk", holiday, **restating)
    assert (refused.value.code, refused.value.field) == ("reason_missing", "reason")
    await amend(gateway, "desk", holiday, **restating, reason="The cellar was under water")
    wanted = [
        State("desk", "2026-02-02T10:00:00Z", is_open=False, why="Flood"),
        State("desk", "2026-01-30T10:00:00Z", is_open=True),
    ]
    assert await answers(gateway, wanted) == wanted


async def test_a_preview_writes_nothing_and_is_applied_as_it_was_shown(gateway: GatewayClient) -> None:
    """The plan tells dates with their windows; its token applies just that, and not once a fact has moved."""
    await create(gateway, {"desk": desk("UTC"), "sun": {"union": ["desk", "night"]}, "night": NIGHT})
    said = {"key": "desk", "expectedVersion": 1, "effectiveFrom": "2026-03-09T00:00:00Z"}
    said |= {"document": desk("UTC", special={"2026-03-10": ["09:00-12:00"], "2026-03-14": ["10:00-11:00"]})}
    plan = (await gateway.ask(PLAN, {"input": said}))["calendarPlan"]
    assert plan["affected"] == ["desk", "sun"]
    assert plan["difference"] == {
        "gainedUs": HOUR_US,
        "lostUs": 5 * HOUR_US,
        "days": [
            {"date": "2026-03-10", "before": ["09:00-17:00"], "after": ["09:00-12:00"]},
            {"date": "2026-03-14", "before": [], "after": ["10:00-11:00"]},
        ],
    }
    unchanged = [State("desk", "2026-03-10T13:00:00Z", is_open=True)]
    assert await answers(gateway, unchanged) == unchanged
    await amend(gateway, "night", NIGHT | {"hours": {"sun": ["22:00-23:00"]}})
    with pytest.raises(GatewayRefusalError) as refused:
        await gateway.change(AMEND, {"input": said | {"planToken": plan["token"]}})
    assert (refused.value.code, refused.value.kind) == ("plan_stale", "conflict")
    again = (await gateway.ask(PLAN, {"input": said}))["calendarPlan"]
    assert again["difference"] == plan["difference"]
    await gateway.change(AMEND, {"input": said | {"planToken": again["token"]}})
    changed = [State("desk", "2026-03-10T13:00:00Z", is_open=False, why="SPECIAL_HOURS")]
    assert await answers(gateway, changed) == changed


NIGHT: dict[str, Any] = {"zone": "UTC", "hours": {"mon-sun": ["22:00-06:00"]}}
PLAN = """query ($input: AmendCalendarInput!) {
  calendarPlan(input: $input) {
    affected token difference { gainedUs lostUs days { date before after } }
  }
}"""


async def test_a_handover_counts_each_part_on_its_own_calendar(gateway: GatewayClient) -> None:
    """Half an hour of London's day is used; what is left counts from the morning in Tokyo."""
    await create(gateway, {"london": desk("Europe/London"), "tokyo": desk("Asia/Tokyo")})
    policy = {
        "name": "Resolution",
        "calendars": {
            "attribute": "region",
            "mapping": {"GB": "london", "JP": "tokyo"},
            "default": "london",
        },
        "metrics": {
            "resolution": {
                "start": "true",
                "stop": 'subject.state == "Done"',
                "retarget": "CARRY",
                "targets": [{"name": "All", "when": "true", "duration": "4h"}],
            }
        },
    }
    save = f"""mutation ($document: JSONObject!) {{
      savePolicy(input: {{key: "p", document: $document}}) {{ policy {{ version }} {ERRORS} }}
    }}"""
    await gateway.change(save, {"document": policy})
    events = [
        {
            "eventId": f"e{number}",
            "subjectId": "INC1",
            "occurredAt": at,
            "type": "updated",
            "attributes": {"region": region, "state": "New"},
        }
        for number, (at, region) in enumerate(
            [("2026-03-02T16:00:00Z", "GB"), ("2026-03-02T16:30:00Z", "JP")]
        )
    ]
    ingest = f"""mutation ($events: [EventInput!]!) {{
      ingestEvents(input: {{events: $events}}) {{ accepted {ERRORS} }}
    }}"""
    assert (await gateway.change(ingest, {"events": events}))["accepted"] == 2
    asked = """{ cycles(policyKey: "p") { nodes {
      calendarKey calendarRule startedAt dueAt elapsedUs remainingUs ticking
    } } }"""
    (cycle,) = (await gateway.ask(asked))["cycles"]["nodes"]
    assert cycle == {
        "calendarKey": "tokyo",
        "calendarRule": "attribute",
        "startedAt": "2026-03-02T16:00:00Z",
        "dueAt": "2026-03-03T03:30:00Z",
        "elapsedUs": HOUR_US // 2 + HOUR_US,
        "remainingUs": HOUR_US * 5 // 2,
        "ticking": True,
    }
