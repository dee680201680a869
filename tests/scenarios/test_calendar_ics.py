"""Holidays of others in a calendar, and a calendar's closures for others, through the gateway."""

from __future__ import annotations

import re

import aiohttp

from cli.access import Access
from cli.graphql import GatewayClient
from tests.scenarios.calendar_gateway import ERRORS, answers, create
from tests.scenarios.calendar_rows import State, desk

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Town hall//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20260310
DTEND;VALUE=DATE:20260312
SUMMARY:Fair\\, two days
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20200601
RRULE:FREQ=YEARLY;BYMONTH=6;BYDAY=1MO
SUMMARY:Town day
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20260401T090000Z
SUMMARY:A meeting
END:VEVENT
END:VCALENDAR
"""
SOURCE = "icsSource { pending { edition holidays skipped { name } } difference { added removed } }"
OFFER = f"""mutation ($content: String!) {{
  offerIcsContent(input: {{key: "town", content: $content}}) {{ {SOURCE} {ERRORS} }}
}}"""
ACCEPT = f"""mutation ($edition: Int!) {{
  acceptIcsEdition(input: {{key: "town", edition: $edition}}) {{ calendars {{ key action }} {ERRORS} }}
}}"""


async def test_ics_in_is_shown_before_it_counts(gateway: GatewayClient) -> None:
    """Its days and rules close a calendar once they are accepted; what was not taken is told."""
    save = f"""mutation {{ saveIcsSource(input: {{key: "town", name: "Town hall"}}) {{
      icsSource {{ key }} {ERRORS}
    }} }}"""
    await gateway.change(save, {})
    first = ICS.replace("20260312", "20260311")
    offered = (await gateway.change(OFFER, {"content": first}))["icsSource"]
    assert [it["name"] for it in offered["pending"]["skipped"]] == ["A meeting"]
    await gateway.change(ACCEPT, {"edition": offered["pending"]["edition"]})
    await create(gateway, {"desk": desk("UTC", holidays=[{"ics": "town"}])})
    before = [
        State("desk", "2026-03-10T10:00:00Z", is_open=False, why="Fair, two days"),
        State("desk", "2026-03-11T10:00:00Z", is_open=True),
        State("desk", "2027-06-07T10:00:00Z", is_open=False, why="Town day"),
    ]
    assert await answers(gateway, before) == before

    offered = (await gateway.change(OFFER, {"content": ICS}))["icsSource"]
    added = {"date": "2026-03-11", "name": "Fair, two days"}
    assert offered["difference"] == {"added": [added], "removed": []}
    assert await answers(gateway, before) == before
    accepted = await gateway.change(ACCEPT, {"edition": offered["pending"]["edition"]})
    assert accepted["calendars"] == [{"key": "desk", "action": "AMEND"}]
    after = [before[0], State("desk", "2026-03-11T10:00:00Z", is_open=False, why="Fair, two days"), before[2]]
    assert await answers(gateway, after) == after


async def test_ics_out_is_read_by_whoever_has_the_address(gateway: GatewayClient, access: Access) -> None:
    """Closures come as whole days without any credential; a revoked address shows nothing."""
    holidays = [{"country": "GB"}]
    await create(gateway, {"london": desk("Europe/London", holidays=holidays, special={"2026-03-06": []})})
    opened = await gateway.change(
        f'mutation {{ openClosureFeed(key: "london") {{ feed {{ feedId }} path {ERRORS} }} }}', {}
    )
    address = access.url.removesuffix("/graphql") + opened["path"]
    async with aiohttp.ClientSession() as http:
        async with http.get(address) as answer:
            assert (answer.status, answer.content_type) == (200, "text/calendar")
            text = await answer.text()
        days = dict(re.findall(r"DTSTART;VALUE=DATE:(\d+)\r\n.*?SUMMARY:(.*?)\r\n", text, re.DOTALL))
        assert days["20260403"] == "Good Friday"
        assert "20260306" in days
        assert "20260305" not in days
        revoke = f"revokeClosureFeed(feedId: $id) {{ feed {{ revokedAt }} {ERRORS} }}"
        await gateway.change(f"mutation ($id: String!) {{ {revoke} }}", {"id": opened["feed"]["feedId"]})
        async with http.get(address) as answer:
            assert answer.status == 404


async def test_what_is_opted_out_stays_out_when_the_data_is_renewed(gateway: GatewayClient) -> None:
    """A source that moves the holiday, and a parent that says it anew, close nobody who opted out."""
    save = f"""mutation {{ saveIcsSource(input: {{key: "town", name: "Town hall"}}) {{
      icsSource {{ key }} {ERRORS}
    }} }}"""
    await gateway.change(save, {})
    offered = (await gateway.change(OFFER, {"content": ICS}))["icsSource"]
    await gateway.change(ACCEPT, {"edition": offered["pending"]["edition"]})
    fair = "Fair, two days"
    document = desk("UTC", holidays=[{"ics": "town", "except": [fair]}])
    family = {"desk": document, "town": desk("UTC", holidays=[{"ics": "town"}])}
    await create(gateway, family | {"shop": {"parent": "town", "opt_out": [fair]}})
    moved = ICS.replace("20260310", "20260317").replace("20260312", "20260319")
    offered = (await gateway.change(OFFER, {"content": moved}))["icsSource"]
    accepted = await gateway.change(ACCEPT, {"edition": offered["pending"]["edition"]})
    assert sorted(line["key"] for line in accepted["calendars"]) == ["desk", "town"]
    wanted = [
        State("town", "2026-03-17T10:00:00Z", is_open=False, why=fair),
        State("town", "2026-03-10T10:00:00Z", is_open=True),
        State("desk", "2026-03-17T10:00:00Z", is_open=True),
        State("shop", "2026-03-17T10:00:00Z", is_open=True),
        State("desk", "2026-06-01T10:00:00Z", is_open=False, why="Town day"),
        State("shop", "2026-06-01T10:00:00Z", is_open=False, why="Town day"),
    ]
    assert await answers(gateway, wanted) == wanted
