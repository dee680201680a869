"""Calendars at the gateway: questions, versions, differences, plans, files and the audit."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from calendars.contract import AskCalendarState, CalendarStates
from gateway.upstream.doors import Doors
from serving.context import RequestContext
from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import CREATE_CALENDAR
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000
LONDON = {
    "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-12:30", "13:30-17:00"]},
    "holidays": [{"country": "GB", "subdivision": "ENG"}],
}
TOKYO = {"zone": "Asia/Tokyo", "hours": {"mon-fri": ["09:00-17:00"]}}

STATES = """query ($questions: [CalendarStateQuestion!]!, $knownAt: DateTime) {
  calendarStates(questions: $questions, knownAt: $knownAt) {
    key version at isOpen reason name nextOpen nextClose
  }
}"""
WINDOWS = """query ($questions: [CalendarWindowQuestion!]!) {
  calendarWindows(questions: $questions) {
    key openUs intervals { start end } segments { start end isOpen reason name }
  }
}"""
DIFFERENCE = "fromVersion toVersion zone beforeUs afterUs gainedUs lostUs days { date before after }"
PLAN = f"""query ($input: AmendCalendarInput!) {{
  calendarPlan(input: $input) {{ key version effectiveFrom affected token difference {{ {DIFFERENCE} }} }}
}}"""
AMEND = """mutation ($input: AmendCalendarInput!, $key: String) {
  amendCalendar(input: $input, idempotencyKey: $key) {
    calendar { version versions { version holds holdsUntil reason } } errors { code kind field message }
  }
}"""
REVERT = """mutation ($input: RevertCalendarInput!) {
  revertCalendar(input: $input) {
    calendar { version versions { version document } } errors { code kind field }
  }
}"""
APPLY = f"""mutation ($input: ApplyCalendarsInput!, $key: String) {{
  applyCalendars(input: $input, idempotencyKey: $key) {{
    calendars {{ key action version difference {{ {DIFFERENCE} }} }}
    sources {{ key action edition }} plan {{ effectiveFrom affected token cycles {{ running moved }} }}
    errors {{ code kind field message }}
  }}
}}"""
AUDIT = """query ($key: String, $first: Int! = 50, $after: String) {
  calendarAmendments(key: $key, first: $first, after: $after) {
    nodes { key version mode createdBy reason } pageInfo { hasNextPage endCursor }
  }
}"""


@pytest.fixture(params=["in process", "over HTTP"])
def composition(request: pytest.FixtureRequest) -> str:
    """Run each test of this module on both."""
    way: str = request.param
    return way


@pytest.fixture
async def desks(api: Api) -> Api:
    """Make two Calendars and a union of them."""
    for key, document in (("london", LONDON), ("tokyo", TOKYO), ("both", {"union": ["london", "tokyo"]})):
        made = {"input": {"key": key, "name": key.title(), "document": document}}
        assert (await api.ask(CREATE_CALENDAR, made))["createCalendar"]["errors"] == []
    return api


def amendment(**more: Any) -> dict[str, Any]:
    """Write an amendment of London's Calendar: open until six on Mondays from the ninth."""
    hours = {"mon": ["09:00-18:00"], "tue-fri": ["09:00-12:30", "13:30-17:00"]}
    said = {"key": "london", "expectedVersion": 1, "document": LONDON | {"hours": hours}}
    return {"input": said | {"effectiveFrom": "2026-03-09T00:00:00Z"} | more}


async def test_states_of_many_calendars_at_once(desks: Api) -> None:
    """Each question is answered in its place, with the reason, the next opening and the next closing."""
    questions = [
        {"key": "london"},
        {"key": "tokyo"},
        {"key": "both"},
        {"key": "london", "at": "2026-12-25T12:00:00Z"},
    ]
    london, tokyo, both, christmas = (await desks.ask(STATES, {"questions": questions}))["calendarStates"]
    assert (london["at"], london["isOpen"], london["reason"]) == (
        "2026-03-02T12:00:00Z",
        True,
        "WEEKLY_HOURS",
    )
    assert (london["nextOpen"], london["nextClose"]) == (london["at"], "2026-03-02T12:30:00Z")
    assert (tokyo["isOpen"], tokyo["nextOpen"]) == (False, "2026-03-03T00:00:00Z")
    assert (both["key"], both["isOpen"], both["version"]) == ("both", True, 1)
    assert (christmas["isOpen"], christmas["reason"], christmas["name"]) == (
        False,
        "HOLIDAY",
        "Christmas Day",
    )


