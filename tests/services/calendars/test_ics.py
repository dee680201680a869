"""ICS at the door: files in, feeds of closures out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from calendars.contract import (
    AmendCalendar,
    AskCalendarState,
    Calendars,
    CreateCalendar,
    ListClosureFeeds,
    OpenClosureFeed,
    ReadClosures,
    ReadIcs,
    RevokeClosureFeed,
    StateQuestion,
)
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import hours, refusal_of
from tests.services.standing_time import StandingTime

OFFICE = hours(
    "Pacific/Auckland",
    "09:00-17:00",
    holidays=[
        {
            "date": "2026-03-20",
            "name": "Founders' Day; a long name, with every mark \\ that needs care: " + "é" * 60,
        },
        {"date": "2026-04-06", "name": "Autumn"},
        {"date": "2026-04-07", "name": "Autumn"},
        {"rule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", "from": "2020-12-25", "name": "Christmas"},
    ],
    special={"2026-05-01": [], "2026-05-04": ["10:00-12:00"]},
)


@pytest.fixture
async def office(door: Calendars, context: RequestContext) -> Calendars:
    """Give a door behind which there is an office in Auckland."""
    await door.create_calendar(context, CreateCalendar(key="office", name="Office; NZ", document=OFFICE))
    return door


async def open_feed(door: Calendars, context: RequestContext) -> str:
    """Open a feed and return its secret."""
    return (await door.open_closure_feed(context, OpenClosureFeed(key="office"))).secret


async def test_a_second_library_reads_the_same_days(office: Calendars, context: RequestContext) -> None:
    """What is closed against the weekly rule comes out as whole days of the Calendar's own zone."""
    icalendar: Any = pytest.importorskip("icalendar", reason="the second library is not installed")
    content = (
        await office.read_closures(context, ReadClosures(secret=await open_feed(office, context)))
    ).content
    read = icalendar.Calendar.from_ical(content)
    events = [
        (event["DTSTART"].dt, event["DTEND"].dt, str(event["SUMMARY"]))
        for event in read.walk("VEVENT")
        if event["DTSTART"].dt < date(2027, 1, 1)
    ]
    assert events == [
        (date(2025, 12, 25), date(2025, 12, 26), "Christmas"),
        (date(2026, 3, 20), date(2026, 3, 21), OFFICE["holidays"][0]["name"]),
        (date(2026, 4, 6), date(2026, 4, 8), "Autumn"),
        (date(2026, 5, 1), date(2026, 5, 2), "Closed"),
        (date(2026, 12, 25), date(2026, 12, 26), "Christmas"),
    ]
    assert str(read["NAME"]) == "Office\\; NZ"  # that library leaves the escape of a NAME to its reader
    assert len({str(event["UID"]) for event in read.walk("VEVENT")}) == len(read.walk("VEVENT"))
    assert all(len(line.encode()) <= 75 for line in content.split("\r\n"))


async def test_what_goes_out_comes_in_again(office: Calendars, context: RequestContext) -> None:
    """Our own reader takes our own file, every event of it."""
    content = (
        await office.read_closures(context, ReadClosures(secret=await open_feed(office, context)))
    ).content
    read = await office.read_ics(context, ReadIcs(content=content))
    assert read.skipped == ()
    names = {entry["date"]: entry["name"] for entry in read.holidays}
    assert {day for day in names if day < "2027"} == {
        "2025-12-25",
        "2026-03-20",
        "2026-04-06",
        "2026-04-07",
        "2026-05-01",
        "2026-12-25",
    }
    assert names["2026-03-20"] == OFFICE["holidays"][0]["name"]


async def test_an_uploaded_file_closes_a_calendar(office: Calendars, context: RequestContext) -> None:
    """The entries go into a document as they are, and the day is a holiday by its name."""
    content = (
        "BEGIN:VCALENDAR\n"
        "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260311\nSUMMARY:Fair\nEND:VEVENT\n"
        "BEGIN:VEVENT\nDTSTART:20260312T090000Z\nSUMMARY:Meeting\nEND:VEVENT\n"
        "END:VCALENDAR\n"
    )
    read = await office.read_ics(context, ReadIcs(content=content))
    assert [(skipped.line, skipped.name) for skipped in read.skipped] == [(6, "Meeting")]
    document = hours("UTC", "09:00-17:00", holidays=list(read.holidays))
    await office.create_calendar(context, CreateCalendar(key="shop", name="Shop", document=document))
    asked = AskCalendarState(questions=(StateQuestion(key="shop", at=datetime(2026, 3, 11, 10, tzinfo=UTC)),))
    (answer,) = (await office.ask_calendar_state(context, asked)).answers
    assert (answer.is_open, answer.reason, answer.name) == (False, "holiday", "Fair")


