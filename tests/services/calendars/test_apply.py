"""Calendars kept in files: planned, applied all or none, exported and imported again."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from calendars.contract import (
    AmendCalendar,
    ApplyCalendars,
    CalendarFile,
    Calendars,
    CalendarVersionRecord,
    FileAmendment,
    IcsSourceFile,
    ListAmendments,
    ListCalendars,
    ListIcsSources,
    ReadCalendar,
    ReadIcsSource,
    ReadTimelines,
)
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import LONDON, NEW_YORK, hours, refusal_of
from tests.services.standing_time import StandingTime

FILES: dict[str, dict[str, Any]] = {
    "sun": {"union": ["london", "new-york"]},
    "branch": {
        "parent": "london",
        "opt_out": ["Boxing Day"],
        "holidays": [{"date": "2026-05-04", "name": "Fair"}],
    },
    "london": LONDON,
    "new-york": NEW_YORK,
    "season": hours(
        "America/Sao_Paulo",
        "08:00-12:00",
        "13:00-18:00",
        seasons=[{"name": "summer", "from": "12-15", "to": "02-28", "hours": {"mon-thu": ["07:00-13:00"]}}],
        special={"2026-12-24": ["08:00-12:00"], "2026-11-29": ["09:00-15:00"]},
        holidays=[
            {"rule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31", "from": "2020-12-31", "name": "Year's end"}
        ],
    ),
}


def files_of(documents: dict[str, dict[str, Any]]) -> tuple[CalendarFile, ...]:
    """Write files, each Calendar named for its key."""
    return tuple(
        CalendarFile(key=key, name=key.title(), document=document) for key, document in documents.items()
    )


async def exported(door: Calendars, context: RequestContext) -> list[CalendarFile]:
    """Write what there is as files again, in order of key."""
    page = await door.list_calendars(context, ListCalendars(first=200))
    return [
        CalendarFile(key=each.key, name=each.name, document=each.versions[-1].document)
        for each in page.calendars
    ]


async def test_export_import_export_is_identical(door: Calendars, context: RequestContext) -> None:
    """Whatever the order of the files, an empty tenant then says the same, field for field, in order."""
    await door.apply_calendars(context, ApplyCalendars(calendars=files_of(FILES)))
    first = await exported(door, context)
    shuffled = list(first)
    random.Random(7).shuffle(shuffled)  # noqa: S311 - any order will do
    other = acting_for(f"{context.tenant_id}-other")
    await door.apply_calendars(other, ApplyCalendars(calendars=tuple(shuffled)))
    again = await exported(door, other)
    assert again == first
    assert [list(each.document) for each in again] == [list(FILES[each.key]) for each in again]


async def test_a_plan_says_what_would_be_done_and_does_nothing(
    door: Calendars, context: RequestContext
) -> None:
    """Created, amended with its difference in days, or left alone; and afterwards everything is as it was."""
    await door.apply_calendars(context, ApplyCalendars(calendars=files_of({"a": LONDON, "b": NEW_YORK})))
    changed = LONDON | {"special": {"2026-03-07": ["10:00-14:00"]}}
    wanted = ApplyCalendars(
        calendars=files_of({"c": {"parent": "a"}, "a": changed, "b": dict(reversed(NEW_YORK.items()))}),
        plan=True,
    )
    planned = await door.apply_calendars(context, wanted)
    assert [(each.key, each.action, each.version) for each in planned.calendars] == [
        ("c", "create", 1),
        ("a", "amend", 2),
        ("b", "none", 1),
    ]
    difference = planned.calendars[1].difference
    assert difference is not None
    assert [(each.date, each.before, each.after) for each in difference.days] == [
        (date(2026, 3, 7), (), ("10:00-14:00",))
    ]
    assert [each.version for each in (await door.list_calendars(context, ListCalendars())).calendars] == [
        1,
        1,
    ]
    change = planned.planned
    assert change is not None
    assert (change.effective_from, change.affected) == (datetime(2026, 3, 2, 12, tzinfo=UTC), ("a",))
    applied = await door.apply_calendars(context, ApplyCalendars(calendars=wanted.calendars))
    assert (applied.calendars, applied.planned) == (planned.calendars, None)
    after = await door.read_timelines(context, ReadTimelines(keys=("a",)))
    assert after.timelines[0].content_key == change.timelines[0].content_key
    assert (await door.read_calendar(context, ReadCalendar(key="a"))).version == 2


async def test_applying_twice_changes_nothing_the_second_time(
    door: Calendars, context: RequestContext
) -> None:
    """What already says the same is left alone, and leaves no line in the audit."""
    await door.apply_calendars(context, ApplyCalendars(calendars=files_of(FILES)))
    again = await door.apply_calendars(context, ApplyCalendars(calendars=files_of(FILES)))
    assert {each.action for each in again.calendars} == {"none"}
    audit = await door.list_amendments(context, ListAmendments())
    assert len(audit.amendments) == len(FILES)


@pytest.mark.parametrize(
    ("documents", "code", "field"),
    [
        ({"a": LONDON, "b": {"parent": "nobody"}}, "reference_unknown", "calendars[1].document.parent"),
        (
            {"a": LONDON, "b": hours("UTC", "25:00-26:00")},
            "schedule_invalid",
            "calendars[1].document.hours.mon-fri[0]",
        ),
        ({"a": LONDON, "B": LONDON}, "calendar_key_invalid", "calendars[1].key"),
        ({"a": {"parent": "b"}, "b": {"parent": "a"}}, "reference_cycle", "calendars"),
        ({"a": LONDON} | {f"k{n}": LONDON for n in range(200)}, "batch_too_large", "calendars"),
    ],
)
async def test_one_bad_file_leaves_all_undone(
    door: Calendars, context: RequestContext, documents: dict[str, dict[str, Any]], code: str, field: str
) -> None:
    """The refusal names the file and the path in it, and no other file was applied."""
    refused = await refusal_of(door.apply_calendars(context, ApplyCalendars(calendars=files_of(documents))))
    assert (refused.code, refused.field) == (code, field)
    assert refused.message.startswith(field.split(".document", maxsplit=1)[0])
    assert (await door.list_calendars(context, ListCalendars())).calendars == ()


async def test_a_file_twice_is_refused(door: Calendars, context: RequestContext) -> None:
    """A key stands in one file."""
    twice = (*files_of({"a": LONDON}), *files_of({"a": NEW_YORK}))
    refused = await refusal_of(door.apply_calendars(context, ApplyCalendars(calendars=twice)))
    assert (refused.code, refused.field) == ("keys_repeated", "calendars[1].key")


async def test_a_file_of_another_name_renames(door: Calendars, context: RequestContext) -> None:
    """A new version says the name; the audit has it; the hours stay; and no name at all is refused."""
    await door.apply_calendars(context, ApplyCalendars(calendars=files_of({"a": LONDON})))
    renamed = (CalendarFile(key="a", name=" Other ", document=LONDON),)
    for action in ("amend", "none"):
        done = await door.apply_calendars(context, ApplyCalendars(calendars=renamed))
        assert (done.calendars[0].action, done.calendars[0].version) == (action, 2)
    record = await door.read_calendar(context, ReadCalendar(key="a"))
    assert (record.name, [each.name for each in record.versions]) == ("Other", [None, "Other"])
    amended = AmendCalendar(key="a", expected_version=2, document=NEW_YORK)
    assert (await door.amend_calendar(context, amended)).name == "Other"
    lines = (await door.list_amendments(context, ListAmendments(key="a"))).amendments
    assert [each.name for each in lines] == [None, "Other", None]
    nameless = (CalendarFile(key="a", name=" ", document=LONDON),)
    refused = await refusal_of(door.apply_calendars(context, ApplyCalendars(calendars=nameless)))
    assert (refused.code, refused.field) == ("calendar_name_invalid", "calendars[0].name")


async def test_files_may_restate_with_a_reason(door: Calendars, context: RequestContext) -> None:
    """Mode, instant and reason go to every amendment."""
    await door.apply_calendars(context, ApplyCalendars(calendars=files_of({"a": LONDON})))
    restating = ApplyCalendars(
        calendars=files_of({"a": NEW_YORK}),
        mode="RESTATE",
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        reason="Wrong office",
    )
    await door.apply_calendars(context, restating)
    latest = (await door.read_calendar(context, ReadCalendar(key="a"))).versions[-1]
    assert (latest.mode, latest.reason) == ("RESTATE", "Wrong office")


async def test_applying_honours_its_idempotency_key_and_scope(
    door: Calendars, context: RequestContext
) -> None:
    """The same files under the same key answer the same; reading does not allow applying, nor planning."""
    keyed = acting_for(context.tenant_id, idempotency_key="once")
    wanted = ApplyCalendars(calendars=files_of({"a": LONDON}))
    assert await door.apply_calendars(keyed, wanted) == await door.apply_calendars(keyed, wanted)
    reader = acting_for(context.tenant_id, scopes=frozenset({"read"}))
    assert (await refusal_of(door.apply_calendars(reader, wanted))).code == "scope_missing"


def summer(first: str, last: str) -> dict[str, Any]:
    """Write a season."""
    return {"name": f"{first} to {last}", "from": first, "to": last, "hours": {"mon": ["09:00-10:00"]}}


@pytest.mark.parametrize(
    ("seasons", "refused"),
    [
        ((summer("06-01", "08-31"), summer("09-01", "12-31")), False),
        ((summer("06-01", "08-31"), summer("08-31", "12-31")), True),
        ((summer("12-15", "02-28"), summer("02-29", "03-31")), False),
        ((summer("12-15", "02-29"), summer("02-28", "03-31")), True),
        ((summer("12-15", "01-10"), summer("01-10", "03-31")), True),
        ((summer("2026-06-01", "2026-06-30"), summer("2026-06-30", "2026-07-31")), True),
        ((summer("2026-06-01", "2026-06-30"), summer("2027-06-01", "2027-06-30")), False),
        ((summer("2026-06-01", "2026-06-30"), summer("06-01", "08-31")), False),
        ((summer("06-01", "08-31"), summer("2026-06-01", "2026-06-30")), True),
        ((summer("06-01", "08-31"), summer("2026-09-01", "2026-09-30")), False),
    ],
)
async def test_overlapping_seasons_are_refused(
    door: Calendars, context: RequestContext, seasons: tuple[dict[str, Any], ...], *, refused: bool
) -> None:
    """Two seasons never claim one date, but a dated one that stands before a yearly one."""
    document = hours("UTC", "09:00-17:00", seasons=list(seasons))
    applying = door.apply_calendars(context, ApplyCalendars(calendars=files_of({"a": document})))
    if refused:
        refusal = await refusal_of(applying)
        assert (refusal.code, refusal.field) == ("seasons_overlap", "calendars[0].document.seasons[1]")
    else:
        assert (await applying).calendars[0].action == "create"


SUMMER = datetime(2026, 6, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 9, 1, tzinfo=UTC)


def amended_file() -> CalendarFile:
    """Write a file that knows of two amendments to come."""
    amendments = (
        FileAmendment(effective_from=SUMMER, document=hours("UTC", "08:00-14:00")),
        FileAmendment(effective_from=AUTUMN, document=hours("UTC", "09:00-18:00")),
    )
    return CalendarFile(key="a", name="A", document=hours("UTC", "09:00-17:00"), amendments=amendments)


def holding(versions: tuple[CalendarVersionRecord, ...]) -> list[tuple[datetime | None, Any]]:
    """List from when on which windows hold."""
    return [(each.effective_from, each.document["hours"]["mon-fri"]) for each in versions if each.holds]


async def test_a_file_holds_amendments_to_come(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """They are versions with instants of their own; and once one has begun, the file still says the same."""
    wanted = ApplyCalendars(calendars=(amended_file(),))
    done = await door.apply_calendars(context, wanted)
    assert (done.calendars[0].action, done.calendars[0].version) == ("create", 3)
    record = await door.read_calendar(context, ReadCalendar(key="a"))
    assert holding(record.versions) == [
        (None, ["09:00-17:00"]),
        (SUMMER, ["08:00-14:00"]),
        (AUTUMN, ["09:00-18:00"]),
    ]
    for _ in range(3):
        again = await door.apply_calendars(context, wanted)
        assert (again.calendars[0].action, again.calendars[0].version) == ("none", 3)
        clock.move(timedelta(days=120))


async def test_a_file_that_knows_of_another_amendment_amends(
    door: Calendars, context: RequestContext
) -> None:
    """What it says from now on replaces all that was to come, at the instants that it names."""
    await door.apply_calendars(context, ApplyCalendars(calendars=(amended_file(),)))
    file = amended_file()
    fewer = replace(file, amendments=file.amendments[1:])
    done = await door.apply_calendars(context, ApplyCalendars(calendars=(fewer,)))
    assert (done.calendars[0].action, done.calendars[0].version) == ("amend", 5)
    record = await door.read_calendar(context, ReadCalendar(key="a"))
    assert holding(record.versions)[1:] == [
        (datetime(2026, 3, 2, 12, tzinfo=UTC), ["09:00-17:00"]),
        (AUTUMN, ["09:00-18:00"]),
    ]


async def test_an_instant_of_an_earlier_apply_is_not_brought_forward(
    door: Calendars, context: RequestContext
) -> None:
    """A file applied from the summer on is the same when it is applied without an instant."""
    await door.apply_calendars(context, ApplyCalendars(calendars=files_of({"a": LONDON})))
    wanted = ApplyCalendars(calendars=files_of({"a": NEW_YORK}), effective_from=SUMMER)
    await door.apply_calendars(context, wanted)
    again = await door.apply_calendars(context, replace(wanted, effective_from=None))
    assert again.calendars[0].action == "none"


@pytest.mark.parametrize(
    ("amendments", "code", "field"),
    [
        ((AUTUMN, SUMMER), "document_invalid", "amendments[1].effective_from"),
        ((SUMMER, SUMMER), "document_invalid", "amendments[1].effective_from"),
        ((datetime(2026, 6, 1),), "instant_naive", "amendments[0].effective_from"),  # noqa: DTZ001
    ],
)
async def test_amendments_of_a_file_are_in_order(
    door: Calendars, context: RequestContext, amendments: tuple[datetime, ...], code: str, field: str
) -> None:
    """Each begins after the one before, at an instant with an offset; the path says which does not."""
    said = tuple(FileAmendment(effective_from=each, document=LONDON) for each in amendments)
    file = replace(amended_file(), amendments=said)
    refused = await refusal_of(door.apply_calendars(context, ApplyCalendars(calendars=(file,))))
    assert (refused.code, refused.field) == (code, f"calendars[0].{field}")


async def test_a_bad_amendment_of_a_file_is_named(door: Calendars, context: RequestContext) -> None:
    """What it lacks is told with its place in the file."""
    said = FileAmendment(effective_from=SUMMER, document=hours("UTC", "25:00-26:00"))
    file = replace(amended_file(), amendments=(said,))
    refused = await refusal_of(door.apply_calendars(context, ApplyCalendars(calendars=(file,))))
    assert refused.field == "calendars[0].amendments[0].document.hours.mon-fri[0]"
    said = FileAmendment(effective_from=SUMMER, document={"parent": "none"})
    file = replace(amended_file(), amendments=(said,))
    refused = await refusal_of(door.apply_calendars(context, ApplyCalendars(calendars=(file,))))
    assert refused.field == "calendars[0].amendments[0].document.parent"


FAIR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:2026{day}\r
SUMMARY:Fair\r
END:VEVENT\r
END:VCALENDAR\r
"""
TAKES = hours("UTC", "09:00-17:00", holidays=[{"ics": "fairs"}])


