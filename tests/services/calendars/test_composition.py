"""Calendars made of others: inheritance and composition, and what must not become of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from businesstime import Timeline
from calendars.contract import AmendCalendar, Calendars, CreateCalendar, ReadCalendar, ReadTimelines
from serving.context import RequestContext
from tests.services.calendars.documents import hours, refusal_of

HOUR_US = 3_600_000_000
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
WEEK = timedelta(days=7)


async def create(door: Calendars, context: RequestContext, **documents: dict[str, Any]) -> None:
    """Create Calendars, each named for its key, in order."""
    for name, document in documents.items():
        key = name.replace("_", "-")
        await door.create_calendar(context, CreateCalendar(key=key, name=key, document=document))


async def amend(
    door: Calendars, context: RequestContext, key: str, document: dict[str, Any], **more: Any
) -> None:
    """Amend the latest version."""
    latest = (await door.read_calendar(context, ReadCalendar(key=key))).version
    await door.amend_calendar(
        context, AmendCalendar(key=key, expected_version=latest, document=document, **more)
    )


async def open_hours(
    door: Calendars, context: RequestContext, key: str, start: datetime, end: datetime
) -> float:
    """Sum a Calendar's open hours in [start, end)."""
    record = await door.read_timelines(context, ReadTimelines(keys=(key,)))
    return Timeline.from_bytes(record.timelines[0].blob).elapsed(start, end) / HOUR_US


async def test_a_child_says_only_what_differs(door: Calendars, context: RequestContext) -> None:
    """Hours and zone replace the parent's, holidays add to its, special hours go by date."""
    await create(
        door,
        context,
        world=hours(
            "UTC",
            "09:00-17:00",
            holidays=[{"date": "2026-03-10", "name": "Founders' Day"}],
            special={"2026-03-11": ["09:00-10:00"], "2026-03-12": ["09:00-11:00"]},
        ),
        region={"parent": "world", "holidays": [{"date": "2026-03-13", "name": "Region's Day"}]},
        customer={
            "parent": "region",
            "special": {"2026-03-12": ["00:00-24:00"]},
            "hours": {"mon": ["10:00-12:00"]},
        },
    )
    assert await open_hours(door, context, "world", MONDAY, MONDAY + WEEK) == 8 + 0 + 1 + 2 + 8
    assert await open_hours(door, context, "region", MONDAY, MONDAY + WEEK) == 8 + 0 + 1 + 2 + 0
    assert await open_hours(door, context, "customer", MONDAY, MONDAY + WEEK) == 2 + 0 + 1 + 24


async def test_a_child_opts_out_of_single_holidays(door: Calendars, context: RequestContext) -> None:
    """Named holidays of the parent, dated or a country's, are working days of the child."""
    await create(
        door,
        context,
        world=hours(
            "Europe/London",
            "09:00-17:00",
            holidays=[
                {"country": "GB", "subdivision": "ENG"},
                {"date": "2026-12-24", "name": "Founders' Day"},
            ],
        ),
        shop={"parent": "world", "opt_out": ["Founders' Day", "Boxing Day"]},
    )
    start, end = datetime(2026, 12, 21, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)
    world, shop = [await open_hours(door, context, key, start, end) for key in ("world", "shop")]
    assert (world, shop) == (6 * 8, 8 * 8)


async def test_a_child_opts_out_of_the_only_holiday(door: Calendars, context: RequestContext) -> None:
    """Also where nothing is left of the parent's holidays."""
    holidays = [{"date": "2026-03-10", "name": "Founders' Day"}]
    await create(
        door,
        context,
        world=hours("UTC", "09:00-17:00", holidays=holidays),
        shop={"parent": "world", "opt_out": ["Founders' Day"]},
    )
    world, shop = [await open_hours(door, context, key, MONDAY, MONDAY + WEEK) for key in ("world", "shop")]
    assert (world, shop) == (4 * 8, 5 * 8)