async def test_elapsed_and_deadlines(desks: Api) -> None:
    """Open time and business days between instants; deadlines forward, back and in business days."""
    asked = await desks.ask("""{
      calendarElapsed(questions: [
        {key: "london", start: "2026-03-02T09:00:00Z", end: "2026-03-03T10:00:00Z"}
        {key: "london", start: "2026-03-03T10:00:00Z", end: "2026-03-02T09:00:00Z"}
      ]) { key version elapsedUs businessDays }
      calendarDeadlines(questions: [
        {key: "london", start: "2026-03-02T16:00:00Z", duration: "4h"}
        {key: "london", start: "2026-03-02T16:00:00Z", duration: "-PT4H"}
        {key: "tokyo", start: "2026-03-06T01:00:00Z", duration: "2bd"}
      ]) { deadline }
    }""")
    forward, back = asked["calendarElapsed"]
    assert forward == {"key": "london", "version": 1, "elapsedUs": 8 * HOUR_US, "businessDays": 1}
    assert (back["elapsedUs"], back["businessDays"]) == (-8 * HOUR_US, -1)
    assert [it["deadline"] for it in asked["calendarDeadlines"]] == [
        "2026-03-03T12:00:00Z",
        "2026-03-02T11:00:00Z",
        "2026-03-10T01:00:00Z",
    ]


async def test_windows_are_taken_apart(desks: Api) -> None:
    """Intervals are the open ones; segments leave no gap, and their open ones add up to the sum."""
    question = {"key": "london", "start": "2026-04-02T16:00:00Z", "end": "2026-04-07T09:00:00Z"}
    (window,) = (await desks.ask(WINDOWS, {"questions": [question]}))["calendarWindows"]
    assert window["openUs"] == HOUR_US
    assert window["intervals"] == [
        {"start": "2026-04-07T08:00:00Z", "end": "2026-04-07T09:00:00Z"},
    ]
    segments = window["segments"]
    assert (segments[0]["start"], segments[-1]["end"]) == (question["start"], question["end"])
    assert all(one["end"] == two["start"] for one, two in pairwise(segments))
    named = [(it["isOpen"], it["reason"], it["name"]) for it in segments if it["name"]]
    assert named == [(False, "HOLIDAY", "Good Friday"), (False, "HOLIDAY", "Easter Monday")]


async def test_a_bad_question_is_refused_with_its_place(desks: Api) -> None:
    """One standard of refusals: code, kind, field and message, for an unknown key, a duration, a batch."""
    unknown = await desks.refusal(STATES, {"questions": [{"key": "london"}, {"key": "rome"}]})
    assert (unknown["code"], unknown["kind"]) == ("calendar_unknown", "not_found")
    assert unknown["field"] == "questions[1].key"
    many = await desks.refusal(STATES, {"questions": [{"key": "london"}] * 1001})
    assert (many["code"], many["field"]) == ("batch_too_large", "questions")
    bad = await desks.refusal("""{ calendarDeadlines(questions: [
      {key: "london", start: "2026-03-02T16:00:00Z", duration: "soon"}]) { deadline } }""")
    assert (bad["code"], bad["field"]) == ("duration_invalid", "questions[0].duration")