def fairs(day: str = "0504", **more: Any) -> ApplyCalendars:
    """Write a source's file, and that of a Calendar which takes from it."""
    source = IcsSourceFile(key="fairs", name="Fairs", content=FAIR.format(day=day))
    return ApplyCalendars(sources=(source,), calendars=files_of({"a": TAKES} | more))


async def test_sources_and_calendars_are_one(door: Calendars, context: RequestContext) -> None:
    """A plan knows the source that is not there yet; a bad calendar leaves it undone; both come together."""
    planned = await door.apply_calendars(context, replace(fairs(), plan=True))
    assert (planned.sources[0].action, planned.calendars[0].action) == ("create", "create")
    assert (await door.list_ics_sources(context, ListIcsSources())).sources == ()
    refused = await refusal_of(door.apply_calendars(context, fairs(b=hours("UTC", "25:00-26:00"))))
    assert refused.field == "calendars[1].document.hours.mon-fri[0]"
    assert (await door.list_ics_sources(context, ListIcsSources())).sources == ()

    done = await door.apply_calendars(context, fairs())
    assert (done.sources, done.calendars) == (planned.sources, planned.calendars)
    source = await door.read_ics_source(context, ReadIcsSource(key="fairs"))
    assert (source.accepted and source.accepted.edition, source.calendars) == (1, ("a",))
    again = await door.apply_calendars(context, fairs())
    assert (again.sources[0].action, again.calendars[0].action) == ("none", "none")


