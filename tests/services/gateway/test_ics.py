"""Holidays from iCalendar, closures as a feed, and the watches, as users of the gateway meet them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from gateway.app import Gateway
from tests.services.gateway.conftest import Api, key_for
from tests.services.standing_time import StandingTime

OFFICE = {
    "zone": "Pacific/Auckland",
    "hours": {"mon-fri": ["09:00-17:00"]},
    "holidays": [
        {"country": "NZ", "subdivision": "AUK"},
        {"rule": "FREQ=MONTHLY;BYDAY=1FR", "from": "2025-01-03", "name": "Free Friday"},
        {"date": "2026-04-08", "name": "Founders' Day; all, of it"},
    ],
    "special": {"2026-05-01": [], "2026-05-04": ["10:00-12:00"]},
}
FAIR = """BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260311
SUMMARY:Fair
END:VEVENT
END:VCALENDAR
"""

CREATE = """mutation ($input: CreateCalendarInput!) { createCalendar(input: $input) {
  calendar { key versions { document } } errors { code field message } } }"""
SAVE = """mutation ($input: SaveIcsSourceInput!) { saveIcsSource(input: $input) {
  icsSource { id key host } errors { code kind field message } } }"""
OFFER = """mutation ($input: OfferIcsContentInput!) { offerIcsContent(input: $input) {
  icsSource { accepted { edition } pending { edition holidays skipped { line name reason } }
    difference { added removed } } errors { code kind field message } } }"""
ACCEPT = """mutation ($input: AcceptIcsEditionInput!) { acceptIcsEdition(input: $input) {
  planned icsSource { pending { edition } accepted { edition digest } }
  calendars { key action version difference { days { date before after } } }
  errors { code kind field message } } }"""
DISMISS = """mutation { dismissIcsEdition(input: {key: "company", edition: 1}) {
  icsSource { pending { edition } } errors { code } } }"""
OPEN = "mutation ($key: String!) { openClosureFeed(key: $key) { path feed { feedId key } errors { code } } }"
REVOKE = """mutation ($id: String!) { revokeClosureFeed(feedId: $id) {
  feed { revokedAt revokedBy } errors { code } } }"""


@pytest.fixture(params=["in process", "over HTTP"])
def composition(request: pytest.FixtureRequest) -> str:
    """Reach the services both ways."""
    way: str = request.param
    return way


async def create(api: Api, key: str, document: dict[str, Any]) -> Any:
    """Create a Calendar and return the payload."""
    made = await api.ask(CREATE, {"input": {"key": key, "name": key, "document": document}})
    return made["createCalendar"]


async def test_a_file_waits_counts_and_amends(api: Api) -> None:
    """Upload, see the difference, plan, accept; a later file amends the Calendar that takes it."""
    saved = (await api.ask(SAVE, {"input": {"key": "company", "name": "Company days"}}))["saveIcsSource"]
    assert saved["errors"] == []
    offered = (await api.ask(OFFER, {"input": {"key": "company", "content": FAIR}}))["offerIcsContent"]
    source = offered["icsSource"]
    assert source["difference"] == {"added": [{"date": "2026-03-11", "name": "Fair"}], "removed": []}
    accepted = await api.ask(ACCEPT, {"input": {"key": "company", "edition": 1}})
    digest = accepted["acceptIcsEdition"]["icsSource"]["accepted"]["digest"]
    document = {"zone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}, "holidays": [{"ics": "company"}]}
    made = await create(api, "shop", document)
    assert made["calendar"]["versions"][0]["document"]["holidays"] == [{"ics": "company", "digest": digest}]
    later = FAIR.replace("20260311", "20260312")
    await api.ask(OFFER, {"input": {"key": "company", "content": later}})
    for plan in (True, False):
        done = await api.ask(ACCEPT, {"input": {"key": "company", "edition": 2, "plan": plan}})
        (line,) = done["acceptIcsEdition"]["calendars"]
        assert (line["key"], line["action"], line["version"]) == ("shop", "AMEND", 2)
        assert line["difference"]["days"] == [
            {"date": "2026-03-11", "before": [], "after": ["09:00-17:00"]},
            {"date": "2026-03-12", "before": ["09:00-17:00"], "after": []},
        ]
    found = await api.ask("""{ icsSources { nodes { id key calendars pending { edition }
        history { at by action edition host reason } } } }""")
    (node,) = found["icsSources"]["nodes"]
    assert (node["calendars"], node["pending"]) == (["shop"], None)
    assert [each["action"] for each in node["history"]].count("ACCEPTED") == 2
    same = await api.ask(
        "query ($id: ID!) { node(id: $id) { ... on IcsSource { key } } }", {"id": node["id"]}
    )
    assert same["node"] == {"key": "company"}


async def test_refusals_about_files_say_what_and_where(api: Api) -> None:
    """A hostile file, an address of our own network, and a decision about nothing."""
    await api.ask(SAVE, {"input": {"key": "company", "name": "Company days"}})
    bomb = FAIR.replace("SUMMARY", "RRULE:FREQ=SECONDLY\nSUMMARY")
    for content in ("", bomb, "x" * 900_000):
        refused = (await api.ask(OFFER, {"input": {"key": "company", "content": content}}))["offerIcsContent"]
        (error,) = refused["errors"]
        assert (error["code"], error["kind"], error["field"]) == ("ics_invalid", "invalid", "content")
    bad = {"key": "intranet", "name": "x", "url": "http://169.254.169.254/days.ics"}
    (error,) = (await api.ask(SAVE, {"input": bad}))["saveIcsSource"]["errors"]
    assert (error["code"], error["field"]) == ("address_refused", "url")
    assert (await api.ask(DISMISS))["dismissIcsEdition"]["errors"] == [{"code": "ics_edition_stale"}]
    made = await create(
        api, "shop", {"zone": "UTC", "hours": {"mon": ["09:00-17:00"]}, "holidays": [{"ics": "none"}]}
    )
    (error,) = made["errors"]
    assert (error["code"], error["field"]) == ("import_unknown", "document.holidays[0]")


async def test_a_second_library_reads_the_days_on_which_a_calendar_is_closed(
    api: Api, clock: StandingTime
) -> None:
    """Day for day over a year: what the feed shows is what the Calendar itself says of its reasons."""
    await create(api, "office", OFFICE)
    opened = (await api.ask(OPEN, {"key": "office"}))["openClosureFeed"]
    reply = await api.holding(None).send("GET", opened["path"])
    assert (reply.status, reply.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    feed = icalendar.Calendar.from_ical(reply.body)
    first = clock().date()
    last = first + timedelta(days=365)
    read = {
        day
        for event in recurring_ical_events.of(feed).between(first, last)
        for day in days_of(event["DTSTART"].dt, event["DTEND"].dt)
        if first < day < last
    }
    asked = await api.ask(
        """query ($start: DateTime!, $end: DateTime!) { calendarStates: calendarWindows(questions:
        [{key: "office", start: $start, end: $end}]) { segments { start isOpen reason name } } }""",
        {"start": f"{first}T00:00:00+13:00", "end": f"{last}T00:00:00+13:00"},
    )
    names = {
        segment["name"]
        for segment in asked["calendarStates"][0]["segments"]
        if segment["reason"] == "HOLIDAY"
    }
    assert {"Free Friday", "Founders' Day; all, of it"} <= names
    closed = await closed_days(api, first, last)
    assert read == closed
    assert date(2026, 5, 1) in read
    assert date(2026, 5, 4) not in read


def days_of(start: date, end: date) -> list[date]:
    """List the days of a whole-day event."""
    return [start + timedelta(days=number) for number in range((end - start).days)]


async def closed_days(api: Api, first: date, last: date) -> set[date]:
    """List the days between two on whose noon the Calendar is closed by a holiday or special hours."""
    days = days_of(first + timedelta(days=1), last)
    answers = []
    for part in (days[:200], days[200:]):
        questions = [{"key": "office", "at": f"{day}T12:00:00+12:30"} for day in part]
        asked = await api.ask(
            """query ($questions: [CalendarStateQuestion!]!) {
            calendarStates(questions: $questions) { isOpen reason } }""",
            {"questions": questions},
        )
        answers += asked["calendarStates"]
    return {
        day
        for day, answer in zip(days, answers, strict=True)
        if not answer["isOpen"]
        and answer["reason"] in {"HOLIDAY", "SPECIAL_HOURS"}
        and day != date(2026, 5, 4)
    }


async def test_an_address_of_a_feed_is_a_secret_and_can_be_revoked(
    api: Api, gateway: Gateway, tenant: str, clock: StandingTime
) -> None:
    """Nothing else opens it; after the revocation it opens nothing; a reader may not make one."""
    await create(api, "office", OFFICE)
    opened = (await api.ask(OPEN, {"key": "office"}))["openClosureFeed"]
    path = opened["path"]
    stranger = api.holding(None)
    first = await stranger.send("GET", path)
    again = await stranger.send("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert (await stranger.send("HEAD", path)).status == 200
    for wrong in (
        path.replace(tenant, f"{tenant}x"),
        path[:-6] + "xx.ics",
        path[:-4],
        path + "x",
        "/calendars/feeds/.ics",
    ):
        reply = await stranger.send("GET", wrong)
        assert reply.status == 404
    listed = await api.ask("""{ closureFeeds(key: "office") { feedId key revokedAt } }""")
    assert listed["closureFeeds"] == [
        {"feedId": opened["feed"]["feedId"], "key": "office", "revokedAt": None}
    ]
    ended = (await api.ask(REVOKE, {"id": opened["feed"]["feedId"]}))["revokeClosureFeed"]
    assert ended["feed"]["revokedAt"] is not None
    gone = await stranger.send("GET", path)
    assert (gone.status, gone.json["code"]) == (404, "feed_unknown")
    reader = api.holding(await key_for(gateway, tenant, clock, scopes=["read"]))
    refused = (await reader.ask(OPEN, {"key": "office"}))["openClosureFeed"]
    assert refused["path"] is None
    assert refused["errors"] == [{"code": "scope_missing"}]


async def test_watches_are_listed_and_taking_over_nothing_is_refused(api: Api) -> None:
    """What runs out within sixty days, and zones whose rules changed."""
    holidays = [{"date": "2026-03-11", "name": "Fair"}]
    await create(api, "shop", {"zone": "UTC", "hours": {"mon": ["09:00-17:00"]}, "holidays": holidays})
    found = await api.ask(
        "{ calendarWatches { tzdataVersion holidays { key source lastOn } zones { zone } } }"
    )
    watches = found["calendarWatches"]
    assert watches["holidays"] == [{"key": "shop", "source": None, "lastOn": "2026-03-11"}]
    assert watches["zones"] == []
    done = await api.ask(
        """mutation { adoptZoneRules(zone: "UTC") { adoptedAt change { zone } errors { code kind } } }"""
    )
    assert done["adoptZoneRules"]["errors"] == [{"code": "zone_unchanged", "kind": "not_found"}]
    refused = await api.refusal("{ calendarWatches(withinDays: 0) { tzdataVersion } }")
    assert (refused["code"], refused["field"]) == ("within_days_invalid", "withinDays")


async def test_a_file_is_read_without_being_kept(api: Api) -> None:
    """What an upload would bring, to be put into a document by hand."""
    found = await api.ask(
        "query ($content: String!) { icsHolidays(content: $content) { holidays skipped { line } } }",
        {"content": FAIR},
    )
    assert found["icsHolidays"] == {"holidays": [{"date": "2026-03-11", "name": "Fair"}], "skipped": []}