async def test_a_child_follows_each_version_of_its_parent(door: Calendars, context: RequestContext) -> None:
    """Where the parent changes, the child changes at the same instant, without an amendment of its own."""
    await create(door, context, world=hours("UTC", "09:00-10:00"), region={"parent": "world"})
    await amend(
        door, context, "region", {"parent": "world", "holidays": [{"date": "2026-03-17", "name": "Day"}]}
    )
    await amend(door, context, "world", hours("UTC", "09:00-17:00"), effective_from=MONDAY + WEEK)
    assert await open_hours(door, context, "region", MONDAY, MONDAY + WEEK) == 5
    assert await open_hours(door, context, "region", MONDAY + WEEK, MONDAY + 2 * WEEK) == 4 * 8


async def test_a_child_that_leaves_its_parent_stays_as_it_was_until_then(
    door: Calendars, context: RequestContext
) -> None:
    """Each version of a child inherits for its own time only."""
    await create(door, context, world=hours("UTC", "09:00-10:00"), region={"parent": "world"})
    await amend(door, context, "world", hours("UTC", "09:00-11:00"), effective_from=MONDAY)
    await amend(door, context, "region", hours("UTC", "09:00-17:00"), effective_from=MONDAY + WEEK)
    await amend(door, context, "world", hours("UTC", "09:00-09:30"), effective_from=MONDAY + 2 * WEEK)
    weeks = [
        await open_hours(door, context, "region", MONDAY + n * WEEK, MONDAY + (n + 1) * WEEK)
        for n in (-1, 0, 1, 2)
    ]
    assert weeks == [5, 10, 40, 40]


async def test_follow_the_sun_is_a_union_across_zones(door: Calendars, context: RequestContext) -> None:
    """Three offices of eight hours that touch make a day without a gap."""
    await create(
        door,
        context,
        apac=hours("UTC", "00:00-08:00"),
        emea=hours("UTC", "08:00-16:00"),
        amer=hours("UTC", "16:00-24:00"),
        sun={"union": ["apac", "emea", "amer"]},
        early={"difference": ["sun", "amer", "emea"]},
        never_both={"intersection": ["sun", {"union": ["apac", "emea"]}]},
    )
    day = timedelta(days=1)
    assert await open_hours(door, context, "sun", MONDAY, MONDAY + WEEK) == 5 * 24
    assert await open_hours(door, context, "early", MONDAY, MONDAY + day) == 8
    assert await open_hours(door, context, "never-both", MONDAY, MONDAY + day) == 16


async def test_a_composition_follows_its_operands(door: Calendars, context: RequestContext) -> None:
    """An amended operand changes what is composed of it, and its Timeline's content key."""
    await create(
        door, context, a=hours("UTC", "09:00-10:00"), b=hours("UTC", "12:00-13:00"), ab={"union": ["a", "b"]}
    )
    keys = ReadTimelines(keys=("ab",))
    before = (await door.read_timelines(context, keys)).timelines[0].content_key
    await amend(door, context, "b", hours("UTC", "12:00-14:00"), effective_from=MONDAY)
    assert (await door.read_timelines(context, keys)).timelines[0].content_key != before
    assert await open_hours(door, context, "ab", MONDAY - WEEK, MONDAY + WEEK) == 5 * 2 + 5 * 3


async def test_a_cycle_over_several_calendars_is_refused(door: Calendars, context: RequestContext) -> None:
    """An amendment that would close a ring names the way around."""
    await create(door, context, a=hours("UTC", "09:00-10:00"), b={"parent": "a"}, c={"union": ["b", "a"]})
    refused = await refusal_of(
        door.amend_calendar(context, AmendCalendar(key="a", expected_version=1, document={"parent": "c"}))
    )
    assert (refused.code, refused.field) == ("reference_cycle", "document.parent")
    assert "a → c → " in refused.message