async def test_a_source_amends_what_takes_from_it(door: Calendars, context: RequestContext) -> None:
    """A Calendar with a file once, in its own line; one without a file in a line behind the files."""
    await door.apply_calendars(context, fairs(b=TAKES))
    changed = fairs(day="0511")
    for plan in (True, False):
        done = await door.apply_calendars(context, replace(changed, plan=plan))
        assert [(each.key, each.action, each.version) for each in done.calendars] == [
            ("a", "amend", 2),
            ("b", "amend", 2),
        ]
        assert (done.sources[0].action, done.sources[0].edition) == ("amend", 2)
        difference = done.sources[0].difference
        assert difference is not None
        assert [each["date"] for each in (*difference.removed, *difference.added)] == [
            "2026-05-04",
            "2026-05-11",
        ]
        assert done.planned is None or done.planned.affected == ("a", "b")


@pytest.mark.parametrize(
    ("source", "code", "field"),
    [
        (IcsSourceFile(key="fairs", name="F"), "ics_invalid", "content"),
        (IcsSourceFile(key="fairs", name="F", content="x", url="https://x.test/"), "ics_invalid", "content"),
        (IcsSourceFile(key="fairs", name="F", content="no calendar"), "ics_invalid", "content"),
        (IcsSourceFile(key="fairs", name="F", url="http://10.0.0.1/x.ics"), "address_refused", "url"),
        (
            IcsSourceFile(key="fairs", name="F", url="http://127.0.0.1:1/x.ics"),
            "outgoing_unreachable",
            "url",
        ),
        (IcsSourceFile(key="FAIRS", name="F", content="x"), "calendar_key_invalid", "key"),
    ],
)
async def test_a_bad_source_leaves_all_undone(
    door: Calendars, context: RequestContext, source: IcsSourceFile, code: str, field: str
) -> None:
    """The refusal names the file and the field, and no calendar was made."""
    wanted = ApplyCalendars(sources=(source,), calendars=files_of({"a": LONDON}))
    refused = await refusal_of(door.apply_calendars(context, wanted))
    assert (refused.code, refused.field) == (code, f"sources[0].{field}")
    assert (await door.list_calendars(context, ListCalendars())).calendars == ()


async def test_files_are_applied_as_they_were_planned(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """With its token a plan holds from its own instant, while nothing that it rests on has changed."""
    await door.apply_calendars(context, ApplyCalendars(calendars=files_of({"a": LONDON, "b": NEW_YORK})))
    wanted = ApplyCalendars(calendars=files_of({"a": NEW_YORK}))
    planned_at = clock.at
    planned = (await door.apply_calendars(context, replace(wanted, plan=True))).planned
    assert planned is not None
    clock.move(timedelta(hours=3))
    other = replace(wanted, calendars=files_of({"a": TAKES}), plan_token=planned.token)
    refused = await refusal_of(door.apply_calendars(context, other))
    assert (refused.kind, refused.code, refused.field) == ("conflict", "plan_stale", "plan_token")
    await door.apply_calendars(context, replace(wanted, plan_token=planned.token))
    latest = (await door.read_calendar(context, ReadCalendar(key="a"))).versions[-1]
    assert (latest.effective_from, latest.created_at) == (planned_at, clock.at)
    refused = await refusal_of(door.apply_calendars(context, replace(wanted, plan_token=planned.token)))
    assert refused.code == "plan_stale"