async def test_an_answer_has_a_largest_size(desks: Api) -> None:
    """Fifty windows of three years are refused by the gateway's limit, which says how much they hold."""
    question = {"key": "london", "start": "2024-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    assert (await desks.ask(WINDOWS, {"questions": [question]}))["calendarWindows"][0]["openUs"] > 0
    refused = await desks.refusal(WINDOWS, {"questions": [question] * 50})
    assert (refused["code"], refused["kind"]) == ("limit_exceeded", "too_many")
    assert "intervals and segments" in refused["message"]


async def test_plan_then_apply_exactly_it(desks: Api) -> None:
    """A plan tells days, hours and who is affected, writes nothing, and its token applies it once."""
    plan = (await desks.ask(PLAN, amendment()))["calendarPlan"]
    assert (plan["version"], plan["effectiveFrom"]) == (2, "2026-03-09T00:00:00Z")
    assert plan["affected"] == ["london", "both"]
    day = plan["difference"]["days"][0]
    assert day == {"date": "2026-03-09", "before": ["09:00-12:30", "13:30-17:00"], "after": ["09:00-18:00"]}
    assert plan["difference"]["gainedUs"] == len(plan["difference"]["days"]) * 2 * HOUR_US
    assert (await desks.ask('{ calendar(key: "london") { version } }'))["calendar"]["version"] == 1

    amended = (await desks.ask(AMEND, amendment(planToken=plan["token"])))["amendCalendar"]
    assert amended["errors"] == []
    assert amended["calendar"]["versions"] == [
        {"version": 1, "holds": True, "holdsUntil": "2026-03-09T00:00:00Z", "reason": None},
        {"version": 2, "holds": True, "holdsUntil": None, "reason": None},
    ]
    asked = """{ calendarDifference(key: "london", fromVersion: 1, toVersion: 2) { gainedUs lostUs } }"""
    compared = (await desks.ask(asked))["calendarDifference"]
    assert compared == {"gainedUs": plan["difference"]["gainedUs"], "lostUs": 0}


async def test_a_plan_of_facts_that_moved_is_stale(desks: Api) -> None:
    """When a Calendar made of it was amended since, the token is refused and nothing is written."""
    plan = (await desks.ask(PLAN, amendment()))["calendarPlan"]
    other = {"key": "both", "expectedVersion": 1, "document": {"union": ["tokyo", "london"]}}
    assert (await desks.ask(AMEND, {"input": other}))["amendCalendar"]["errors"] == []
    refused = (await desks.ask(AMEND, amendment(planToken=plan["token"])))["amendCalendar"]
    assert refused["calendar"] is None
    (error,) = refused["errors"]
    assert (error["code"], error["kind"], error["field"]) == ("plan_stale", "conflict", "planToken")


async def test_a_plan_is_refused_as_the_amendment_would_be(desks: Api) -> None:
    """A window 25:00 is named with its path; a stale version names both."""
    bad = LONDON | {"hours": {"mon": ["25:00-26:00"]}}
    refused = await desks.refusal(PLAN, amendment(document=bad))
    assert (refused["code"], refused["field"]) == ("schedule_invalid", "document.hours.mon[0]")
    stale = await desks.refusal(PLAN, amendment(expectedVersion=7))
    assert (stale["code"], stale["field"]) == ("version_conflict", "expectedVersion")
    assert "7" in stale["message"]
    assert "1" in stale["message"]


async def test_revert_says_an_earlier_version_again(desks: Api) -> None:
    """Nothing is taken away: a third version says what the first said; an unknown one is refused."""
    assert (await desks.ask(AMEND, amendment()))["amendCalendar"]["errors"] == []
    reverted = (await desks.ask(REVERT, {"input": {"key": "london", "toVersion": 1, "expectedVersion": 2}}))[
        "revertCalendar"
    ]
    assert reverted["errors"] == []
    assert reverted["calendar"]["version"] == 3
    assert reverted["calendar"]["versions"][2]["document"] == LONDON
    unknown = {"input": {"key": "london", "toVersion": 9, "expectedVersion": 3}}
    (error,) = (await desks.ask(REVERT, unknown))["revertCalendar"]["errors"]
    assert (error["code"], error["field"]) == ("version_unknown", "toVersion")


def files(**documents: dict[str, Any]) -> list[dict[str, Any]]:
    """Write files, each Calendar named for its key."""
    return [{"key": key, "name": key.title(), "document": document} for key, document in documents.items()]


async def test_files_are_applied_all_or_none_or_planned(desks: Api) -> None:
    """A plan says what would be done and writes nothing; applying does that; one bad file undoes all."""
    wanted = files(
        rome={"parent": "london", "zone": "Europe/Rome"}, tokyo=TOKYO, both={"union": ["tokyo", "rome"]}
    )
    planned = (await desks.ask(APPLY, {"input": {"calendars": wanted, "plan": True}}))["applyCalendars"]
    assert (planned["plan"]["affected"], planned["plan"]["cycles"]) == (["both"], {"running": 0, "moved": 0})
    assert [(it["key"], it["action"], it["version"]) for it in planned["calendars"]] == [
        ("rome", "CREATE", 1),
        ("tokyo", "NONE", 1),
        ("both", "AMEND", 2),
    ]
    assert planned["calendars"][2]["difference"]["lostUs"] > 0
    assert (await desks.ask('{ calendar(key: "rome") { key } }'))["calendar"] is None

    bad = files(rome={"parent": "london"}, paris={"zone": "Europe/Lutetia", "hours": {}})
    refused = (await desks.ask(APPLY, {"input": {"calendars": bad}}))["applyCalendars"]
    assert refused["calendars"] is None
    assert refused["errors"][0]["field"] == "calendars[1].document.zone"
    assert (await desks.ask('{ calendar(key: "rome") { key } }'))["calendar"] is None

    keyed = {"input": {"calendars": wanted, "planToken": planned["plan"]["token"]}, "key": "once"}
    applied = (await desks.ask(APPLY, keyed))["applyCalendars"]
    assert [it["action"] for it in applied["calendars"]] == ["CREATE", "NONE", "AMEND"]
    assert (await desks.ask(APPLY, keyed))["applyCalendars"] == applied


async def test_the_audit_is_read_in_pages(desks: Api) -> None:
    """Newest first, of all Calendars or one, with who and why; a cursor of another list is refused."""
    restating = amendment(
        mode="RESTATE", effectiveFrom="2026-01-01T00:00:00Z", reason="Wrong hours in the contract"
    )
    assert (await desks.ask(AMEND, restating))["amendCalendar"]["errors"] == []
    first = (await desks.ask(AUDIT, {"first": 3}))["calendarAmendments"]
    assert len(first["nodes"]) == 3
    assert first["pageInfo"]["hasNextPage"] is True
    rest = (await desks.ask(AUDIT, {"after": first["pageInfo"]["endCursor"]}))["calendarAmendments"]
    assert len(rest["nodes"]) == 1
    assert rest["pageInfo"]["hasNextPage"] is False
    lines = [(it["key"], it["version"]) for it in first["nodes"] + rest["nodes"]]
    assert sorted(lines) == [("both", 1), ("london", 1), ("london", 2), ("tokyo", 1)]
    (latest, _) = (await desks.ask(AUDIT, {"key": "london"}))["calendarAmendments"]["nodes"]
    assert (latest["mode"], latest["reason"]) == ("RESTATE", "Wrong hours in the contract")
    assert latest["createdBy"].startswith("key:")
    assert (await desks.refusal(AUDIT, {"after": "Zm9v"}))["code"] == "cursor_invalid"


async def test_a_calendar_as_it_was_known(desks: Api, clock: StandingTime) -> None:
    """What a question says as of an earlier moment does not change when the past is put right."""
    asked = {"questions": [{"key": "london", "at": "2026-02-02T17:30:00Z"}]}
    clock.move(timedelta(hours=1))
    restating = amendment(mode="RESTATE", effectiveFrom="2026-01-01T00:00:00Z", reason="Longer Mondays")
    assert (await desks.ask(AMEND, restating))["amendCalendar"]["errors"] == []
    (now,) = (await desks.ask(STATES, asked))["calendarStates"]
    (then,) = (await desks.ask(STATES, asked | {"knownAt": "2026-03-02T12:30:00Z"}))["calendarStates"]
    assert (now["isOpen"], then["isOpen"]) == (True, False)


async def test_a_calendar_is_renamed_by_an_amendment(desks: Api) -> None:
    """The new name holds at once, by amending or by a file; the version that said it keeps it."""
    said = {"key": "tokyo", "expectedVersion": 1, "document": TOKYO, "name": "Tokyo desk"}
    assert (await desks.ask(AMEND, {"input": said}))["amendCalendar"]["errors"] == []
    renamed = [{"key": "london", "name": "London desk", "document": LONDON}]
    applied = (await desks.ask(APPLY, {"input": {"calendars": renamed}}))["applyCalendars"]
    assert [(it["action"], it["difference"]["days"]) for it in applied["calendars"]] == [("AMEND", [])]
    nodes = (await desks.ask("{ calendars { nodes { name versions { name } } } }"))["calendars"]["nodes"]
    assert [it["name"] for it in nodes] == ["Both", "London desk", "Tokyo desk"]
    assert nodes[2]["versions"] == [{"name": None}, {"name": "Tokyo desk"}]


async def test_rows_ask_about_themselves(desks: Api) -> None:
    """Every Calendar of a page says how it stands; a bad argument nulls its field, and is named."""
    asked = """query ($duration: String!) { calendars { nodes {
      key document state { isOpen reason } later: state(at: "2026-03-03T01:00:00Z") { isOpen }
      elapsed(start: "2026-03-02T00:00:00Z", end: "2026-03-03T00:00:00Z") { elapsedUs businessDays }
      deadline(start: "2026-03-02T16:00:00Z", duration: $duration) { deadline }
    } } }"""
    both, london, tokyo = (await desks.ask(asked, {"duration": "4h"}))["calendars"]["nodes"]
    assert [it["state"]["isOpen"] for it in (both, london, tokyo)] == [True, True, False]
    assert [it["later"]["isOpen"] for it in (both, london, tokyo)] == [True, False, True]
    assert [it["elapsed"]["elapsedUs"] // HOUR_US for it in (both, london, tokyo)] == [15, 7, 8]
    assert london["deadline"]["deadline"] == "2026-03-03T12:00:00Z"
    assert london["document"] == LONDON
    reply = (await desks.post(asked, {"duration": "soon"})).json
    assert [it["deadline"] for it in reply["data"]["calendars"]["nodes"]] == [None] * 3
    assert {it["extensions"]["field"] for it in reply["errors"]} == {"duration"}
    assert reply["data"]["calendars"]["nodes"][1]["state"]["isOpen"] is True


async def test_rows_ask_together(desks: Api, doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows ask, the door is asked once."""
    asked: list[int] = []
    ask = doors.calendars.ask_calendar_state

    async def count(context: RequestContext, request: AskCalendarState) -> CalendarStates:
        asked.append(len(request.questions))
        return await ask(context, request)

    monkeypatch.setattr(doors.calendars, "ask_calendar_state", count)
    await desks.ask("{ calendars { nodes { state { isOpen } again: state { version } } } }")
    assert asked == [3]
