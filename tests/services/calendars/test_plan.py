"""Plan before apply: what an amendment would mean, bound to the facts it rests on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from businesstime import Timeline
from calendars.contract import (
    AmendCalendar,
    Calendars,
    CreateCalendar,
    ReadCalendar,
    ReadTimelines,
)
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import hours, refusal_of
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
LONGER = AmendCalendar(
    key="world", expected_version=1, document=hours("UTC", "09:00-18:00"), effective_from=MONDAY
)


@pytest.fixture
async def family(door: Calendars, context: RequestContext) -> Calendars:
    """Give a door to a parent, its child, a union over that, and one that has no part in it."""
    documents: dict[str, dict[str, Any]] = {
        "world": hours("UTC", "09:00-17:00"),
        "region": {"parent": "world"},
        "night": hours("UTC", "22:00-24:00"),
        "both": {"union": ["region", "night"]},
        "apart": hours("UTC", "01:00-02:00"),
    }
    for key, document in documents.items():
        await door.create_calendar(context, CreateCalendar(key=key, name=key, document=document))
    return door


async def test_a_plan_writes_nothing_and_says_everything(family: Calendars, context: RequestContext) -> None:
    """The difference, who is affected, and their Timelines, which are those that come to be."""
    plan = await family.plan_amendment(context, LONGER)
    assert (plan.key, plan.version, plan.effective_from) == ("world", 2, MONDAY)
    assert plan.affected == ("world", "both", "region")
    assert plan.difference.days[0].date == date(2026, 3, 9)
    assert (plan.difference.days[0].before, plan.difference.days[0].after) == (
        ("09:00-17:00",),
        ("09:00-18:00",),
    )
    assert plan.difference.gained_us == len(plan.difference.days) * HOUR_US
    assert (await family.read_calendar(context, ReadCalendar(key="world"))).version == 1

    await family.amend_calendar(context, LONGER)
    after = await family.read_timelines(context, ReadTimelines(keys=plan.affected))
    assert [(line.key, line.version, line.content_key) for line in plan.timelines] == [
        (line.key, line.version, line.content_key) for line in after.timelines
    ]
    line = Timeline.from_bytes(plan.timelines[1].blob)
    assert line.elapsed(MONDAY, MONDAY + WEEK) == 5 * (9 + 2) * HOUR_US


async def test_a_plan_is_applied_by_its_token(
    family: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """While the facts stand, however late, the same request with the token is applied."""
    plan = await family.plan_amendment(context, LONGER)
    clock.move(timedelta(hours=1))
    amended = await family.amend_calendar(context, with_token(LONGER, plan.token))
    assert amended.version == 2


async def test_an_amendment_begins_when_its_plan_said(
    family: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """An instant that was left out is the plan's, however much later it is applied; it is recorded then."""
    request = AmendCalendar(key="world", expected_version=1, document=hours("UTC", "09:00-18:00"))
    plan = await family.plan_amendment(context, request)
    clock.move(timedelta(hours=7))
    amended = await family.amend_calendar(context, with_token(request, plan.token))
    latest = amended.versions[-1]
    assert (latest.effective_from, latest.created_at) == (plan.effective_from, clock.at)
    after = await family.read_timelines(context, ReadTimelines(keys=plan.affected))
    assert [line.content_key for line in after.timelines] == [line.content_key for line in plan.timelines]