async def test_a_cycle_closed_by_two_at_once_is_refused(door: Calendars, context: RequestContext) -> None:
    """Two amendments that would each be right alone never make a ring together: one of them is refused."""
    await create(door, context, a=hours("UTC", "09:00-10:00"), b=hours("UTC", "11:00-12:00"))
    answers = await asyncio.gather(
        *(
            door.amend_calendar(
                context, AmendCalendar(key=key, expected_version=1, document={"parent": parent})
            )
            for key, parent in (("a", "b"), ("b", "a"))
        ),
        return_exceptions=True,
    )
    assert sorted(getattr(answer, "code", "saved") for answer in answers) == ["reference_cycle", "saved"]


async def test_an_amendment_that_breaks_another_calendar_is_refused(
    door: Calendars, context: RequestContext
) -> None:
    """A parent does not take hours away that a composed Calendar lives from; the message names that one."""
    await create(
        door,
        context,
        a=hours("UTC", "09:00-12:00"),
        b=hours("UTC", "11:00-14:00"),
        both={"intersection": ["a", "b"]},
        child={"parent": "a"},
    )
    refused = await refusal_of(
        door.amend_calendar(
            context, AmendCalendar(key="a", expected_version=1, document={"union": ["b", "b"]})
        )
    )
    assert (refused.code, refused.field) == ("dependant_broken", "document")
    assert "'child'" in refused.message


async def test_nothing_inherits_from_a_composition(door: Calendars, context: RequestContext) -> None:
    """A composed Calendar has no hours of its own to replace."""
    await create(
        door, context, a=hours("UTC", "09:00-12:00"), b=hours("UTC", "11:00-14:00"), ab={"union": ["a", "b"]}
    )
    refused = await refusal_of(
        door.create_calendar(context, CreateCalendar(key="child", name="Child", document={"parent": "ab"}))
    )
    assert (refused.code, refused.field) == ("parent_composed", "document.parent")


async def test_a_calendar_is_made_of_a_bounded_number_of_parts(
    door: Calendars, context: RequestContext
) -> None:
    """Doubling again and again ends with a refusal, not with the memory of the process."""
    await create(door, context, c0=hours("UTC", "09:00-12:00"))
    code = None
    for number in range(1, 12):
        below = f"c{number - 1}"
        document = {"union": [below, below]}
        try:
            await door.create_calendar(
                context, CreateCalendar(key=f"c{number}", name="Doubled", document=document)
            )
        except Exception as error:
            code = getattr(error, "code", None)
            if code is None:
                raise
            break
    assert code == "references_too_many"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"parent": "a", "hours": {"mon": ["25:00-26:00"]}}, "document.hours.mon[0]"),
        ({"parent": "a", "holidays": [{"date": "2026-13-01", "name": "No"}]}, "document.holidays[0].date"),
        ({"parent": "a", "holidays": "none"}, "document.holidays"),
        ({"parent": "a", "special": []}, "document.special"),
        ({"parent": "a", "opt_out": "Christmas"}, "document.opt_out"),
        ({"parent": 7}, "document.parent"),
        ({"parent": "a", "union": ["a", "a"]}, "document.parent"),
        ({"union": ["a", {"both": ["a", "a"]}]}, "document.union[1].both"),
        ({"union": ["a", {}]}, "document.union[1]"),
    ],
)
async def test_a_fault_in_a_composed_document_is_named_where_it_was_written(
    door: Calendars, context: RequestContext, document: dict[str, Any], field: str
) -> None:
    """Paths lead into the document that was sent, whatever it inherits."""
    await create(
        door, context, a=hours("UTC", "09:00-12:00", holidays=[{"date": "2026-01-01", "name": "New Year"}])
    )
    refused = await refusal_of(
        door.create_calendar(context, CreateCalendar(key="new", name="New", document=document))
    )
    assert (refused.kind, refused.field) == ("invalid", field)
