"""History, comparison, revert and audit of versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from calendars.contract import (
    AmendCalendar,
    AmendmentRecord,
    Calendars,
    CompareVersions,
    CreateCalendar,
    DayDifference,
    ListAmendments,
    ReadCalendar,
    RevertCalendar,
)
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import hours, refusal_of
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
NINE_TO_FIVE = hours("UTC", "09:00-17:00")


async def create(
    door: Calendars, context: RequestContext, document: dict[str, Any], key: str = "office"
) -> None:
    """Create a Calendar."""
    await door.create_calendar(context, CreateCalendar(key=key, name="Office", document=document))


async def amend(
    door: Calendars, context: RequestContext, document: dict[str, Any], *, version: int, **more: Any
) -> None:
    """Amend the Calendar."""
    await door.amend_calendar(
        context, AmendCalendar(key="office", expected_version=version, document=document, **more)
    )


async def test_the_history_says_when_each_version_holds(door: Calendars, context: RequestContext) -> None:
    """Versions that hold say until when; those wholly replaced say that they do not."""
    await create(door, context, NINE_TO_FIVE)
    await amend(door, context, hours("UTC", "08:00-17:00"), version=1, effective_from=MONDAY + 4 * WEEK)
    await amend(door, context, hours("UTC", "07:00-17:00"), version=2, effective_from=MONDAY)
    await amend(door, context, hours("UTC", "06:00-17:00"), version=3, effective_from=MONDAY + WEEK)
    record = await door.read_calendar(context, ReadCalendar(key="office"))
    assert [(each.version, each.holds, each.holds_until) for each in record.versions] == [
        (1, True, MONDAY),
        (2, False, None),
        (3, True, MONDAY + WEEK),
        (4, True, None),
    ]


async def test_two_versions_compared_in_days_and_hours(door: Calendars, context: RequestContext) -> None:
    """Each date that differs is listed with its hours before and after; others are not."""
    await create(door, context, hours("UTC", "09:00-12:00", "13:00-17:00"))
    later = hours(
        "UTC",
        "09:00-17:00",
        holidays=[{"date": "2026-03-11", "name": "Founders' Day"}],
        special={"2026-03-12": ["22:00-02:00"], "2026-03-13": ["09:00-12:00", "13:00-17:00"]},
    )
    await amend(door, context, later, version=1, effective_from=MONDAY)
    compared = await door.compare_versions(
        context,
        CompareVersions(key="office", from_version=1, to_version=2, start=MONDAY - WEEK, end=MONDAY + WEEK),
    )
    assert (compared.zone, compared.start, compared.end) == ("UTC", MONDAY - WEEK, MONDAY + WEEK)
    assert (compared.before_us / HOUR_US, compared.after_us / HOUR_US) == (70, 35 + 8 + 8 + 4 + 7)
    assert (compared.gained_us / HOUR_US, compared.lost_us / HOUR_US) == (1 + 1 + 4, 7 + 7)
    morning_and_afternoon = ("09:00-12:00", "13:00-17:00")
    assert compared.days == (
        day(9, 7, 8, morning_and_afternoon, ("09:00-17:00",)),
        day(10, 7, 8, morning_and_afternoon, ("09:00-17:00",)),
        day(11, 7, 0, morning_and_afternoon, ()),
        day(12, 7, 2, morning_and_afternoon, ("22:00-24:00",)),
        day(13, 7, 9, morning_and_afternoon, ("00:00-02:00", *morning_and_afternoon)),
    )


def day(
    number: int, before_h: int, after_h: int, before: tuple[str, ...], after: tuple[str, ...]
) -> DayDifference:
    """Write one line of a comparison."""
    return DayDifference(
        date=date(2026, 3, number),
        before_us=before_h * HOUR_US,
        after_us=after_h * HOUR_US,
        before=before,
        after=after,
    )


async def test_a_comparison_counts_dates_of_the_calendars_zone(
    door: Calendars, context: RequestContext
) -> None:
    """A morning in Auckland belongs to Auckland's date, and is written in its wall time."""
    await create(door, context, hours("Pacific/Auckland", "08:00-12:00", days="mon"))
    await amend(
        door, context, hours("Pacific/Auckland", "08:00-12:30", days="mon"), version=1, effective_from=MONDAY
    )
    compared = await door.compare_versions(
        context, CompareVersions(key="office", from_version=1, to_version=2, end=MONDAY + 2 * WEEK)
    )
    assert compared.start == MONDAY
    assert [(each.date, each.before, each.after) for each in compared.days] == [
        (date(2026, 3, 16), ("08:00-12:00",), ("08:00-12:30",)),
        (date(2026, 3, 23), ("08:00-12:00",), ("08:00-12:30",)),
    ]


async def test_a_version_compared_with_itself_has_no_difference(
    door: Calendars, context: RequestContext
) -> None:
    """And without a window it is a year from now."""
    await create(door, context, NINE_TO_FIVE)
    compared = await door.compare_versions(
        context, CompareVersions(key="office", from_version=1, to_version=1)
    )
    assert compared.days == ()
    assert compared.before_us == compared.after_us > 2_000 * HOUR_US
    assert compared.end - compared.start == timedelta(days=366)


