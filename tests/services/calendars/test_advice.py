"""Advice: what is saved, and leaves nothing out where something was to be left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from calendars.contract import (
    AcceptIcsEdition,
    AmendCalendar,
    ApplyCalendars,
    CalendarFile,
    Calendars,
    CreateCalendar,
    FileAmendment,
    IcsSourceFile,
    OfferIcsContent,
    RevertCalendar,
)
from serving.context import RequestContext
from tests.services.calendars.documents import hours
from tests.services.calendars.test_plan import MONDAY

ENGLAND = {"country": "GB", "subdivision": "ENG"}
FIRST, FIELD = "document.holidays[0].except[0]", "document.holidays[0].except[1]"
CHRISTMAS = (
    f"{FIELD}: leaves nothing out: GB-ENG has no holiday 'Chrismas Day' from 2025 to 2037;"
    " is 'Christmas Day' meant?"
)


def opting_out(*names: str, **more: Any) -> dict[str, Any]:
    """Write a document that leaves out some of England's holidays."""
    return hours("Europe/London", "09:00-17:00", holidays=[ENGLAND | {"except": list(names)}], **more)


def ics(*names: str) -> str:
    """Write an iCalendar file with a holiday of each name, a day apart."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{day}\r\nDTSTART;VALUE=DATE:202605{day:02d}\r\nSUMMARY:{name}\r\nEND:VEVENT\r\n"
        for day, name in enumerate(names, start=4)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{events}END:VCALENDAR\r\n"


async def test_a_misspelt_opt_out_is_told_wherever_it_is_saved_or_planned(
    door: Calendars, context: RequestContext
) -> None:
    """Creating, planning, amending and reverting say where it is, and what was meant; of others nothing."""
    wrong = opting_out("Boxing Day", "Chrismas Day")
    created = await door.create_calendar(context, CreateCalendar(key="a", name="A", document=wrong))
    amending = AmendCalendar(key="a", expected_version=1, document=wrong, name="B")
    planned = await door.plan_amendment(context, amending)
    amended = await door.amend_calendar(context, amending)
    right = AmendCalendar(key="a", expected_version=2, document=opting_out("boxing day", "christmas DAY"))
    assert (await door.amend_calendar(context, right)).advice == ()
    reverted = await door.revert_calendar(context, RevertCalendar(key="a", to_version=1, expected_version=3))
    for answer in (created, planned, amended, reverted):
        assert [(each.code, each.field, each.message) for each in answer.advice] == [
            ("opt_out_unmatched", FIELD, CHRISTMAS)
        ]


async def test_files_are_advised_by_their_places_even_where_nothing_changes(
    door: Calendars, context: RequestContext
) -> None:
    """A plan, applying, and applying again say the same; an amendment to come is named as such."""
    later = FileAmendment(effective_from=MONDAY, document=opting_out("Bank Holiday"))
    file = CalendarFile(
        key="a", name="A", document=opting_out("Boxing Day", "Chrismas Day"), amendments=(later,)
    )
    request = ApplyCalendars(calendars=(file,))
    planned = await door.apply_calendars(context, replace(request, plan=True))
    applied = await door.apply_calendars(context, request)
    again = await door.apply_calendars(context, request)
    assert [each.calendars[0].action for each in (planned, applied, again)] == ["create", "create", "none"]
    for done in (planned, applied, again):
        assert [each.field for each in done.calendars[0].advice] == [
            FIELD,
            "amendments[0].document.holidays[0].except[0]",
        ]


async def test_a_child_that_opts_out_of_nothing_it_inherits_is_told(
    door: Calendars, context: RequestContext
) -> None:
    """Dated, ruled and a country's holidays count, also those of a grandparent; case makes no difference."""
    fair = {"date": "2026-05-04", "name": "Fair"}
    documents = {
        "world": hours("Europe/London", "09:00-17:00", holidays=[fair, ENGLAND]),
        "region": {"parent": "world"},
        "shop": {"parent": "region", "opt_out": ["FAIR", "boxing day", "Fayr", "Tag der Arbeit"]},
    }
    _, _, shop = [
        await door.create_calendar(context, CreateCalendar(key=key, name=key, document=document))
        for key, document in documents.items()
    ]
    assert [(each.field, each.message.partition("; ")[2]) for each in shop.advice] == [
        ("document.opt_out[2]", "is 'Fair' meant?"),
        ("document.opt_out[3]", ""),
    ]


async def test_a_holiday_that_goes_from_an_ics_source_breaks_nothing_and_is_told(
    door: Calendars, context: RequestContext
) -> None:
    """The calendar that opted out of it is amended all the same, with advice."""
    file = CalendarFile(
        key="a",
        name="A",
        document=hours("UTC", "09:00-17:00", holidays=[{"ics": "town", "except": ["Fair"]}]),
    )
    source = IcsSourceFile(key="town", name="Town", content=ics("Fair", "Parade"))
    applied = await door.apply_calendars(context, ApplyCalendars(calendars=(file,), sources=(source,)))
    assert applied.calendars[0].advice == ()
    offered = await door.offer_ics_content(
        context, OfferIcsContent(key="town", content=ics("Parade", "Fairs"))
    )
    assert offered.pending is not None
    accepted = await door.accept_ics_edition(
        context, AcceptIcsEdition(key="town", edition=offered.pending.edition)
    )
    (calendar,) = accepted.calendars
    assert [each.message for each in calendar.advice] == [
        f"{FIRST}: leaves nothing out: ICS source town has no holiday 'Fair'; is 'Fairs' meant?"
    ]


@pytest.mark.parametrize("count", [20, 300])
async def test_advice_is_bounded(door: Calendars, context: RequestContext, count: int) -> None:
    """However many names mean nothing, twenty are told."""
    document = opting_out(*(f"Day {number}" for number in range(count)))
    saved = await door.create_calendar(context, CreateCalendar(key="a", name="A", document=document))
    assert len(saved.advice) == 20
