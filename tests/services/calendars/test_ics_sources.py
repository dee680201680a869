"""Holidays from ICS sources: what waits is shown, what is accepted counts, documents stay as they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calendars.contract import (
    AcceptIcsEdition,
    AmendCalendar,
    ApplyCalendars,
    AskCalendarState,
    CalendarFile,
    Calendars,
    CreateCalendar,
    DismissIcsEdition,
    IcsSourceFile,
    IcsSourceRecord,
    ListIcsSources,
    OfferIcsContent,
    ReadCalendar,
    ReadIcsSource,
    RefreshIcsSource,
    RevertCalendar,
    SaveIcsSource,
    StateQuestion,
)
from calendars.operations.refresh_ics_source import claim_due, look
from calendars.service import CalendarsService
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import hours, refusal_of
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

FAIR = ("20260311", "Fair")
STOCKTAKING = ("20260318", "Stocktaking")
PICNIC = ("20260325", "Picnic")
NOON = {day: datetime(2026, 3, int(day), 12, tzinfo=UTC) for day in ("11", "18", "25")}


def ics(*events: tuple[str, str]) -> str:
    """Write a file of whole-day events."""
    lines = [
        line
        for day, name in events
        for line in ("BEGIN:VEVENT", f"DTSTART;VALUE=DATE:{day}", f"SUMMARY:{name}", "END:VEVENT")
    ]
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])


def office(*more: dict[str, Any], **entry: Any) -> dict[str, Any]:
    """Write a document with holidays of the source."""
    return hours("UTC", "09:00-17:00", holidays=[{"ics": "company", **entry}, *more])


async def offered(door: Calendars, context: RequestContext, *events: tuple[str, str]) -> IcsSourceRecord:
    """Upload a file of the source, which is made if need be."""
    await door.save_ics_source(context, SaveIcsSource(key="company", name="Company days"))
    return await door.offer_ics_content(context, OfferIcsContent(key="company", content=ics(*events)))


async def accepted(door: Calendars, context: RequestContext, *events: tuple[str, str]) -> None:
    """Upload a file and let it count."""
    record = await offered(door, context, *events)
    assert record.pending is not None
    await door.accept_ics_edition(context, AcceptIcsEdition(key="company", edition=record.pending.edition))


async def is_closed(door: Calendars, context: RequestContext, key: str, day: str) -> str | None:
    """Return the name of the holiday that closes a day of March; None where it is open."""
    asked = AskCalendarState(questions=(StateQuestion(key=key, at=NOON[day]),))
    (answer,) = (await door.ask_calendar_state(context, asked)).answers
    return None if answer.is_open else answer.name


async def test_what_waits_does_not_count_and_what_is_accepted_does(
    door: Calendars, context: RequestContext
) -> None:
    """An upload waits with its difference; a document cannot take it until it is accepted."""
    record = await offered(door, context, FAIR)
    assert record.accepted is None
    assert record.difference is not None
    assert [entry["name"] for entry in record.difference.added] == ["Fair"]
    create = CreateCalendar(key="office", name="Office", document=office())
    refused = await refusal_of(door.create_calendar(context, create))
    assert (refused.code, refused.field) == ("import_unknown", "document.holidays[0]")
    done = await door.accept_ics_edition(context, AcceptIcsEdition(key="company", edition=1))
    assert done.calendars == ()
    assert done.source.pending is None
    created = await door.create_calendar(context, create)
    (entry,) = created.versions[0].document["holidays"]
    assert entry == {"ics": "company", "digest": done.source.accepted and done.source.accepted.digest}
    assert await is_closed(door, context, "office", "11") == "Fair"
    assert (await door.read_ics_source(context, ReadIcsSource(key="company"))).calendars == ("office",)


async def test_accepting_amends_every_calendar_that_names_the_source(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """A plan shows the days; accepting adds a version; opt-outs survive; children follow."""
    await accepted(door, context, FAIR)
    make = [("office", office()), ("shop", office(**{"except": ["picnic"]})), ("desk", {"parent": "office"})]
    for key, document in make:
        await door.create_calendar(context, CreateCalendar(key=key, name=key, document=document))
    record = await offered(door, context, FAIR, STOCKTAKING, PICNIC)
    assert record.calendars == ("office", "shop")
    assert record.difference is not None
    assert [entry["name"] for entry in record.difference.added] == ["Stocktaking", "Picnic"]
    request = AcceptIcsEdition(key="company", edition=2, plan=True)
    plan = await door.accept_ics_edition(context, request)
    assert {(each.key, each.version) for each in plan.calendars} == {("office", 2), ("shop", 2)}
    changed = {
        each.key: [day.date.day for day in each.difference.days] for each in plan.calendars if each.difference
    }
    assert changed == {"office": [18, 25], "shop": [18]}
    assert (await door.read_ics_source(context, ReadIcsSource(key="company"))).pending is not None
    assert await is_closed(door, context, "office", "18") is None
    clock.move(timedelta(hours=1))
    done = await door.accept_ics_edition(context, AcceptIcsEdition(key="company", edition=2))
    assert [each.version for each in done.calendars] == [2, 2]
    closed = {key: await is_closed(door, context, key, "25") for key, _ in make}
    assert closed == {"office": "Picnic", "shop": None, "desk": "Picnic"}
    reasons = (await door.read_calendar(context, ReadCalendar(key="office"))).versions[-1].reason
    assert reasons == "edition 2 of ICS source company was accepted"


async def test_a_version_means_the_same_for_ever(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """Going back to an earlier version goes back to the content that it was pinned to."""
    await accepted(door, context, FAIR, PICNIC)
    await door.create_calendar(context, CreateCalendar(key="office", name="Office", document=office()))
    clock.move(timedelta(hours=1))
    await accepted(door, context, FAIR)
    assert await is_closed(door, context, "office", "25") is None
    clock.move(timedelta(hours=1))
    revert = RevertCalendar(key="office", to_version=1, expected_version=2)
    await door.revert_calendar(context, revert)
    assert await is_closed(door, context, "office", "25") == "Picnic"


async def test_accepting_brings_no_later_version_forward(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """What was to hold from a day on still does, with what counts now; what came before it, too."""
    await accepted(door, context, FAIR)
    await door.create_calendar(context, CreateCalendar(key="office", name="Office", document=office()))
    later = {**office(), "hours": {"mon-fri": ["13:00-17:00"]}}
    monday = datetime(2026, 3, 23, tzinfo=UTC)
    request = AmendCalendar(key="office", expected_version=1, document=later, effective_from=monday)
    await door.amend_calendar(context, request)
    clock.move(timedelta(hours=1))
    await accepted(door, context, FAIR, STOCKTAKING, PICNIC)
    record = await door.read_calendar(context, ReadCalendar(key="office"))
    assert [(each.version, each.effective_from) for each in record.versions if each.holds] == [
        (1, None),
        (3, clock()),
        (4, monday),
    ]
    assert await is_closed(door, context, "office", "18") == "Stocktaking"
    assert await is_closed(door, context, "office", "25") == "Picnic"
    questions = tuple(
        StateQuestion(key="office", at=datetime(2026, 3, day, 10, tzinfo=UTC)) for day in (17, 24)
    )
    answers = (await door.ask_calendar_state(context, AskCalendarState(questions=questions))).answers
    assert [each.is_open for each in answers] == [True, False]


async def test_content_of_another_tenant_is_not_to_be_had(
    door: Calendars, context: RequestContext, tenant: str
) -> None:
    """Its digest opens nothing where that content was not accepted."""
    await accepted(door, context, FAIR)
    digest = (await door.read_ics_source(context, ReadIcsSource(key="company"))).accepted
    stranger = acting_for(f"{tenant}-other")
    await accepted(door, stranger, PICNIC)
    document = office(digest=digest and digest.digest)
    refused = await refusal_of(
        door.create_calendar(stranger, CreateCalendar(key="office", name="Office", document=document))
    )
    assert refused.code == "import_unknown"


async def test_a_file_that_is_applied_again_changes_nothing(door: Calendars, context: RequestContext) -> None:
    """A document without a digest says what is there already, as long as nothing new was accepted."""
    await accepted(door, context, FAIR)
    files = ApplyCalendars(calendars=(CalendarFile(key="office", name="Office", document=office()),))
    assert [each.action for each in (await door.apply_calendars(context, files)).calendars] == ["create"]
    assert [each.action for each in (await door.apply_calendars(context, files)).calendars] == ["none"]


async def test_a_plan_is_stale_when_something_was_accepted_since(
    door: Calendars, context: RequestContext
) -> None:
    """A plan of a document that takes the source for the first time rests on what counts then."""
    await accepted(door, context, FAIR)
    plain = hours("UTC", "09:00-17:00")
    await door.create_calendar(context, CreateCalendar(key="office", name="Office", document=plain))
    request = AmendCalendar(key="office", expected_version=1, document=office())
    plan = await door.plan_amendment(context, request)
    await accepted(door, context, FAIR, PICNIC)
    stale = AmendCalendar(key="office", expected_version=1, document=office(), plan_token=plan.token)
    assert (await refusal_of(door.amend_calendar(context, stale))).code == "plan_stale"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (office(digest="0" * 64), "document.holidays[0]"),
        (office(digest="latest"), "document.holidays[0].digest"),
        (office(url="x"), "document.holidays[0].url"),
        (office(**{"except": "Fair"}), "document.holidays[0].except"),
        (hours("UTC", "09:00-17:00", holidays=[{"ics": "COMPANY"}]), "document.holidays[0].ics"),
        (hours("UTC", "09:00-17:00", holidays=[{"ics": "company"}] * 9), "document.holidays"),
        (office({"date": "2026-13-01", "name": "x"}), "document.holidays[1].date"),
    ],
)
async def test_an_import_that_means_nothing_is_refused(
    document: dict[str, Any], field: str, door: Calendars, context: RequestContext
) -> None:
    """Paths in refusals are those of the document as it was written."""
    await accepted(door, context, FAIR, STOCKTAKING, PICNIC)
    refused = await refusal_of(
        door.create_calendar(context, CreateCalendar(key="office", name="Office", document=document))
    )
    assert (refused.field, refused.kind) == (field, "invalid")


async def test_what_was_dismissed_is_not_offered_again(door: Calendars, context: RequestContext) -> None:
    """The same content is what it was; other content waits anew; the old content withdraws what waits."""
    await accepted(door, context, FAIR)
    await offered(door, context, FAIR, PICNIC)
    await door.dismiss_ics_edition(context, DismissIcsEdition(key="company", edition=2, reason="a mistake"))
    assert (await offered(door, context, PICNIC, FAIR)).pending is None
    waiting = (await offered(door, context, STOCKTAKING)).pending
    assert waiting is not None
    assert waiting.edition == 3
    assert (await offered(door, context, FAIR)).pending is None
    refused = await refusal_of(door.accept_ics_edition(context, AcceptIcsEdition(key="company", edition=3)))
    assert (refused.code, refused.kind) == ("ics_edition_stale", "conflict")


async def test_a_decision_has_a_reason_that_reads(door: Calendars, context: RequestContext) -> None:
    """Or none; what is no text is refused, and the edition waits on."""
    await offered(door, context, FAIR)
    for decide in (
        door.dismiss_ics_edition(context, DismissIcsEdition(key="company", edition=1, reason="\x00")),
        door.accept_ics_edition(context, AcceptIcsEdition(key="company", edition=1, reason="\x00")),
    ):
        refused = await refusal_of(decide)
        assert (refused.code, refused.field) == ("reason_invalid", "reason")
    await door.dismiss_ics_edition(context, DismissIcsEdition(key="company", edition=1))


async def test_what_is_done_to_a_source_is_written_down(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """Who saved it and where its feed was, who accepted and dismissed what, and why; newest first."""
    await offered(door, context, FAIR)
    clock.move(timedelta(hours=1))
    await accepted(door, context, FAIR, PICNIC)
    clock.move(timedelta(hours=1))
    url = "http://127.0.0.1:9/days.ics?key=secret"
    await door.save_ics_source(context, SaveIcsSource(key="company", name="Company days", url=url))
    await door.offer_ics_content(context, OfferIcsContent(key="company", content=ics(STOCKTAKING)))
    clock.move(timedelta(hours=1))
    request = DismissIcsEdition(key="company", edition=3, reason="a mistake")
    history = (await door.dismiss_ics_edition(context, request)).history
    assert [(each.action, each.edition, each.host, each.reason, each.by) for each in history] == [
        ("DISMISSED", 3, None, "a mistake", "user:ada"),
        ("SAVED", None, "127.0.0.1", None, "user:ada"),
        ("ACCEPTED", 2, None, None, "user:ada"),
        ("SAVED", None, None, None, "user:ada"),
        ("SAVED", None, None, None, "user:ada"),
    ]


async def test_sources_are_listed_in_pages(door: Calendars, context: RequestContext, tenant: str) -> None:
    """In order of key; those of another tenant are not seen."""
    for key in ("b", "a", "c"):
        await door.save_ics_source(context, SaveIcsSource(key=key, name=key))
    first = await door.list_ics_sources(context, ListIcsSources(first=2))
    assert ([each.key for each in first.sources], first.has_next) == (["a", "b"], True)
    last = await door.list_ics_sources(context, ListIcsSources(first=2, after="b"))
    assert ([each.key for each in last.sources], last.has_next) == (["c"], False)
    stranger = acting_for(f"{tenant}-other")
    refused = await refusal_of(door.read_ics_source(stranger, ReadIcsSource(key="a")))
    assert refused.code == "ics_source_unknown"


class Publisher:
    """A host of a feed: says what it is told to, perhaps not before so many have asked."""

    def __init__(self) -> None:
        self.content: str | bytes = ics(FAIR)
        self.status = 200
        self.headers: dict[str, str] = {}
        self.asked = 0
        self.unchanged = 0
        self.url = ""
        self.answers_once_asked = 0

    async def serve(self, request: Request) -> Response:
        """Answer; 304 where all that it has said of the content is said again."""
        self.asked += 1
        while self.asked < self.answers_once_asked:  # noqa: ASYNC110 - of requests that are under way
            await asyncio.sleep(0.01)
        names = {"etag": "if-none-match", "last-modified": "if-modified-since"}
        if self.headers and all(
            request.headers.get(names[name]) == value for name, value in self.headers.items()
        ):
            self.unchanged += 1
            return Response(status_code=304)
        return Response(
            self.content, status_code=self.status, media_type="text/calendar", headers=self.headers
        )


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    """Publish a feed on a real socket."""
    publisher = Publisher()
    app = Starlette(routes=[Route("/days.ics", publisher.serve)])
    async with listening(app) as url:
        publisher.url = f"{url}/days.ics?key=secret"
        yield publisher


async def test_a_feed_is_looked_at_and_its_address_kept(
    door: Calendars, context: RequestContext, publisher: Publisher
) -> None:
    """What it says waits; what goes wrong is told, and what counts stays."""
    source = await door.save_ics_source(
        context, SaveIcsSource(key="company", name="Company days", url=publisher.url)
    )
    assert source.host == "127.0.0.1"
    read = await door.refresh_ics_source(context, RefreshIcsSource(key="company"))
    assert read.pending is not None
    assert [entry["name"] for entry in read.pending.holidays] == ["Fair"]
    await door.accept_ics_edition(context, AcceptIcsEdition(key="company", edition=1))
    for status, content, said in ((500, "", "status 500"), (200, b"\xff\xfe", "UTF-8"), (302, "", "302")):
        publisher.status, publisher.content = status, content
        failed = await door.refresh_ics_source(context, RefreshIcsSource(key="company"))
        assert said in (failed.problem or "")
        assert "secret" not in (failed.problem or "")
        assert failed.accepted is not None
        assert failed.pending is None
    publisher.status, publisher.content = 200, ics(FAIR)
    assert (await door.refresh_ics_source(context, RefreshIcsSource(key="company"))).problem is None


@pytest.mark.parametrize(
    "headers",
    [
        {"etag": '"1"'},
        {"last-modified": "Mon, 02 Mar 2026 10:00:00 GMT"},
        {"etag": 'W/"1"', "last-modified": "Mon, 02 Mar 2026 10:00:00 GMT"},
    ],
)
async def test_a_feed_is_sent_again_only_where_it_has_changed(
    door: Calendars,
    context: RequestContext,
    publisher: Publisher,
    clock: StandingTime,
    headers: dict[str, str],
) -> None:
    """It is asked by what it said of its content; and whole again after an upload, or another address."""
    publisher.headers = headers
    save = SaveIcsSource(key="company", name="Company days", url=publisher.url)
    await door.save_ics_source(context, save)
    look = RefreshIcsSource(key="company")
    first = await door.refresh_ics_source(context, look)
    clock.move(timedelta(hours=1))
    again = await door.refresh_ics_source(context, look)
    assert (publisher.asked, publisher.unchanged) == (2, 1)
    assert (again.pending, again.problem, again.checked_at) == (first.pending, None, clock.at)
    publisher.headers, publisher.content = {"etag": '"2"'}, ics(FAIR, PICNIC)
    changed = await door.refresh_ics_source(context, look)
    assert changed.pending is not None
    assert [each["name"] for each in changed.pending.holidays] == ["Fair", "Picnic"]
    await door.offer_ics_content(context, OfferIcsContent(key="company", content=ics(STOCKTAKING)))
    back = await door.refresh_ics_source(context, look)
    assert back.pending is not None
    assert [each["name"] for each in back.pending.holidays] == ["Fair", "Picnic"]
    clock.move(timedelta(hours=1))
    await door.save_ics_source(context, save)
    await door.refresh_ics_source(context, look)
    assert publisher.unchanged == 1


async def test_a_feed_in_a_file_counts_at_once_when_it_is_new(
    door: Calendars, context: RequestContext, publisher: Publisher
) -> None:
    """Planned and applied with the calendar that takes from it; what it says later waits as ever."""
    file = IcsSourceFile(key="company", name="Company days", url=publisher.url, refresh_hours=6)
    wanted = ApplyCalendars(
        sources=(file,), calendars=(CalendarFile(key="office", name="Office", document=office()),)
    )
    planned = await door.apply_calendars(context, replace(wanted, plan=True))
    done = await door.apply_calendars(context, wanted)
    assert done.sources == planned.sources
    assert (done.sources[0].action, done.sources[0].edition) == ("create", 1)
    assert await is_closed(door, context, "office", "11") == "Fair"
    publisher.content = ics(PICNIC)
    asked = publisher.asked
    again = await door.apply_calendars(context, wanted)
    assert (again.sources[0].action, again.calendars[0].action, publisher.asked) == ("none", "none", asked)
    source = await door.refresh_ics_source(context, RefreshIcsSource(key="company"))
    assert (source.refresh_hours, source.accepted and source.accepted.edition) == (6, 1)
    assert source.pending is not None


async def test_a_feed_that_goes_back_is_noticed(
    door: Calendars, context: RequestContext, publisher: Publisher
) -> None:
    """What a file let count is not taken for what had waited before, though the feed says that again."""
    publisher.headers = {"etag": '"1"'}
    await door.save_ics_source(context, SaveIcsSource(key="company", name="Company", url=publisher.url))
    await door.refresh_ics_source(context, RefreshIcsSource(key="company"))
    publisher.headers, publisher.content = {"etag": '"2"'}, ics(PICNIC)
    file = IcsSourceFile(key="company", name="Company", url=publisher.url)
    await door.apply_calendars(context, ApplyCalendars(sources=(file,)))
    publisher.headers, publisher.content = {"etag": '"1"'}, ics(FAIR)
    source = await door.refresh_ics_source(context, RefreshIcsSource(key="company"))
    assert source.pending is not None
    assert [each["name"] for each in source.pending.holidays] == ["Fair"]


async def test_new_feeds_are_read_side_by_side(
    door: Calendars, context: RequestContext, publisher: Publisher
) -> None:
    """A folder of files that name slow feeds takes as long as a few of them, not as all."""
    publisher.answers_once_asked = 16
    files = [IcsSourceFile(key=f"s{number}", name="S", url=publisher.url) for number in range(16)]
    applied = await door.apply_calendars(context, ApplyCalendars(sources=tuple(files)))
    assert [each.edition for each in applied.sources] == [1] * 16


@pytest.mark.parametrize("url", ["http://10.0.0.1/a.ics", "file:///etc/passwd", "http://[::1]/a.ics"])
async def test_a_feed_of_our_own_network_is_refused(
    url: str, door: Calendars, context: RequestContext
) -> None:
    """An address that is not public is refused when it is saved."""
    refused = await refusal_of(
        door.save_ics_source(context, SaveIcsSource(key="company", name="Company days", url=url))
    )
    assert (refused.code, refused.field) == ("address_refused", "url")


async def test_feeds_are_looked_at_on_their_schedule(
    service: CalendarsService, context: RequestContext, publisher: Publisher, clock: StandingTime
) -> None:
    """Each in its rhythm, once whoever works, and sooner again after a failure."""

    async def work() -> int:
        """Look at all feeds that are due, those of other tests too; return how often ours was asked."""
        before = publisher.asked
        while due := await claim_due(database=service._database, now=clock(), limit=9, of_tenant=9):
            for feed in due:
                await look(
                    feed,
                    database=service._database,
                    access=service._feeds,
                    now=clock(),
                    request_id="request-1",
                )
        return publisher.asked - before

    clock.at += timedelta(days=1_000)
    await work()
    source = SaveIcsSource(key="company", name="Company days", url=publisher.url, refresh_hours=6)
    await service.save_ics_source(context, source)
    assert await work() == 1
    assert await work() == 0
    clock.move(timedelta(hours=6))
    publisher.status = 500
    assert await work() == 1
    clock.move(timedelta(hours=1))
    publisher.status = 200
    assert await work() == 1
    clock.move(timedelta(hours=5))
    assert await work() == 0
    record = await service.read_ics_source(context, ReadIcsSource(key="company"))
    assert record.pending is not None
    assert record.pending.read_by == "service:calendars"