async def test_a_feed_follows_its_calendar(
    office: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """The same content has the same etag; an amendment changes both."""
    secret = await open_feed(office, context)
    first = await office.read_closures(context, ReadClosures(secret=secret))
    assert await office.read_closures(context, ReadClosures(secret=secret)) == first
    clock.move(timedelta(hours=1))
    changed = OFFICE | {"special": {"2026-03-25": []}}
    await office.amend_calendar(context, AmendCalendar(key="office", expected_version=1, document=changed))
    second = await office.read_closures(context, ReadClosures(secret=secret))
    assert second.etag != first.etag
    assert "DTSTART;VALUE=DATE:20260325" in second.content
    assert "DTSTART;VALUE=DATE:20260501" not in second.content


async def test_a_revoked_feed_opens_nothing(
    office: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """Its secret is refused as any other text is; the feed stays in the list with who ended it, and when."""
    opened = await office.open_closure_feed(context, OpenClosureFeed(key="office"))
    kept = await open_feed(office, context)
    now = clock.move(timedelta(hours=1))
    ended = await office.revoke_closure_feed(context, RevokeClosureFeed(feed_id=opened.feed.feed_id))
    assert (ended.revoked_at, ended.revoked_by) == (now, "user:ada")
    clock.move(timedelta(hours=1))
    assert await office.revoke_closure_feed(context, RevokeClosureFeed(feed_id=opened.feed.feed_id)) == ended
    refused = await refusal_of(office.read_closures(context, ReadClosures(secret=opened.secret)))
    assert (refused.kind, refused.code, refused.field) == ("not_found", "feed_unknown", "secret")
    assert (await office.read_closures(context, ReadClosures(secret=kept))).content
    feeds = (await office.list_closure_feeds(context, ListClosureFeeds(key="office"))).feeds
    assert {feed.feed_id: feed.revoked_at for feed in feeds}[ended.feed_id] == now
    assert len(feeds) == 2


@pytest.mark.parametrize("secret", ["", "x", "0" * 43, "é", "a" * 100_000])
async def test_no_other_text_opens_a_feed(office: Calendars, context: RequestContext, secret: str) -> None:
    """A guess of any shape is the same refusal; so is a right secret in another tenant."""
    right = await open_feed(office, context)
    assert (
        await refusal_of(office.read_closures(context, ReadClosures(secret=secret)))
    ).code == "feed_unknown"
    other = acting_for(f"{context.tenant_id}-other")
    assert (await refusal_of(office.read_closures(other, ReadClosures(secret=right)))).code == "feed_unknown"


async def test_feeds_are_bounded_and_need_their_scope(office: Calendars, context: RequestContext) -> None:
    """Fifty may be open; the fifty-first waits for one to end. Reading does not allow opening."""
    opened = [await office.open_closure_feed(context, OpenClosureFeed(key="office")) for _ in range(50)]
    assert len({each.secret for each in opened}) == 50
    refused = await refusal_of(office.open_closure_feed(context, OpenClosureFeed(key="office")))
    assert (refused.code, refused.field) == ("feeds_too_many", "key")
    await office.revoke_closure_feed(context, RevokeClosureFeed(feed_id=opened[0].feed.feed_id))
    await open_feed(office, context)
    reader = acting_for(context.tenant_id, scopes=frozenset({"read"}))
    for asking in (
        office.open_closure_feed(reader, OpenClosureFeed(key="office")),
        office.revoke_closure_feed(reader, RevokeClosureFeed(feed_id=opened[1].feed.feed_id)),
        office.list_closure_feeds(reader, ListClosureFeeds(key="office")),
        office.read_ics(reader, ReadIcs(content="")),
    ):
        assert (await refusal_of(asking)).code == "scope_missing"


async def test_unknown_calendars_and_feeds_are_refused(office: Calendars, context: RequestContext) -> None:
    """Each by its field."""
    refused = await refusal_of(office.open_closure_feed(context, OpenClosureFeed(key="nobody")))
    assert (refused.code, refused.field) == ("calendar_unknown", "key")
    refused = await refusal_of(office.list_closure_feeds(context, ListClosureFeeds(key="nobody")))
    assert (refused.code, refused.field) == ("calendar_unknown", "key")
    refused = await refusal_of(office.revoke_closure_feed(context, RevokeClosureFeed(feed_id="0" * 16)))
    assert (refused.code, refused.field) == ("feed_unknown", "feed_id")
    refused = await refusal_of(office.read_ics(context, ReadIcs(content="hello")))
    assert (refused.code, refused.field) == ("ics_invalid", "content")