async def test_a_plan_holds_for_a_day(
    family: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """After that it is stale, and so is a token that names another instant than its own."""
    request = AmendCalendar(key="world", expected_version=1, document=hours("UTC", "09:00-18:00"))
    plan = await family.plan_amendment(context, request)
    instant, _, digest = plan.token.partition("-")
    earlier = f"{int(instant, 16) - 1:x}-{digest}"
    assert (
        await refusal_of(family.amend_calendar(context, with_token(request, earlier)))
    ).code == "plan_stale"
    clock.move(timedelta(hours=25))
    refused = await refusal_of(family.amend_calendar(context, with_token(request, plan.token)))
    assert (refused.code, refused.field) == ("plan_stale", "plan_token")


@pytest.mark.parametrize("token", ["", "abc", "-1-" + "0" * 64, "f" * 99 + "-" + "0" * 64, "0x1-" + "0" * 64])
async def test_what_is_none_of_a_plan_is_told_apart_from_one_that_is_old(
    family: Calendars, context: RequestContext, token: str
) -> None:
    """The message says so, and no number is read out of it."""
    request = AmendCalendar(key="world", expected_version=1, document=hours("UTC", "09:00-18:00"))
    refused = await refusal_of(family.amend_calendar(context, with_token(request, token)))
    assert (refused.code, refused.message) == ("plan_stale", "plan_token: is none of a plan: plan anew")


def with_token(request: AmendCalendar, token: str, **changes: Any) -> AmendCalendar:
    """Write the request again with a plan's token."""
    fields = {name: getattr(request, name) for name in request.__struct_fields__}
    return AmendCalendar(**(fields | {"plan_token": token} | changes))


@pytest.mark.parametrize("amended", ["region", "night"])
async def test_a_plan_is_stale_when_a_calendar_that_it_rests_on_was_amended(
    family: Calendars, context: RequestContext, amended: str
) -> None:
    """A child, or what another affected one is made of, has changed: nothing is applied."""
    plan = await family.plan_amendment(context, LONGER)
    await family.amend_calendar(
        context, AmendCalendar(key=amended, expected_version=1, document=hours("UTC", "03:00-04:00"))
    )
    refused = await refusal_of(family.amend_calendar(context, with_token(LONGER, plan.token)))
    assert (refused.kind, refused.code, refused.field) == ("conflict", "plan_stale", "plan_token")
    assert (await family.read_calendar(context, ReadCalendar(key="world"))).version == 1


async def test_a_plan_is_not_stale_when_something_else_was_amended(
    family: Calendars, context: RequestContext
) -> None:
    """A Calendar that has no part in it does not matter."""
    plan = await family.plan_amendment(context, LONGER)
    await family.amend_calendar(
        context, AmendCalendar(key="apart", expected_version=1, document=hours("UTC", "03:00-04:00"))
    )
    assert (await family.amend_calendar(context, with_token(LONGER, plan.token))).version == 2


async def test_a_token_is_for_one_request(family: Calendars, context: RequestContext) -> None:
    """Another document under the same token is refused, and so is a token of nobody's."""
    plan = await family.plan_amendment(context, LONGER)
    other = with_token(LONGER, plan.token, document=hours("UTC", "09:00-19:00"))
    assert (await refusal_of(family.amend_calendar(context, other))).code == "plan_stale"
    made_up = with_token(LONGER, "made up")
    assert (await refusal_of(family.amend_calendar(context, made_up))).code == "plan_stale"


async def test_a_plan_is_refused_for_what_the_amendment_would_be(
    family: Calendars, context: RequestContext
) -> None:
    """An old version, a bad document, a missing scope: the plan says so already."""
    stale = AmendCalendar(key="world", expected_version=7, document=hours("UTC", "09:00-18:00"))
    assert (await refusal_of(family.plan_amendment(context, stale))).code == "version_conflict"
    circular = AmendCalendar(key="world", expected_version=1, document={"parent": "both"})
    assert (await refusal_of(family.plan_amendment(context, circular))).code == "reference_cycle"
    reader = acting_for(context.tenant_id, scopes=frozenset({"read"}))
    assert (await refusal_of(family.plan_amendment(reader, LONGER))).code == "scope_missing"


async def test_revisions_order_the_timelines_of_a_child(family: Calendars, context: RequestContext) -> None:
    """Where only the parent is amended, the child's Timeline has the same version and a higher revision."""
    before = (await family.read_timelines(context, ReadTimelines(keys=("region",)))).timelines[0]
    await family.amend_calendar(context, LONGER)
    after = (await family.read_timelines(context, ReadTimelines(keys=("region",)))).timelines[0]
    assert before.version == after.version == 1
    assert before.content_key != after.content_key
    assert before.revision < after.revision