async def test_a_version_that_begins_in_the_last_month_is_compared(
    door: Calendars, context: RequestContext
) -> None:
    """An end that was not given is a year later, past what can be asked for; none is refused for it."""
    await create(door, context, NINE_TO_FIVE)
    start = datetime(2099, 12, 1, tzinfo=UTC)
    await amend(door, context, hours("UTC", "09:00-18:00"), version=1, effective_from=start)
    compared = await door.compare_versions(
        context, CompareVersions(key="office", from_version=1, to_version=2)
    )
    assert (compared.start, compared.end) == (start, datetime(2100, 12, 2, tzinfo=UTC))
    assert compared.days[0].date == date(2099, 12, 1)


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"to_version": 2}, "version_unknown", "to_version"),
        ({"from_version": 0}, "version_unknown", "from_version"),
        ({"key": "nobody"}, "calendar_unknown", "key"),
        ({"start": MONDAY, "end": MONDAY}, "window_invalid", "end"),
        ({"start": MONDAY, "end": MONDAY + timedelta(days=1_101)}, "window_invalid", "end"),
        ({"start": datetime.max.replace(tzinfo=UTC)}, "instant_out_of_bounds", "start"),
        ({"start": datetime(2026, 3, 9)}, "instant_naive", "start"),  # noqa: DTZ001 - the point
    ],
)
async def test_a_bad_comparison_is_refused(
    door: Calendars, context: RequestContext, asked: dict[str, Any], code: str, field: str
) -> None:
    """Unknown versions and windows that are none are refused with their field."""
    await create(door, context, NINE_TO_FIVE)
    wanted: dict[str, Any] = {"key": "office", "from_version": 1, "to_version": 1} | asked
    request = CompareVersions(**wanted)
    refused = await refusal_of(door.compare_versions(context, request))
    assert (refused.code, refused.field) == (code, field)


async def test_a_revert_is_a_new_version(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """What version 1 said holds again from now on, as version 3; nothing is taken back."""
    await create(door, context, NINE_TO_FIVE)
    await amend(door, context, hours("UTC", "08:00-20:00"), version=1)
    now = clock.move(timedelta(days=1))
    reverted = await door.revert_calendar(
        context, RevertCalendar(key="office", to_version=1, expected_version=2)
    )
    assert [version.document for version in reverted.versions] == [
        NINE_TO_FIVE,
        hours("UTC", "08:00-20:00"),
        NINE_TO_FIVE,
    ]
    latest = reverted.versions[-1]
    assert (latest.effective_from, latest.mode, latest.reason) == (now, "FORWARD", "Revert to version 1")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"to_version": 3}, "version_unknown"),
        ({"expected_version": 1}, "version_conflict"),
        ({"mode": "RESTATE", "effective_from": datetime(2026, 3, 1, tzinfo=UTC)}, "reason_missing"),
    ],
)
async def test_a_revert_is_held_to_the_rules_of_amending(
    door: Calendars, context: RequestContext, asked: dict[str, Any], code: str
) -> None:
    """It names the version it was written against, and a RESTATE says why."""
    await create(door, context, NINE_TO_FIVE)
    await amend(door, context, hours("UTC", "08:00-20:00"), version=1)
    wanted: dict[str, Any] = {"key": "office", "to_version": 1, "expected_version": 2} | asked
    request = RevertCalendar(**wanted)
    assert (await refusal_of(door.revert_calendar(context, request))).code == code


async def test_a_revert_honours_its_idempotency_key(door: Calendars, context: RequestContext) -> None:
    """Sent twice, it reverts once."""
    await create(door, context, NINE_TO_FIVE)
    await amend(door, context, hours("UTC", "08:00-20:00"), version=1)
    keyed = acting_for(context.tenant_id, idempotency_key="once")
    request = RevertCalendar(key="office", to_version=1, expected_version=2)
    assert await door.revert_calendar(keyed, request) == await door.revert_calendar(keyed, request)
    assert (await door.read_calendar(context, ReadCalendar(key="office"))).version == 3


async def test_the_audit_lists_who_when_what_and_why(
    door: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """Newest first, page by page without gap, over all Calendars or one."""
    await create(door, context, NINE_TO_FIVE)
    await create(door, context, NINE_TO_FIVE, key="shop")
    clock.move(timedelta(hours=1))
    await amend(
        door,
        context,
        NINE_TO_FIVE,
        version=1,
        mode="RESTATE",
        reason="Why not",
        effective_from=MONDAY - 8 * WEEK,
    )
    lines: list[AmendmentRecord] = []
    after: str | None = None
    has_next = True
    while has_next:
        page = await door.list_amendments(context, ListAmendments(first=1, after=after))
        lines += page.amendments
        after, has_next = page.amendments[-1].cursor, page.has_next
    assert [(each.key, each.version, each.mode, each.reason) for each in lines] == [
        ("office", 2, "RESTATE", "Why not"),
        ("shop", 1, "FORWARD", None),
        ("office", 1, "FORWARD", None),
    ]
    assert lines[0].created_at == clock.at
    assert {each.created_by for each in lines} == {"user:ada"}
    assert lines[0].effective_from == MONDAY - 8 * WEEK
    of_one = await door.list_amendments(context, ListAmendments(key="office"))
    assert [each.version for each in of_one.amendments] == [2, 1]


@pytest.mark.parametrize("cursor", ["", "x", "bm90IGpzb24=", "é", "WzFd"])
async def test_a_cursor_of_no_page_is_refused(door: Calendars, context: RequestContext, cursor: str) -> None:
    """Only what a page has given is a cursor."""
    refused = await refusal_of(door.list_amendments(context, ListAmendments(after=cursor)))
    assert (refused.code, refused.field) == ("cursor_invalid", "after")
