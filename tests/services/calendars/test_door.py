"""One suite for both sides of the door: the service in process, and its client over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from businesstime import Timeline
from calendars.contract import (
    AmendCalendar,
    Calendars,
    CreateCalendar,
    ListCalendars,
    ReadCalendar,
    ReadTimelines,
)
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import LONDON, NEW_YORK, Refusal, hours, refusal_of
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000


async def create(door: Calendars, context: RequestContext, key: str, document: dict[str, Any]) -> None:
    """Create a Calendar named for its key."""
    await door.create_calendar(context, CreateCalendar(key=key, name=key.title(), document=document))


async def timeline(door: Calendars, context: RequestContext, key: str, **more: Any) -> Timeline:
    """Read one Timeline."""
    record = await door.read_timelines(context, ReadTimelines(keys=(key,), **more))
    return Timeline.from_bytes(record.timelines[0].blob)


async def test_a_created_calendar_reads_back_as_written(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """The record says what was written, by whom, when, and that it holds always."""
    created = await door.create_calendar(
        context, CreateCalendar(key="london", name=" London ", document=LONDON)
    )
    read = await door.read_calendar(context, ReadCalendar(key="london"))
    assert (read.versions, created.advice) == (created.versions, ())
    assert (read.key, read.name, read.version) == ("london", "London", 1)
    first = read.versions[0]
    assert first.document == LONDON
    assert list(first.document) == list(LONDON)
    assert (first.mode, first.effective_from, first.reason) == ("FORWARD", None, None)
    assert (first.created_at, first.created_by) == (clock.at, "user:ada")


async def test_amending_adds_a_version_and_keeps_the_first(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """FORWARD without an instant holds from now; the first version stays as it was."""
    await create(door, context, "london", LONDON)
    now = clock.move(timedelta(days=1))
    longer = hours("Europe/London", "08:00-20:00")
    amended = await door.amend_calendar(
        context, AmendCalendar(key="london", expected_version=1, document=longer, reason="Longer hours")
    )
    assert amended.version == 2
    assert [version.document for version in amended.versions] == [LONDON, longer]
    assert amended.versions[1].effective_from == now
    assert amended.versions[1].reason == "Longer hours"


@pytest.mark.parametrize(
    ("document", "code", "field"),
    [
        (hours("Europe/Lodnon", "09:00-17:00"), "zone_unknown", "document.zone"),
        (hours("Europe/London", "25:00-26:00", days="mon"), "schedule_invalid", "document.hours.mon[0]"),
        (hours("Europe/London", "09:00-12:00", "13:00-24:30", days="tue"), None, "document.hours.tue[1]"),
        (hours("Europe/London", days="mon"), "never_opens", "document"),
        ({"zone": "Europe/London"}, "schedule_invalid", "document.hours"),
        (hours("Europe/London", "09:00-17:00", holidays=[{"country": "XX"}]), "region_unknown", None),
        (hours("Europe/London", "09:00-17:00", opens="always"), "schedule_invalid", "document.opens"),
        ({"parent": "nobody"}, "reference_unknown", "document.parent"),
        ({"union": ["london", "nobody"]}, "reference_unknown", "document.union[1]"),
        ({"union": ["london"]}, "document_invalid", "document.union"),
        ({"union": ["london", "Bad Key"]}, "calendar_key_invalid", "document.union[1]"),
        ({"union": ["london", "london"], "zone": "UTC"}, "document_invalid", "document.zone"),
        ({"difference": ["london", "london"]}, "never_opens", "document"),
        ({"union": ["london", "new"]}, "reference_cycle", "document.union[1]"),
        ({"parent": "new"}, "reference_cycle", "document.parent"),
        (
            hours("Europe/London", "09:00-17:00", holidays=[{"date": "2026-01-01", "name": "x" * 300_000}]),
            None,
            None,
        ),
    ],
)
async def test_what_would_not_compile_is_not_saved(
    door: Calendars, context: RequestContext, document: dict[str, Any], code: str | None, field: str | None
) -> None:
    """A document that cannot be is refused with its code and the path of its fault, and nothing is kept."""
    await create(door, context, "london", LONDON)
    refused = await refusal_of(
        door.create_calendar(context, CreateCalendar(key="new", name="New", document=document))
    )
    assert refused.kind == "invalid"
    assert code is None or refused.code == code
    assert field is None or refused.field == field
    assert refused.message.startswith("document")
    assert (await refusal_of(door.read_calendar(context, ReadCalendar(key="new")))).code == "calendar_unknown"


@pytest.mark.parametrize("key", ["", "London", "-a", "_a", "a b", "a/b", "é", "a" * 64, "a\n"])
async def test_a_bad_key_is_refused(door: Calendars, context: RequestContext, key: str) -> None:
    """A key is 1 to 63 of a-z, 0-9, - and _, a letter or digit first."""
    refused = await refusal_of(
        door.create_calendar(context, CreateCalendar(key=key, name="N", document=LONDON))
    )
    assert (refused.kind, refused.code, refused.field) == ("invalid", "calendar_key_invalid", "key")


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b"])
async def test_a_bad_name_is_refused(door: Calendars, context: RequestContext, name: str) -> None:
    """A name is 1 to 200 printable characters."""
    refused = await refusal_of(
        door.create_calendar(context, CreateCalendar(key="a", name=name, document=LONDON))
    )
    assert (refused.code, refused.field) == ("calendar_name_invalid", "name")


async def test_a_key_is_used_once_in_a_tenant(door: Calendars, context: RequestContext) -> None:
    """A second Calendar of the same key is a conflict; another tenant may use it, and sees none of ours."""
    await create(door, context, "london", LONDON)
    refused = await refusal_of(
        door.create_calendar(context, CreateCalendar(key="london", name="Again", document=NEW_YORK))
    )
    assert (refused.kind, refused.code, refused.field) == ("conflict", "calendar_exists", "key")
    other = acting_for(f"{context.tenant_id}-other")
    assert (
        await refusal_of(door.read_calendar(other, ReadCalendar(key="london")))
    ).code == "calendar_unknown"
    assert (
        await refusal_of(door.read_timelines(other, ReadTimelines(keys=("london",))))
    ).code == "calendar_unknown"
    assert (await door.list_calendars(other, ListCalendars())).calendars == ()
    await create(door, other, "london", NEW_YORK)


async def test_an_amendment_of_an_older_version_names_both(door: Calendars, context: RequestContext) -> None:
    """A conflict says which version was expected and which is the latest."""
    await create(door, context, "london", LONDON)
    await door.amend_calendar(context, AmendCalendar(key="london", expected_version=1, document=NEW_YORK))
    refused = await refusal_of(
        door.amend_calendar(context, AmendCalendar(key="london", expected_version=1, document=NEW_YORK))
    )
    assert (refused.kind, refused.code, refused.field) == ("conflict", "version_conflict", "expected_version")
    assert "at version 2, not at 1" in refused.message


async def test_of_two_amendments_at_once_one_wins(door: Calendars, context: RequestContext) -> None:
    """Eight amend version 1 at the same time: one becomes version 2, the others are told of it."""
    await create(door, context, "london", LONDON)
    answers = await asyncio.gather(
        *(
            door.amend_calendar(
                context,
                AmendCalendar(
                    key="london", expected_version=1, document=hours("Europe/London", f"0{n}:00-17:00")
                ),
            )
            for n in range(8)
        ),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [getattr(error, "code", error) for error in refused] == ["version_conflict"] * 7
    assert (await door.read_calendar(context, ReadCalendar(key="london"))).version == 2


@pytest.mark.parametrize(
    ("amendment", "code", "field"),
    [
        (
            {"effective_from": datetime(2026, 3, 2, 11, 59, 59, 999_999, UTC)},
            "effective_from_past",
            "effective_from",
        ),
        ({"mode": "RESTATE", "reason": "why"}, "effective_from_missing", "effective_from"),
        (
            {"mode": "RESTATE", "reason": "why", "effective_from": datetime(2026, 3, 2, 12, 0, 0, 1, UTC)},
            "effective_from_future",
            "effective_from",
        ),
        ({"mode": "RESTATE", "effective_from": datetime(2026, 1, 1, tzinfo=UTC)}, "reason_missing", "reason"),
        (
            {"mode": "RESTATE", "reason": " ", "effective_from": datetime(2026, 1, 1, tzinfo=UTC)},
            "reason_missing",
            "reason",
        ),
        ({"reason": "x" * 2_001}, "reason_invalid", "reason"),
        ({"effective_from": datetime(2026, 4, 1)}, "instant_naive", "effective_from"),  # noqa: DTZ001 - the point
        ({"effective_from": datetime(2300, 1, 1, tzinfo=UTC)}, "instant_out_of_bounds", "effective_from"),
        ({"key": "nobody"}, "calendar_unknown", "key"),
        ({"expected_version": 0}, "version_conflict", "expected_version"),
        ({"document": {"parent": "london"}}, "reference_cycle", "document.parent"),
    ],
)
async def test_an_amendment_says_when_and_why(
    door: Calendars, context: RequestContext, amendment: dict[str, Any], code: str, field: str
) -> None:
    """FORWARD is not before now, RESTATE not after it nor without a reason; refusals name the field."""
    await create(door, context, "london", LONDON)
    asked: dict[str, Any] = {"key": "london", "expected_version": 1, "document": NEW_YORK} | amendment
    refused = await refusal_of(door.amend_calendar(context, AmendCalendar(**asked)))
    assert (refused.code, refused.field) == (code, field)
    assert (await door.read_calendar(context, ReadCalendar(key="london"))).version == 1


async def test_exactly_now_is_both_forward_and_restate(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """The instant now lies on both sides, whatever offset it is written with."""
    await create(door, context, "london", LONDON)
    here = clock.at.astimezone(timezone(timedelta(hours=5, minutes=45)))
    await door.amend_calendar(
        context, AmendCalendar(key="london", expected_version=1, document=NEW_YORK, effective_from=here)
    )
    amended = await door.amend_calendar(
        context,
        AmendCalendar(
            key="london",
            expected_version=2,
            document=NEW_YORK,
            mode="RESTATE",
            reason="Wrong office",
            effective_from=here,
        ),
    )
    assert [version.effective_from for version in amended.versions] == [None, clock.at, clock.at]


async def test_a_timeline_is_spliced_over_versions(door: Calendars, context: RequestContext) -> None:
    """Before `effective_from` the old hours count, from it on the new ones, in one sum."""
    await create(door, context, "office", hours("UTC", "09:00-10:00"))
    start = datetime(2026, 3, 9, tzinfo=UTC)
    await door.amend_calendar(
        context,
        AmendCalendar(
            key="office", expected_version=1, document=hours("UTC", "09:00-17:00"), effective_from=start
        ),
    )
    line = await timeline(door, context, "office")
    week = timedelta(days=7)
    assert line.elapsed(start - week, start) == 5 * HOUR_US
    assert line.elapsed(start, start + week) == 40 * HOUR_US
    assert line.elapsed(start - week, start + week) == 45 * HOUR_US


async def test_a_later_version_replaces_everything_from_its_instant(
    door: Calendars, context: RequestContext
) -> None:
    """A RESTATE that reaches back over a version leaves nothing of it, planned ones included."""
    await create(door, context, "office", hours("UTC", "09:00-10:00"))
    planned, restated = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)
    amendments: list[dict[str, Any]] = [
        {"document": hours("UTC", "09:00-17:00"), "effective_from": planned},
        {
            "document": hours("UTC", "09:00-11:00"),
            "effective_from": restated,
            "mode": "RESTATE",
            "reason": "Opened at ten, not nine",
        },
    ]
    for number, more in enumerate(amendments, start=1):
        await door.amend_calendar(context, AmendCalendar(key="office", expected_version=number, **more))
    line = await timeline(door, context, "office")
    week = timedelta(days=7)
    assert line.elapsed(restated - week, restated) == 5 * HOUR_US
    assert line.elapsed(restated, restated + week) == 10 * HOUR_US
    assert line.elapsed(planned, planned + week) == 10 * HOUR_US


async def test_as_known_earlier_stays_as_it_was(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """What was recorded at an instant is answered again after the past was put right."""
    await create(door, context, "office", hours("UTC", "09:00-10:00"))
    known = clock.at
    clock.move(timedelta(days=1))
    restated = datetime(2026, 1, 5, tzinfo=UTC)
    await door.amend_calendar(
        context,
        AmendCalendar(
            key="office",
            expected_version=1,
            document=hours("UTC", "09:00-11:00"),
            effective_from=restated,
            mode="RESTATE",
            reason="Opened longer",
        ),
    )
    before = await timeline(door, context, "office", known_at=known)
    after = await timeline(door, context, "office")
    week = timedelta(days=7)
    assert before.elapsed(restated, restated + week) == 5 * HOUR_US
    assert after.elapsed(restated, restated + week) == 10 * HOUR_US
    refused = await refusal_of(
        door.read_timelines(context, ReadTimelines(keys=("office",), known_at=known - timedelta(seconds=1)))
    )
    assert refused.code == "calendar_unknown"


async def test_timelines_come_in_the_order_asked_for(door: Calendars, context: RequestContext) -> None:
    """A batch answers key by key; equal content has equal content keys, other content has others."""
    for key, document in {"a": LONDON, "b": NEW_YORK, "c": LONDON}.items():
        await create(door, context, key, document)
    record = await door.read_timelines(context, ReadTimelines(keys=("c", "b", "a")))
    keys = {line.key: line.content_key for line in record.timelines}
    assert list(keys) == ["c", "b", "a"]
    assert keys["a"] == keys["c"] != keys["b"]
    assert [line.version for line in record.timelines] == [1, 1, 1]


@pytest.mark.parametrize(
    ("keys", "code", "field"),
    [
        (("a", "a"), "keys_repeated", "keys[1]"),
        (("a", "nobody"), "calendar_unknown", "keys[1]"),
        (("A",), "calendar_key_invalid", "keys[0]"),
        (tuple(f"k{n}" for n in range(201)), "batch_too_large", "keys"),
    ],
)
async def test_a_bad_batch_is_refused(
    door: Calendars, context: RequestContext, keys: tuple[str, ...], code: str, field: str
) -> None:
    """A batch with a key twice, unknown, malformed, or too many keys is refused whole, with the place."""
    await create(door, context, "a", LONDON)
    refused = await refusal_of(door.read_timelines(context, ReadTimelines(keys=keys)))
    assert (refused.code, refused.field) == (code, field)


async def test_pages_follow_one_another_without_gap(door: Calendars, context: RequestContext) -> None:
    """Pages in order of key, each after the last key of the one before, give every Calendar once."""
    wanted = [f"c{number:02}" for number in range(7)]
    for key in reversed(wanted):
        await create(door, context, key, NEW_YORK)
    seen: list[str] = []
    has_next = True
    while has_next:
        page = await door.list_calendars(context, ListCalendars(first=3, after=seen[-1] if seen else None))
        seen += [calendar.key for calendar in page.calendars]
        has_next = page.has_next
    assert seen == wanted


@pytest.mark.parametrize("first", [0, -1, 201])
async def test_a_page_has_a_limit(door: Calendars, context: RequestContext, first: int) -> None:
    """A page holds 1 to 200 rows."""
    refused = await refusal_of(door.list_calendars(context, ListCalendars(first=first)))
    assert (refused.code, refused.field) == ("page_too_large", "first")


async def test_scopes_are_asked_for(door: Calendars, context: RequestContext) -> None:
    """Reading does not allow changing, and changing does not allow reading."""
    reader = acting_for(context.tenant_id, scopes=frozenset({"read"}))
    writer = acting_for(context.tenant_id, scopes=frozenset({"calendars"}))
    refused = [
        await refusal_of(door.create_calendar(reader, CreateCalendar(key="a", name="A", document=LONDON))),
        await refusal_of(
            door.amend_calendar(reader, AmendCalendar(key="a", expected_version=1, document=LONDON))
        ),
        await refusal_of(door.read_calendar(writer, ReadCalendar(key="a"))),
        await refusal_of(door.list_calendars(writer, ListCalendars())),
        await refusal_of(door.read_timelines(writer, ReadTimelines(keys=("a",)))),
    ]
    assert {(each.kind, each.code) for each in refused} == {("forbidden", "scope_missing")}


async def test_an_idempotency_key_has_one_effect(door: Calendars, context: RequestContext) -> None:
    """The same request under the same key answers the same again; another request under it is a conflict."""
    keyed = acting_for(context.tenant_id, idempotency_key="once")
    creation = CreateCalendar(key="london", name="London", document=LONDON)
    first, again = await door.create_calendar(keyed, creation), await door.create_calendar(keyed, creation)
    assert first == again
    amendment = AmendCalendar(key="london", expected_version=1, document=NEW_YORK)
    amended = await door.amend_calendar(keyed, amendment)
    assert await door.amend_calendar(keyed, amendment) == amended
    assert (await door.read_calendar(context, ReadCalendar(key="london"))).version == 2
    other = CreateCalendar(key="paris", name="Paris", document=LONDON)
    refused: Refusal = await refusal_of(door.create_calendar(keyed, other))
    assert (refused.kind, refused.code) == ("conflict", "idempotency_conflict")


async def test_a_refused_request_leaves_its_idempotency_key_free(
    door: Calendars, context: RequestContext
) -> None:
    """What was refused had no effect: the key may be used for the request put right."""
    keyed = acting_for(context.tenant_id, idempotency_key="once")
    await refusal_of(
        door.create_calendar(keyed, CreateCalendar(key="a", name="A", document={"parent": "nobody"}))
    )
    assert (
        await door.create_calendar(keyed, CreateCalendar(key="a", name="A", document=LONDON))
    ).version == 1
